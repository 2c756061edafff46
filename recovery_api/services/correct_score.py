"""Mend a score by text: "FIX 5" makes a new version of the last one, with everything else that was said kept."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import CheckInFacts
from recovery_api.domain.tiers import Tier, worst
from recovery_api.models import tables
from recovery_api.services.find_contacts import Contact
from recovery_api.services.read_history import KnownReading
from recovery_api.services.record_check_in import Report

MENDED_FOR = timedelta(hours=20)


def last_score(contact: Contact, now: datetime) -> KnownReading | None:
    """The newest score that came by text and can still be mended."""
    history = (contact.recovery.history or ()) if contact.recovery else ()
    scores = [known for known in history if known.channel == "sms" and known.reading.pain is not None]
    fresh = [known for known in scores if now - known.reading.recorded_at <= MENDED_FOR]
    return fresh[-1] if fresh else None


def as_correction(scope: ClinicScope, known: KnownReading, report: Report) -> Report:
    """`report` as the next version of a known one: its time, day and other facts stay, and no danger goes away."""
    row = _last_version(scope, known.id)
    return replace(
        report,
        facts=_merged(row, report.facts),
        recorded_at=row.recorded_at,
        local_on=row.local_on,
        words_tier=worst(Tier(row.words_tier) if row.words_tier else None, report.words_tier),
        words_because=" ".join(part for part in (row.words_because, report.words_because) if part),
        corrects=known.id,
        version=row.version + 1,
    )


def _merged(row: AnyRow, said: CheckInFacts) -> CheckInFacts:
    """What was said now over what was said before; a symptom that was named stays named."""
    return CheckInFacts(
        pain=said.pain,
        activity_level=row.activity_level,
        minutes_walked=row.minutes_walked,
        pills_otc=row.pills_otc,
        pills_prescribed=row.pills_prescribed,
        pills_total=row.pills_total,
        symptoms=tuple(sorted({*row.symptoms, *said.symptoms})),
        answered_symptoms=True,
    )


def _last_version(scope: ClinicScope, check_in_id: UUID) -> AnyRow:
    check_in = tables.check_in
    return scope.connection.execute(
        select(check_in)
        .where(check_in.c.clinic_id == scope.clinic_id, check_in.c.id == check_in_id)
        .order_by(check_in.c.version.desc())
        .limit(1)
    ).one()
