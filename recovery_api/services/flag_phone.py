"""Flag what texts say of a phone, for everybody whom it speaks for: what fails one of them fails them all."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.models import tables
from recovery_api.services.flag_opt_outs import flag_each
from recovery_api.services.raise_flags import FlagSubject, raise_flags

IN_USE = ("active", "invited")


def flag_phone(scope: ClinicScope, message: AnyRow, finding: Finding, people: Iterable[UUID], now: datetime) -> None:
    """Flag whom a text was about, and everybody else among `people` who is in a recovery."""
    subject = FlagSubject(
        episode_id=message.episode_id, patient_id=message.patient_id, phone_digest=message.phone_digest
    )
    raise_flags(scope, subject, [finding], now)
    flag_each(scope, (person for person in people if person != message.patient_id), finding, now)


def people_on(scope: ClinicScope, phone_digest: bytes) -> Sequence[UUID]:
    """Every patient whom this phone speaks for."""
    point = tables.contact_point
    return (
        scope.connection.execute(
            select(point.c.patient_id).where(
                point.c.clinic_id == scope.clinic_id, point.c.phone_digest == phone_digest, point.c.state.in_(IN_USE)
            )
        )
        .scalars()
        .all()
    )
