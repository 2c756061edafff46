"""Ask a patient again after a jump of pain, before anybody is paged: about a fall, a pop, pain in a new place."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope
from recovery_api.domain.consent import next_window
from recovery_api.domain.jumps import jump_of
from recovery_api.domain.ladder import NEVER_WAITS
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.domain.tiers import Tier
from recovery_api.domain.triage import BREAKS, not_judged
from recovery_api.models import tables
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.queue_texts import Outgoing, queue_texts
from recovery_api.services.raise_flags import FlagSubject, RaisedFlag, raise_flags
from recovery_api.services.tell_patient import find_own_phone, own_recipient

KIND = "jump"
BY_TEXT = "sms"  # the answer to the text itself asks
BY_PERSON = "staff"  # somebody speaks with the patient already
_PRIORITY = 3
_LOOKED_AT = (*NEVER_WAITS, Tier.TODAY)
# Who is asked only after the time from the jump is over, in the morning or since the answer came late, has so long at
# least; and nobody is asked about a jump of days ago (shipped protocol, by judgement).
LEAST_TIME, ASKED_ABOUT = timedelta(hours=1), timedelta(days=1)


def ask_again_after_jump(
    scope: ClinicScope,
    history: Sequence[Reading],
    facts: EpisodeFacts,
    subject: FlagSubject,
    channel: str,
    flags: Sequence[RaisedFlag],
    now: datetime,
) -> bool:
    """Where the last reading is a jump, and nobody was called for it: plan the second look, and have it asked.

    The time counts from the jump, and nobody is called before the patient was asked and had time to answer. Returns
    whether the patient is asked; a text asks in its own answer, any other channel is followed by a text. Who has no
    phone for texts is not asked, and looked at by the other rules.
    """
    reading = history[-1]
    is_last = all(known.recorded_at <= reading.recorded_at for known in history[:-1])
    if not is_last or channel == BY_PERSON or any(flag.tier in _LOOKED_AT for flag in flags):
        return False
    try:
        jump = jump_of(history, facts, rules_of(scope), now)
    except BREAKS as broken:
        page_clinicians(scope, raise_flags(scope, subject, [not_judged(broken)], now), now)
        return False
    if jump is None or now - jump.at > ASKED_ABOUT:
        return False
    asked_at = now if channel == BY_TEXT else _ask(scope, subject, jump.pain, reading, now)
    if asked_at is None:
        return False
    due_at = max(jump.ends_at, asked_at + LEAST_TIME)
    work = {"clinic_id": scope.clinic_id, "kind": KIND, "row_id": subject.check_in_id, "due_at": due_at}
    scope.write_late(tables.due_work, [{**work, "priority": _PRIORITY, "held_until": real_now()}])
    return True


def _ask(scope: ClinicScope, subject: FlagSubject, pain: int, reading: Reading, now: datetime) -> datetime | None:
    """The question as a text of its own, by day: when it leaves (UTC), None where no phone takes it."""
    patient_id = subject.patient_id
    contact = find_own_phone(scope, patient_id) if patient_id is not None else None
    if patient_id is None or contact is None:
        return None
    on: date = reading.local_on
    due_at, expires_at = next_window(now, ZoneInfo(contact.zone))
    text = Outgoing(
        own_recipient(scope, contact, patient_id, subject.episode_id),
        "service",
        text_key="saved_jump",
        values={"n": str(pain)},
        question="symptoms",
        question_on=on,
        due_at=due_at,
        expires_at=expires_at,
    )
    queue_texts(scope, [text], now)
    return due_at
