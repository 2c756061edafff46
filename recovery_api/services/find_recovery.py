"""Find the recovery that a patient is in, with what their reports and plans need to know of them."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.record_check_in import Recovery


@dataclass(frozen=True, slots=True)
class RunningRecovery:
    """A recovery that has not ended, and the patient's language and zone."""

    recovery: Recovery
    status: str
    levels: tuple[str, ...]
    ends_on: date
    language: str
    zone: ZoneInfo

    def day(self, now: datetime) -> int:
        """Whole days since the procedure, by the patient's calendar."""
        return (local_day(now, self.zone) - self.recovery.procedure_on).days


def find_recovery(scope: ClinicScope, patient_id: UUID) -> RunningRecovery:
    """The newest recovery of a patient that has not ended. Raises NotFound."""
    return _find(scope, patient_id=patient_id)


def find_recovery_of(scope: ClinicScope, episode_id: UUID) -> RunningRecovery:
    """The recovery of an episode that has not ended. Raises NotFound."""
    return _find(scope, episode_id=episode_id)


def _find(scope: ClinicScope, patient_id: UUID | None = None, episode_id: UUID | None = None) -> RunningRecovery:
    patient, episode, procedure = tables.patient, tables.episode, tables.procedure
    wanted = episode.c.id == episode_id if patient_id is None else episode.c.patient_id == patient_id
    row = scope.connection.execute(
        select(
            episode.c.id, episode.c.patient_id, episode.c.status, episode.c.baseline_pain, episode.c.ends_on,
            procedure.c.performed_on, procedure.c.levels, patient.c.language, patient.c.zone,
        )
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .join(patient, (patient.c.clinic_id == episode.c.clinic_id) & (patient.c.id == episode.c.patient_id))
        .where(episode.c.clinic_id == scope.clinic_id, wanted, episode.c.status != "ended")
        .order_by(episode.c.started_on.desc(), episode.c.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound("No recovery is running.")
    return RunningRecovery(
        recovery=Recovery(row.patient_id, row.id, row.performed_on, row.baseline_pain),
        status=row.status,
        levels=tuple(row.levels),
        ends_on=row.ends_on,
        language=row.language,
        zone=ZoneInfo(row.zone),
    )
