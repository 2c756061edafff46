"""The code of a page: four digits that name a flag and never a patient, and the reply that takes it."""

import hashlib
import re
from uuid import UUID

_REPLY = re.compile(r"\s*(?:a|ack|ok|take|flag|tomo)?[\s:#.-]*([0-9]{4})[\s.!]*", re.IGNORECASE | re.ASCII)


def page_code(flag_id: UUID, climb: int = 1) -> str:
    """The code of one climb: a flag that calls anew has another, so that a late reply takes nothing unseen."""
    digest = hashlib.sha256(flag_id.bytes + climb.to_bytes(4, "big")).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10_000:04}"


def read_page_code(body: str) -> str | None:
    """The code in a reply such as "4821", "A 4821" or "ok 4821"; None where the text is anything else."""
    found = _REPLY.fullmatch(body)
    return found[1] if found else None
