"""What schemathesis cannot know by itself: formats of ours, keys that are used once, cursors nobody can make up."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

SPARE_TOKENS = Path(os.environ["ATTACK_SPARE_TOKENS"])  # one line a token, for the operation that ends one
OWN = {f"Bearer {token}" for token in os.environ["ATTACK_OWN_TOKENS"].split()}
_KEY = re.compile(r"[!-~]{1,255}")
_CURSORS = {"syncMe": ("since",)}

schemathesis.openapi.format("date", st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(str))
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)).map(datetime.isoformat),  # noqa: DTZ001
)
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["America/New_York", "Pacific/Apia", "Asia/Kathmandu"]))
schemathesis.openapi.format("phone", st.integers(100, 199).map(lambda line: f"+12125550{line}"))


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: object) -> None:
    """Make what is valid by its shape fit to be sent; what was made to be refused stays as it is."""
    name = case.operation.definition.raw["operationId"]
    if name == "endToken" and (case.headers or {}).get("Authorization") in OWN:  # a made-up one stays
        case.headers["Authorization"] = f"Bearer {_spare_token()}"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if _KEY.fullmatch((case.headers or {}).get("Idempotency-Key", "")):
        case.headers["Idempotency-Key"] = uuid4().hex
    for cursor in ("cursor", *_CURSORS.get(name, ())):
        (case.query or {}).pop(cursor, None)


def _spare_token() -> str:
    first, _, rest = SPARE_TOKENS.read_text().partition("\n")
    SPARE_TOKENS.write_text(rest)
    return first
