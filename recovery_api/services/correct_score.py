"""Mend a score by text: "FIX 5" makes a new version of the last one, with everything else that was said kept."""

from collections.abc import Sequence
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


def last_score(scope: ClinicScope, contact: Contact, written_at: datetime) -> KnownReading | None:
    """The newest score before `written_at` that came by text from this very phone and could still be mended then.

    What somebody said on another phone of the same patient is theirs: neither mends the other's.
    """
    history = (contact.recovery.history or ()) if contact.recovery else ()
    scores = [known for known in history if known.channel == "sms" and known.reading.pain is not None]
    fresh = [known for known in scores if timedelta(0) <= written_at - known.reading.recorded_at <= MENDED_FOR]
    said_here = _said_on(scope, contact.id, [known.id for known in fresh]) if fresh else frozenset()
    return next((known for known in reversed(fresh) if known.id in said_here), None)


def _said_on(scope: ClinicScope, contact_point_id: UUID, check_in_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these check-ins, MENDED_FOR old at most, of which a text from this phone told."""
    check_in, message = tables.check_in, tables.message
    rows = scope.connection.execute(
        select(check_in.c.id)
        .join(message, (message.c.clinic_id == check_in.c.clinic_id) & (message.c.id == check_in.c.message_id))
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            check_in.c.id.in_(check_in_ids),
            message.c.contact_point_id == contact_point_id,
        )
    )
    return frozenset(rows.scalars())


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
