"""Replay rules over a clinic's own stored history, and tell what became of the flags that its rules raised."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.alert_load import Alert, Usefulness, usefulness
from recovery_api.domain.escalation import replay, replay_silence
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.domain.rules import RulePack
from recovery_api.models import tables
from recovery_api.services.ask_once import ask_once
from recovery_api.services.keep_band import bands_asked, bands_told
from recovery_api.services.read_flags import synthetic_patients
from recovery_api.services.read_history import READING, latest_versions
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.silence_facts import LEFT

Wanted = Select[tuple[UUID]] | Sequence[UUID]


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """One recovery as it is stored: its readings, oldest first, and the days since the procedure to be looked at."""

    episode: str
    facts: EpisodeFacts
    readings: Sequence[Reading]
    first_day: int
    last_day: int

    @property
    def patient_days(self) -> int:
        """How many days of this recovery are looked at."""
        return max(self.last_day - self.first_day + 1, 0)


def read_histories(
    scope: ClinicScope, since: date, viewer: Actor, now: datetime, most: int | None = None
) -> list[StoredHistory]:
    """Every recovery of the clinic that ran on or after `since`, or the `most` that began last.

    The look is audited, the synthetic patient left out. Whether a flag was open while a patient fell silent is not
    replayed.
    """
    today = now.astimezone(scope.zone).date()
    newest = _newest(scope, since, today, most)
    chosen = _running(scope, since) if most is None else select(newest.subquery("newest").c.id)
    found = _found(scope, most, rows=newest, asked=_days_asked(scope, chosen), bands=bands_asked(scope))
    rows, asked, bands = sorted(found["rows"], key=_id), _by_recovery(found["asked"]), bands_told(found["bands"])
    readings = _readings(scope, chosen if most is None else [row.id for row in rows])
    record_audit(scope, viewer, "rules.replayed", ("clinic", scope.clinic_id), now, None, {"episodes": len(rows)})
    histories = (_history(row, readings[row.id], [day.local_on for day in asked[row.id]], since, today) for row in rows)
    return [
        replace(history, facts=replace(history.facts, band=bands.for_recovery(history.facts.procedure_on)))
        for history in histories
    ]


def _newest(scope: ClinicScope, since: date, today: date, most: int | None) -> Select[Any]:
    """The recoveries to be looked at, those that began last first."""
    episode, procedure = tables.episode, tables.procedure
    return (
        select(episode.c.id, episode.c.baseline_pain, episode.c.ends_on, procedure.c.performed_on)
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .where(
            episode.c.clinic_id == scope.clinic_id,
            episode.c.ends_on >= since,
            procedure.c.performed_on <= today,
            ~episode.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
        )
        .order_by(procedure.c.performed_on.desc(), episode.c.id)
        .limit(most)
    )


def _found(scope: ClinicScope, most: int | None, **asked: Select[Any]) -> Mapping[str, Sequence[Any]]:
    """A page asks in one statement; a whole clinic would be too much for one answer."""
    if most is not None:
        return ask_once(scope, **asked)
    return {name: scope.connection.execute(question).all() for name, question in asked.items()}


def _id(row: Any) -> UUID:
    found: UUID = row.id
    return found


def replay_history(history: StoredHistory, pack: RulePack, now: datetime) -> list[Alert]:
    """What the rules say of one recovery from its first day on that is looked at, oldest first."""
    readings, facts = history.readings, history.facts
    judged = zip(readings, replay(readings, facts, pack, now), strict=True)
    found = [(reading.day, finding) for reading, findings in judged for finding in findings]
    found += replay_silence(readings, facts, pack, history.last_day)
    kept = [Alert(history.episode, day, finding) for day, finding in found if day >= history.first_day]
    return sorted(kept, key=lambda alert: alert.day)


def report_usefulness(scope: ClinicScope, since: datetime) -> tuple[Usefulness, ...]:
    """By rule, what became of the flags that opened from `since` on; the synthetic patient's are left out."""
    return usefulness_told(scope.connection.execute(usefulness_asked(scope, since)))


def usefulness_asked(scope: ClinicScope, since: datetime) -> Select[Any]:
    """The question for what became of flags, for a statement that asks more than one."""
    flag = tables.flag
    return select(flag.c.rule, flag.c.outcome, flag.c.status).where(
        flag.c.clinic_id == scope.clinic_id,
        flag.c.opened_at >= since,
        ~flag.c.patient_id.in_(synthetic_patients(scope.clinic_id)) | flag.c.patient_id.is_(None),
    )


def usefulness_told(rows: Iterable[AnyRow]) -> tuple[Usefulness, ...]:
    """By rule, what became of its flags, out of rows that `usefulness_asked` found."""
    return usefulness((row.rule, row.outcome if row.status == "resolved" else None) for row in rows)


def _history(row: AnyRow, stored: Sequence[AnyRow], asked: Sequence[date], since: date, today: date) -> StoredHistory:
    days = frozenset((on - row.performed_on).days for on in asked)
    return StoredHistory(
        episode=str(row.id),
        facts=EpisodeFacts(row.performed_on, row.baseline_pain, days),
        readings=[known.reading for known in latest_versions(stored)],
        first_day=max((since - row.performed_on).days, 0),
        last_day=(min(today, row.ends_on) - row.performed_on).days,
    )


def _readings(scope: ClinicScope, wanted: Wanted) -> defaultdict[UUID, list[AnyRow]]:
    check_in = tables.check_in
    chosen = select(check_in.c.episode_id, *READING).where(
        check_in.c.clinic_id == scope.clinic_id, check_in.c.episode_id.in_(wanted)
    )
    return _by_recovery(scope.connection.execute(chosen))


def _by_recovery(rows: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.episode_id].append(row)
    return found


def _days_asked(scope: ClinicScope, wanted: Wanted) -> Select[Any]:
    """The question for the local days whose question left, by recovery."""
    reminder, message = tables.reminder, tables.message
    return (
        select(reminder.c.episode_id, reminder.c.local_on)
        .join(message, (message.c.clinic_id == reminder.c.clinic_id) & (message.c.reminder_id == reminder.c.id))
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id.in_(wanted),
            reminder.c.kind == "check_in",
            reminder.c.state == "handed_over",
            message.c.state.in_(LEFT),
        )
    )


def _running(scope: ClinicScope, since: date) -> Select[tuple[UUID]]:
    episode = tables.episode
    return select(episode.c.id).where(episode.c.clinic_id == scope.clinic_id, episode.c.ends_on >= since)
