"""Follow a text to its end: the carrier's callbacks by rank, and what a failure teaches about a phone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from recovery_api.db import AnyRow, ClinicScope, Vaults, ask_to_enter_clinic, entered_as, open_transaction
from recovery_api.domain.delivery import FailureKind, advance, contradicted, kind_of
from recovery_api.domain.escalation import assess_event
from recovery_api.domain.readings import Finding, Grounds
from recovery_api.domain.tiers import Tier
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.packs.carrier_codes import carrier_codes
from recovery_api.prepared import Prepared, together
from recovery_api.services.call_with_news import call_if_news
from recovery_api.services.change_consent import Evidence, stop_phone
from recovery_api.services.claim_work import finish
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.flag_phone import IN_USE, flag_phone, people_on
from recovery_api.services.pace_senders import count_failure, count_filtered

_OUR_OWN = ("planned", "sending", "unknown", "throttled", "suppressed", "expired", "rejected")
_STORED_AS = {"sending": "queued", "scheduled": "accepted", "partially_delivered": "sent"}
ARRIVED, FAILED = ("delivered", "read"), ("undelivered", "failed")
_NOT_ARRIVED = (*FAILED, "rejected")
# A landline, a phone that no text reaches, and a number that is not a mobile: each may still be called.
TAKES_CALLS = (30005, 30006, 21614)
OPTED_OUT_THERE = "Opted out at the carrier: texts no longer reach this phone"
CALL_INSTEAD = "Texts cannot reach this phone: landline or unreachable number"


def follow_delivery(
    clinic_id: UUID, message_id: UUID, sid: str, status: str, code: int | None, vaults: Vaults, now: datetime
) -> bool:
    """Apply one status callback; False where the message is not ours. Order and repeats make no difference."""
    kind = kind_of(code, carrier_codes()) if status in FAILED else ""
    with open_transaction() as connection:
        scope, row = _find(connection, clinic_id, message_id, vaults, with_phone=bool(kind))
        if row is None or (row.sid is not None and row.sid != sid):
            return False
        step = advance("" if row.state in _OUR_OWN else row.state, _STORED_AS.get(status, status))
        changes = _own_id(scope, row, sid)
        if step.changed:
            changes |= {"state": step.status, "error_code": code, "settled_at": now}
        if step.conflict:
            changes["conflict"] = contradicted(row.conflict, row.state, status)
        if changes:
            scope.change_late(tables.message, message_id, **changes)
        if step.changed and row.state in _OUR_OWN:  # what the carrier has is in no queue of ours
            finish(scope.connection, f"send_{row.lane}", clinic_id, message_id)
        if step.changed and kind:
            scope.flush()
            learn_from_failure(scope, row, kind, code, now)
            call_if_news(scope, row, now)
        return True


def _find(
    connection: Connection, clinic_id: UUID, message_id: UUID, vaults: Vaults, *, with_phone: bool
) -> tuple[ClinicScope, AnyRow | None]:
    """The clinic that is entered and its text, locked after its phone where that is wanted, in one round trip."""
    with together(connection):
        clinic = ask_to_enter_clinic(connection, clinic_id)
        if with_phone:
            _LOCK_PHONE.run(connection, {"clinic": clinic_id, "message": message_id})
        ours = _OURS.ask(connection, {"clinic": clinic_id, "id": message_id})
    return entered_as(connection, clinic, vaults), ours.first()


_m = tables.message
_OURS = Prepared(
    select(_m)
    .where(_m.c.clinic_id == bindparam("clinic"), _m.c.id == bindparam("id"), _m.c.direction == "out")
    .with_for_update()
)
_p = tables.contact_point
_LOCK_PHONE = Prepared(
    select(_p.c.id)
    .where(
        _p.c.clinic_id == bindparam("clinic"),
        _p.c.phone_digest
        == select(_m.c.phone_digest)
        .where(_m.c.clinic_id == bindparam("clinic"), _m.c.id == bindparam("message"))
        .scalar_subquery(),
    )
    .order_by(_p.c.created_at, _p.c.id)
    .with_for_update(key_share=True)
)
_OTHERS = Prepared(
    select(_m.c.id)
    .where(_m.c.clinic_id == bindparam("clinic"), _m.c.sid == bindparam("taken"), _m.c.id != bindparam("own"))
    .with_for_update()
)


def _own_id(scope: ClinicScope, message: AnyRow, sid: str) -> dict[str, Any]:
    """The carrier's id, where the message has none yet.

    The callback names our own message: one with the same words that adopted the id from a list is unknown again.
    """
    if message.sid:
        return {}
    taken = {"clinic": scope.clinic_id, "taken": sid, "own": message.id}
    for other in _OTHERS.rows(scope.connection, taken):
        scope.change_late(tables.message, other.id, sid=None, state="unknown", asked_list=0)
    scope.flush()  # before its own row takes the id, which two rows never have
    return {"sid": sid}


def lock_phone(scope: ClinicScope, message_id: UUID) -> None:
    """Lock every link of the phone that a text goes to: always before the text itself, as an incoming text does."""
    _LOCK_PHONE.run(scope.connection, {"clinic": scope.clinic_id, "message": message_id})


def learn_from_failure(scope: ClinicScope, message: AnyRow, kind: str, code: int | None, now: datetime) -> None:
    """What a text that did not arrive says of its phone, for the clinic, and of our number, for the operator."""
    if message.contact_point_id is not None:
        if kind == FailureKind.OPTED_OUT:
            _stop_texts(scope, message, code, now)
        elif kind == FailureKind.RECIPIENT_PERMANENT:
            _text_no_more(scope, message, code, now)
        elif _failed_before(scope, message):
            finding = assess_event(rules_of(scope), "texts_not_arriving", Grounds(inputs={"code": code}))
            flag_phone(scope, message, finding, people_on(scope, message.phone_digest), now)
    if kind == FailureKind.CONTENT:
        warn("text.filtered", clinic_id=str(scope.clinic_id), message_id=str(message.id), code=code)
        count_filtered(scope, message.sender_number)
    elif kind == FailureKind.SENDER_CONFIG:
        count_failure(scope, message.sender_number, for_good=True, code=code)


def _stop_texts(scope: ClinicScope, message: AnyRow, code: int | None, now: datetime) -> None:
    """Somebody stopped our texts at the carrier: the phone, the ledger and the outbox, together and at once."""
    links = stop_phone(scope, message.phone_digest, Evidence("carrier", message.id), now)
    flag_phone(scope, message, _unreachable(OPTED_OUT_THERE, code), [link.patient_id for link in links], now)


def _text_no_more(scope: ClinicScope, message: AnyRow, code: int | None, now: datetime) -> None:
    """A phone that takes calls alone is called from now on, whoever it speaks for; one that is none is not used."""
    point = tables.contact_point
    lasting = {"channel": "voice"} if code in TAKES_CALLS else {"state": "unusable"}
    people = scope.connection.execute(
        update(point)
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.phone_digest == message.phone_digest,
            point.c.state.in_(IN_USE),
        )
        .values(**lasting)
        .returning(point.c.patient_id)
    ).scalars()
    flag_phone(scope, message, _unreachable(CALL_INSTEAD, code), people, now)


def _failed_before(scope: ClinicScope, message: AnyRow) -> bool:
    """Whether the last two texts to this phone whose end is known did not arrive, this one among them."""
    text = tables.message
    last = scope.connection.execute(
        select(text.c.state)
        .where(
            text.c.clinic_id == scope.clinic_id,
            text.c.phone_digest == message.phone_digest,
            text.c.direction == "out",
            text.c.state.in_((*ARRIVED, *_NOT_ARRIVED)),
        )
        .order_by(text.c.created_at.desc(), text.c.id.desc())
        .limit(2)
    )
    return [state in _NOT_ARRIVED for state in last.scalars()] == [True, True]


def _unreachable(reason: str, code: int | None) -> Finding:
    return Finding("unreachable_phone", "1", "delivery", Tier.TODAY, reason, 24 * 60, {"code": code})
