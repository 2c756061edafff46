"""The flags of a made-up recovery: every answer judged by the real rules, and the past seen to by somebody."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.escalation import assess_silence, replay
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.packs.protocol_pack import check_in_days
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.answer_flags import Deed, acknowledge_flag, resolve_flag
from recovery_api.services.enrol_patient import Enrolled
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.simulator.made_up import MadeUpPatient
from recovery_api.simulator.seed_questions import answered_at

FRESH = timedelta(hours=20)


def seed_flags(
    scope: ClinicScope,
    one: MadeUpPatient,
    enrolled: Enrolled,
    messages: dict[int, UUID],
    staff: Sequence[UUID],
    now: datetime,
) -> None:
    """Judge every answer as of its day; what is older than a day was seen to by somebody."""
    local_today = now.astimezone(scope.zone).date()
    performed_on = local_today - timedelta(days=one.days_ago)
    facts = EpisodeFacts(performed_on, one.baseline, check_in_days())
    readings = _readings(scope, one, performed_on, now)
    judged = zip(one.answers, readings, replay(readings, facts, rule_pack(), now), strict=True)
    for answer, reading, findings in judged:
        subject = FlagSubject(
            enrolled.episode_id, enrolled.patient_id, message_id=messages.get(answer.day), quote=answer.words
        )
        for flag in raise_flags(scope, subject, findings, reading.recorded_at):
            if now - reading.recorded_at > FRESH or one.fate == "seen_to":
                _see_to(scope, flag.id, staff, min(reading.recorded_at, now - timedelta(hours=3)), flag.must_page)
            elif one.fate == "taken":
                acknowledge_flag(scope, Deed(staff[1], flag.id, None), now - timedelta(minutes=5))
    silent = assess_silence(readings, facts, rule_pack(), local_today)
    raise_flags(scope, FlagSubject(enrolled.episode_id, enrolled.patient_id), silent, now - timedelta(hours=13))


def _readings(scope: ClinicScope, one: MadeUpPatient, performed_on: date, now: datetime) -> list[Reading]:
    return [
        Reading(
            day=answer.day,
            local_on=performed_on + timedelta(days=answer.day),
            recorded_at=answered_at(scope, one, answer.day, now),
            pain=answer.pain,
            symptoms=frozenset(answer.symptoms),
            activity=answer.activity,
        )
        for answer in one.answers
    ]


def _see_to(scope: ClinicScope, flag_id: UUID, staff: Sequence[UUID], at: datetime, is_new: bool) -> None:
    """A past flag was taken and closed within hours, as it should be."""
    if not is_new:
        return
    nurse = staff[flag_id.int % len(staff)]
    acknowledge_flag(scope, Deed(nurse, flag_id, None), at + timedelta(minutes=35))
    note = "Called. Pain eased with rest; knows what to watch for and whom to call."
    resolve_flag(scope, Deed(nurse, flag_id, None), "advised", note, at + timedelta(hours=2))
