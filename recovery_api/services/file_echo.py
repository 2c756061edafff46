"""File a text of ours that a phone sends back: kept, shown to a person once, read as nothing and answered by nobody."""

from datetime import datetime

from sqlalchemy import bindparam, select

from recovery_api.domain.echoes import ECHO, KNOWN_FOR, is_echo, is_short, may_be_echo
from recovery_api.models import tables
from recovery_api.packs.texts import as_sent
from recovery_api.prepared import Prepared
from recovery_api.services.find_contacts import Sender
from recovery_api.services.turn import Arrival

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


def file_echo(sender: Sender, arrival: Arrival, at: datetime, must_see: bool) -> bool:
    """Whether a stored text that came `at` is one that we sent to its phone within the day; it is then done with.

    A person sees the first of a day, each where `must_see`, and each of a clinician's short words, which a patient
    might have written. It is given to no patient: nobody has written. Looked up are long texts, those that quote, and
    any sentence where a clinician wrote to the phone within the day.
    """
    scope, body = sender.scope, arrival.body
    written = [contact.written_to_at for contact in sender.contacts if contact.written_to_at is not None]
    if not may_be_echo(body, any(at - one < KNOWN_FOR for one in written)):
        return False
    since = at - KNOWN_FOR
    asked = {
        "clinic": scope.clinic_id, "digest": scope.phone_digest(arrival.phone), "since": since,
        "planned_since": since - KNOWN_FOR,
    }  # fmt: skip
    rows = _SENT_LATELY.rows(scope.connection, asked)
    if not is_echo(as_sent(body), [as_sent(scope.vault.open("message.body", row.id, row.body_sealed)) for row in rows]):
        return False
    needs_person = must_see or is_short(body) or not rows[0].is_known
    made = {"disposition": "left_unanswered", "because": ECHO, "needs_person": needs_person}
    scope.change_late(tables.message, arrival.message_id, **made)
    return True
