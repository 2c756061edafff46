"""Record a check-in: the one road of every channel, from facts to flags, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.lateness import moved_from, say_how_late
from recovery_api.domain.readings import Finding, Reading
from recovery_api.domain.tiers import Tier, worst
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.advise import advise
from recovery_api.services.ask_about_jump import ask_again_after_jump
from recovery_api.services.judge_reading import facts_of, judge_among
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, RaisedFlag, raise_flags
from recovery_api.services.read_history import Recovery, read_history
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class Report:
    """One report on its way in: the facts, when and how they came, and what the words themselves call for.

    `claimed_at` and `claimed_on` are as the phone gave them, before they were bounded; `advise_in` the language of the
    advice that the answer carries, None where a text message gives it instead.
    """

    facts: CheckInFacts
    channel: str
    recorded_at: datetime
    local_on: date
    answered_by: str = "patient"
    actor: Actor = field(default_factory=lambda: Actor("patient"))
    client_id: UUID | None = None
    message_id: UUID | None = None
    quote: str | None = None
    qualifier: str | None = None
    words_tier: Tier | None = None
    words_because: str = ""
    reader_version: str | None = None
    corrects: UUID | None = None
    version: int = 1
    claimed_at: datetime | None = None
    claimed_on: date | None = None
    advise_in: str | None = None

    def digest(self) -> bytes:
        """Equal for two reports of the same facts at the same time."""
        return self.facts.digest(self.claimed_at or self.recorded_at, self.claimed_on or self.local_on)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report; `row` is what is stored with the commit."""

    id: UUID
    version: int
    day: int
    findings: tuple[Finding, ...]
    flags: tuple[RaisedFlag, ...]
    row: Mapping[str, Any]
    jumped: bool = False  # the patient is to be asked about a fall, a pop, a new place

    @property
    def tier(self) -> Tier | None:
        """The most urgent tier that this answer called for."""
        return worst(*(finding.tier for finding in self.findings))


def record_check_in(scope: ClinicScope, recovery: Recovery, report: Report, now: datetime) -> Recorded:
    """Store the report, judge it beside its history, raise its flags and page people. The caller commits.

    The caller holds the patient's row, so that reports of one recovery are judged one after the other.
    """
    history = read_history(scope, recovery.episode_id) if recovery.history is None else recovery.history
    check_in_id = report.corrects or new_id()
    day = (report.local_on - recovery.procedure_on).days
    if day < 0 and recovery.baseline_pain is None and report.facts.pain is not None:
        _keep_baseline(scope, recovery.episode_id, report.facts.pain)
    before = [known.reading for known in history if known.id != check_in_id]
    judged = judge_among(scope, before, _reading(report, day), recovery, now)
    findings = say_how_late(judged, report.recorded_at, now)
    row = _row(scope, recovery, report, check_in_id, day, now)
    row["advice_sealed"] = _advice(scope, report, check_in_id, findings, now)
    scope.write_late(tables.check_in, [row])
    subject = FlagSubject(
        episode_id=recovery.episode_id,
        patient_id=recovery.patient_id,
        message_id=report.message_id,
        check_in_id=check_in_id,
        quote=report.quote,
    )
    flags = raise_flags(scope, subject, findings, now)
    page_clinicians(scope, flags, now)
    history_now, facts = [*before, _reading(report, day)], facts_of(scope, recovery, now)
    jumped = ask_again_after_jump(scope, history_now, facts, subject, report.channel, flags, now)
    record_audit(
        scope,
        report.actor,
        "check_in.recorded",
        ("check_in", check_in_id),
        now,
        recovery.patient_id,
        {"channel": report.channel, "version": report.version},
    )
    return Recorded(check_in_id, report.version, day, tuple(findings), tuple(flags), row, jumped)


def _keep_baseline(scope: ClinicScope, episode_id: UUID, pain: int) -> None:
    """The pain before the procedure, as the patient tells it, where nobody gave one."""
    episode = tables.episode
    scope.connection.execute(
        update(episode)
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id, episode.c.baseline_pain.is_(None))
        .values(baseline_pain=pain)
    )


def _reading(report: Report, day: int) -> Reading:
    return Reading(
        day=day,
        local_on=report.local_on,
        recorded_at=report.recorded_at,
        pain=report.facts.pain,
        symptoms=frozenset(report.facts.symptoms),
        activity=report.facts.activity_level,
        minutes_walked=report.facts.minutes_walked,
        words_tier=report.words_tier,
        words_because=report.words_because,
        pills_otc=report.facts.pills_otc,
        pills_prescribed=report.facts.pills_prescribed,
        pills_total=report.facts.pills_total,
    )


def _advice(
    scope: ClinicScope, report: Report, check_in_id: UUID, findings: Sequence[Finding], now: datetime
) -> bytes | None:
    """What the patient is told, kept as it was said."""
    if report.advise_in is None:
        return None
    said = advise(scope, report.advise_in, findings, report.facts, now)
    return scope.seal("check_in.advice", check_in_id, said.as_json())


def _row(
    scope: ClinicScope, recovery: Recovery, report: Report, check_in_id: UUID, day: int, now: datetime
) -> dict[str, Any]:
    facts = report.facts
    return {
        "clinic_id": scope.clinic_id,
        "id": check_in_id,
        "version": report.version,
        "episode_id": recovery.episode_id,
        "client_id": report.client_id,
        "facts_digest": report.digest(),
        "channel": report.channel,
        "answered_by": report.answered_by,
        "recorded_at": report.recorded_at,
        "claimed_at": moved_from(report.claimed_at, report.recorded_at),
        "received_at": now,
        "local_on": report.local_on,
        "day": day,
        "pain": facts.pain,
        "qualifier": report.qualifier,
        "activity_level": facts.activity_level,
        "minutes_walked": facts.minutes_walked,
        "pills_otc": facts.pills_otc,
        "pills_prescribed": facts.pills_prescribed,
        "pills_total": facts.pills_total,
        "symptoms": sorted(set(facts.symptoms)),
        "words_tier": report.words_tier,
        "words_because": report.words_because or None,
        "note_sealed": scope.seal("check_in.note", check_in_id, facts.note),
        "message_id": report.message_id,
        "reader_version": report.reader_version,
    }
