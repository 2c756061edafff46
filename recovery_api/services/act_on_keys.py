"""Do what the keys of a call ask for: record an answer, stop the calls, or tell a person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.call_script import Deed, Place, Talk
from recovery_api.domain.check_in import CheckInFacts, local_day
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.call_pack import call_pack
from recovery_api.services.find_lines import Line
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.record_check_in import Report, record_check_in
from recovery_api.services.turn import MINUTES

SEVERE_PAIN = 8  # the score that alone is pressing (shipped rules)
_SAVED = ("save_pain", "save_symptom", "save_none")


def act_on(
    scope: ClinicScope, call: AnyRow, talk: Talk, deed: Deed, line: Line | None, now: datetime
) -> Sequence[Finding]:
    """Carry out one deed in the caller's transaction; what the rules say of a recorded answer."""
    if deed.kind in _SAVED and line is not None:
        return _record(scope, call, deed, line, now)
    if deed.kind == "stop" and line is not None:
        _stop(scope, call, line, None, "opted_out", "Asked for no more calls: nobody reaches this patient", now)
    elif deed.kind == "wrong_number" and line is not None:
        reason = "Somebody on this phone says that it is the wrong number"
        _stop(scope, call, line, line.contact_point_id, "says_wrong_number", reason, now)
    elif deed.kind == "tell_person":
        pain = deed.value if isinstance(deed.value, int) else None
        tell_person(scope, call, talk, pain, now)
    return ()


def _record(scope: ClinicScope, call: AnyRow, deed: Deed, line: Line, now: datetime) -> Sequence[Finding]:
    if line.recovery is None:
        return ()
    report = Report(
        facts=CheckInFacts(
            pain=deed.value if isinstance(deed.value, int) else None,
            symptoms=(deed.value,) if isinstance(deed.value, str) else (),
            answered_symptoms=deed.kind != "save_pain",
        ),
        channel="voice",
        recorded_at=now,
        local_on=call.asked_on or local_day(now, line.zone),
        answered_by=line.whose,
    )
    return record_check_in(scope, line.recovery, report, now).findings


def tell_person(scope: ClinicScope, call: AnyRow, talk: Talk, unconfirmed_pain: int | None, now: datetime) -> None:
    """An item of the clinic's call list; a high score that was pressed but never confirmed makes it pressing."""
    reasons = {
        "nobody_took_it": "Asked to be put through on the phone, and nobody took the call: call back",
        "to_a_person": "Could not answer the check-in call by keys: call instead",
    }
    asked_for_us = talk.place is Place.TRANSFER
    left = "while being put through to the clinic" if asked_for_us else "in the middle of the check-in call"
    reason = reasons.get(talk.outcome or "", f"Hung up {left}: call back")
    pressing = talk.tier in (Tier.EMERGENCY, Tier.URGENT) or (unconfirmed_pain or 0) >= SEVERE_PAIN
    tier = Tier.URGENT if pressing else Tier.TODAY
    inputs = {"unconfirmed_pain": unconfirmed_pain, "outcome": talk.outcome}
    raise_call_flag(
        scope, call, Finding("call_unfinished", "1", "operations", tier, reason, MINUTES[tier], inputs), now
    )


def raise_call_flag(scope: ClinicScope, call: AnyRow, finding: Finding, now: datetime) -> None:
    """A flag about the patient of a call, or about its phone where nobody knows whose it is."""
    subject = FlagSubject(episode_id=call.episode_id, patient_id=call.patient_id, phone_digest=call.phone_digest)
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)


def _stop(
    scope: ClinicScope, call: AnyRow, line: Line, only: UUID | None, rule: str, reason: str, now: datetime
) -> None:
    """No machine calls or texts this phone again until the clinic or its owner says so; a person is told."""
    point = tables.contact_point
    wanted = point.c.id == only if only is not None else point.c.phone_digest == line.phone_digest
    stopped = scope.connection.execute(
        update(point)
        .where(point.c.clinic_id == scope.clinic_id, wanted, point.c.state != "wrong_person")
        .values(state="opted_out", question=None, question_asked_at=None, question_message_id=None)
        .returning(point.c.id, point.c.patient_id, point.c.whose)
    ).all()
    for link in stopped:
        write_voice_consent(scope, link, granted=False, source=rule, now=now)
    finding = Finding(rule, "1", "delivery", Tier.TODAY, reason, MINUTES[Tier.TODAY], {"channel": "voice"})
    raise_call_flag(scope, call, finding, now)


def join_by_key(scope: ClinicScope, line: Line, now: datetime) -> None:
    """A phone that was never confirmed is confirmed by the key that says who is there."""
    if line.state != "invited":
        return
    point = tables.contact_point
    joined = scope.connection.execute(
        update(point)
        .where(point.c.clinic_id == scope.clinic_id, point.c.id == line.contact_point_id)
        .values(state="active")
        .returning(point.c.id, point.c.patient_id, point.c.whose)
    ).one()
    write_voice_consent(scope, joined, granted=True, source="opted_in", now=now)


def write_voice_consent(scope: ClinicScope, link: AnyRow, *, granted: bool, source: str, now: datetime) -> None:
    """One line of the ledger about calls."""
    scope.connection.execute(
        insert(tables.consent),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "patient_id": link.patient_id,
            "contact_point_id": link.id,
            "purpose": "care_texts",
            "channel": "voice",
            "granted": granted,
            "words_key": "who",
            "words_version": call_pack().texts.version,
            "whose": link.whose,
            "source": source,
            "recorded_at": now,
        },
    )
