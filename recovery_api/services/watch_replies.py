"""Watch for total silence: where nobody at all answers any more, it is not the patients who are silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Exists, ScalarSelect, exists, func, literal, select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.clinic_silence import AGES, is_silent, own_shares
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.ids import id_since
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.services.keep_watch import keep_watch
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.set_aside import TROUBLE
from recovery_api.services.silence_facts import LEFT

# A day's round, and for who is asked once a week a longer one, on each of which nobody may have been heard.
LOOK_BACKS = (timedelta(hours=26), timedelta(days=8))
HISTORY, MOST_QUESTIONS = timedelta(days=28), 500
RULE = "clinic_silence"
RESPOND_MINUTES = 120


def watch_replies(vaults: Vaults, now: datetime) -> int:
    """Look at every clinic; returns how many are silent."""
    return sum(_watch_or_say_so(clinic_id, vaults, now) for clinic_id in list_clinics())


def _watch_or_say_so(clinic_id: UUID, vaults: Vaults, now: datetime) -> bool:
    """A clinic that cannot be looked at keeps no other from its look."""
    try:
        return _watch_clinic(clinic_id, vaults, now)
    except TROUBLE as error:
        warn("replies.not_watched", clinic_id=str(clinic_id), error=type(error).__name__)
        return False


def _watch_clinic(clinic_id: UUID, vaults: Vaults, now: datetime) -> bool:
    with clinic_transaction(clinic_id, vaults) as scope:
        asked, silent = _look(scope, now)
        keep_watch(scope.connection, clinic_id, "replies", "none" if silent else None, {"asked": asked})
        if silent and not _is_flagged(scope):
            reason = f"{asked} patients were asked and not one reply came in: the line may be down"
            finding = Finding(RULE, "1", "operations", Tier.URGENT, reason, RESPOND_MINUTES, {"asked": asked})
            subject = FlagSubject(phone_digest=scope.phone_digest(scope.number))
            page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
    return silent


def _look(scope: ClinicScope, now: datetime) -> tuple[int, bool]:
    """How many patients were asked long enough ago, of late, and whether it is no chance that none was heard."""
    rounds = [_asked(scope, look_back, now) for look_back in LOOK_BACKS]
    for waiting, since in rounds:
        if since is None or not is_silent(waiting) or _is_heard(scope, since, now):
            continue
        if is_silent(waiting, _shares(scope, since, now)):
            return sum(waiting), True
    return sum(rounds[0][0]), False


def _asked(scope: ClinicScope, look_back: timedelta, now: datetime) -> tuple[Sequence[int], datetime | None]:
    """How many phones have a question open, by its age, and the oldest time of asking.

    Who answered in the app, by a link or on a call instead is not one of them.
    """
    point, patient = tables.contact_point, tables.patient
    asked_at = point.c.question_asked_at
    older = [func.count().filter(asked_at <= now - age) for age in AGES]
    *counts, since = scope.connection.execute(
        select(*older, func.min(asked_at))
        .join(patient, (patient.c.clinic_id == point.c.clinic_id) & (patient.c.id == point.c.patient_id))
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.state == "active",
            point.c.question == "pain",
            point.c.times_asked == 0,
            asked_at > now - look_back,
            asked_at <= now - AGES[0],
            patient.c.status == "active",
            patient.c.is_synthetic.is_(False),
            ~_answered_otherwise(point),
        )
    ).one()
    return [count - older for count, older in pairwise([*counts, 0])], since


def _answered_otherwise(point: Any) -> Exists:
    """A report since the question, by whichever way: only a text closes the question of a phone."""
    episode, check_in = tables.episode, tables.check_in
    return (
        exists()
        .where(
            episode.c.clinic_id == point.c.clinic_id,
            episode.c.patient_id == point.c.patient_id,
            check_in.c.clinic_id == episode.c.clinic_id,
            check_in.c.episode_id == episode.c.id,
            check_in.c.recorded_at >= point.c.question_asked_at,
        )
        .correlate(point)
    )


def _shares(scope: ClinicScope, since: datetime, now: datetime) -> Sequence[float]:
    """The shares of the clinic's own last questions that were answered in time; none of the silence itself is one."""
    message = tables.message
    answer, asked_at = message.alias("answer"), func.coalesce(message.c.attempted_at, message.c.created_at)
    asked = (
        select(message.c.patient_id, asked_at.label("at"))
        .where(
            message.c.clinic_id == scope.clinic_id,
            message.c.id >= id_since(real_now() - (now - since) - HISTORY),
            message.c.direction == "out",
            message.c.question == "pain",
            message.c.state.in_(LEFT),
            asked_at.between(since - HISTORY, since - AGES[-1]),
            message.c.patient_id.not_in(_synthetic(scope)),
        )
        .order_by(message.c.id.desc())
        .limit(MOST_QUESTIONS)
        .subquery()
    )
    first = (
        select(func.min(answer.c.created_at).label("at"))
        .where(
            answer.c.clinic_id == scope.clinic_id,
            answer.c.patient_id == asked.c.patient_id,
            answer.c.direction == "in",
            answer.c.created_at.between(asked.c.at, asked.c.at + AGES[-1]),
        )
        .lateral("first")
    )
    in_time = [func.count().filter(first.c.at <= asked.c.at + age) for age in AGES]
    how_many, *answered = scope.connection.execute(
        select(func.count(), *in_time).select_from(asked.join(first, literal(True)))
    ).one()
    return own_shares(how_many, answered)


def _synthetic(scope: ClinicScope) -> ScalarSelect[UUID]:
    patient = tables.patient
    chosen = select(patient.c.id).where(patient.c.clinic_id == scope.clinic_id, patient.c.is_synthetic)
    return chosen.scalar_subquery()


def _is_heard(scope: ClinicScope, since: datetime, now: datetime) -> bool:
    """Whether any text of a patient came in since; the ids bound the search, since they lie in order of time."""
    message = tables.message
    chosen = select(message.c.id).where(
        message.c.clinic_id == scope.clinic_id,
        message.c.id >= id_since(real_now() - (now - since)),
        message.c.direction == "in",
        message.c.created_at >= since,
        message.c.clinician_id.is_(None),
        message.c.patient_id.is_distinct_from(_synthetic(scope)),
    )
    return scope.connection.execute(chosen.limit(1)).first() is not None


def _is_flagged(scope: ClinicScope) -> bool:
    flag = tables.flag
    chosen = select(flag.c.id).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.episode_id.is_(None),
        flag.c.phone_digest == scope.phone_digest(scope.number),
        flag.c.family == "operations",
        flag.c.status != "resolved",
    )
    return scope.connection.execute(chosen.limit(1)).first() is not None
