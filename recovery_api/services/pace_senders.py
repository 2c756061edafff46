"""How each of our numbers fares at the carrier: its bucket of segments and its circuit, shared by every sender process.

Times here are real times. Whoever calls this holds the message already: messages are locked before numbers.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, null, select, update
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, open_transaction
from recovery_api.domain.pacing import Bucket, Circuit, Lane, Pace, failed, full_again, probed, take
from recovery_api.logs import log, warn
from recovery_api.models import tables
from recovery_api.prepared import Prepared

FULL = 1e6  # more than any burst: a bucket holds no more than its burst when it is next looked at


def why_wait(scope: ClinicScope, number: str, segments: int, lane: Lane, pace: Pace) -> datetime | None:
    """Take `segments` out of the number's bucket; where a text has to wait instead, until when."""
    now = real_now()
    row = _locked(scope, number, now)
    circuit = probed(_circuit(row), lane, now)
    if circuit is None:
        probe_at: datetime | None = row.alert_probe_at if lane == "alert" else row.bulk_probe_at
        return probe_at
    held = Bucket(row.tokens, row.filled_at)
    left = take(held, segments, pace, lane, now)
    if left is None:
        ready = full_again(held, segments, pace)
        _write(scope, number, bulk_after=ready)
        return ready
    _write(
        scope, number,
        tokens=left.tokens,
        filled_at=left.filled_at,
        bulk_after=full_again(left, 1, pace) if left.tokens < 1 else None,
        alert_probe_at=circuit.alert_probe_at,
        bulk_probe_at=circuit.bulk_probe_at,
    )  # fmt: skip
    return None


def count_failure(scope: ClinicScope, number: str, *, for_good: bool = False, code: int | None = None) -> None:
    """The carrier could not be handed a text from this number; `for_good` where it refuses the number itself."""
    now = real_now()
    row = _locked(scope, number, now)
    before = _circuit(row)
    after = failed(before, now, for_good=for_good)
    _write(
        scope, number,
        failures=after.failures,
        opened_at=after.opened_at,
        alert_probe_at=after.alert_probe_at,
        bulk_probe_at=after.bulk_probe_at,
        last_code=code,
    )  # fmt: skip
    if before.opened_at is None and after.opened_at is not None:
        warn("circuit.opened", clinic_id=str(scope.clinic_id), count=after.failures, code=code)


def count_success(scope: ClinicScope, number: str) -> None:
    """The carrier took a text from this number, or refused it for the text's own sake: it can be reached."""
    if _CLOSE.first(scope.connection, {"which": number}) is not None:
        log("circuit.closed", clinic_id=str(scope.clinic_id))


def count_filtered(scope: ClinicScope, number: str) -> None:
    """The carrier filtered a text of ours: for the operator, whose words or registration it dislikes."""
    _write(scope, number, filtered=_locked(scope, number, real_now()).filtered + 1)


def list_senders() -> list[AnyRow]:
    """How every number fares, for the operator."""
    with open_transaction() as connection:
        return list(connection.execute(select(tables.sender_state).order_by(tables.sender_state.c.number)))


def circuit_of(row: AnyRow, now: datetime) -> str:
    """`closed`, `open` or `half_open`, as one row of `list_senders` stands at `now`, in real time."""
    return _circuit(row).state(now)


def note_of_sender(scope: ClinicScope, number: str, **values: Any) -> None:
    """Write what was reconciled of a number beside it."""
    _locked(scope, number, real_now())
    _write(scope, number, **values)


def sender_note(scope: ClinicScope, number: str) -> AnyRow | None:
    """What stands beside a number, without a lock; None for one that did nothing yet."""
    state = tables.sender_state
    return scope.connection.execute(select(state).where(state.c.number == number)).one_or_none()


def _circuit(row: AnyRow) -> Circuit:
    return Circuit(row.failures, row.opened_at, row.alert_probe_at, row.bulk_probe_at)


def _locked(scope: ClinicScope, number: str, now: datetime) -> AnyRow:
    """The number's row, made where it is new, and locked until the end of the transaction."""
    new = {
        "number": number, "clinic_id": scope.clinic_id, "tokens": FULL, "filled_at": now,
        "failures": 0, "filtered": 0, "only_here": 0, "only_there": 0, "differing": 0,
    }  # fmt: skip
    row: AnyRow = _LOCK.first(scope.connection, new)
    return row


def _write(scope: ClinicScope, number: str, **values: Any) -> None:
    _change(frozenset(values)).run(scope.connection, {**values, "which": number})


_STATE = tables.sender_state
_NEW = insert(_STATE)
_LOCK = Prepared(
    _NEW.on_conflict_do_update(index_elements=["number"], set_={"number": _NEW.excluded.number}).returning(_STATE),
    ["number", "clinic_id", "tokens", "filled_at", "failures", "filtered", "only_here", "only_there", "differing"],
)
_CLOSE = Prepared(
    update(_STATE)
    .where(_STATE.c.number == bindparam("which"), _STATE.c.failures > 0)
    .values(failures=0, opened_at=null(), alert_probe_at=null(), bulk_probe_at=null(), last_code=null())
    .returning(_STATE.c.number)
)


@cache
def _change(names: frozenset[str]) -> Prepared:
    """The statement that writes these columns of one number."""
    return Prepared(update(_STATE).where(_STATE.c.number == bindparam("which")), sorted(names))
