"""File a text of ours that a phone sends back: kept, shown to a person once, read as nothing and answered by nobody."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from recovery_api.db import ClinicScope
from recovery_api.domain.echoes import ECHO, KNOWN_FOR, is_echo, may_be_echo
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent
from recovery_api.prepared import Prepared

_MOST_COMPARED = 50
_m, _before = tables.message.c, tables.message.alias("before")
_SENT_LATELY = Prepared(
    select(
        _m.id,
        _m.body_sealed,
        select(_before.c.id)
        .where(
            _before.c.clinic_id == bindparam("clinic"),
            _before.c.phone_digest == bindparam("digest"),
            _before.c.created_at > bindparam("since"),
            _before.c.direction == "in",
            _before.c.because == ECHO,
        )
        .exists()
        .label("is_known"),
    )
    .where(
        _m.clinic_id == bindparam("clinic"),
        _m.phone_digest == bindparam("digest"),
        _m.created_at > bindparam("planned_since"),
        _m.due_at > bindparam("since"),
        _m.direction == "out",
    )
    .order_by(_m.created_at.desc())
    .limit(_MOST_COMPARED)
)


def file_echo(scope: ClinicScope, message_id: UUID, phone: str, body: str, at: datetime, must_see: bool) -> bool:
    """Whether a stored text that came `at` is one that we sent to `phone` within the day; it is then done with.

    A person sees the first of a day, and each where `must_see`. It is given to no patient: nobody has written. Only a
    long text is looked up.
    """
    if not may_be_echo(body):
        return False
    since = at - KNOWN_FOR
    asked = {
        "clinic": scope.clinic_id, "digest": scope.phone_digest(phone), "since": since,
        "planned_since": since - KNOWN_FOR,
    }  # fmt: skip
    rows = _SENT_LATELY.rows(scope.connection, asked)
    if not is_echo(as_sent(body), [as_sent(scope.vault.open("message.body", row.id, row.body_sealed)) for row in rows]):
        return False
    needs_person = must_see or not rows[0].is_known
    made = {"disposition": "left_unanswered", "because": ECHO, "needs_person": needs_person}
    scope.change_late(tables.message, message_id, **made)
    return True
