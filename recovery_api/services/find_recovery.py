"""Find the recovery that a patient is in, with what their reports and plans need to know of them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.prepared import Asked, Prepared
from recovery_api.services.read_history import Recovery


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


_patient, _episode, _procedure = tables.patient, tables.episode, tables.procedure


def newest_running(wanted: ColumnElement[bool], *columns: Any) -> Select[Any]:
    """The columns of the newest recovery that is `wanted`, of the clinic that is named `clinic`, and has not ended."""
    return (
        select(*columns)
        .select_from(_episode)
        .where(_episode.c.clinic_id == bindparam("clinic"), wanted, _episode.c.status != "ended")
        .order_by(_episode.c.started_on.desc(), _episode.c.id.desc())
        .limit(1)
    )


OF_PATIENT = _episode.c.patient_id == bindparam("patient")


def _running(wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        newest_running(
            wanted,
            _episode.c.id, _episode.c.patient_id, _episode.c.status, _episode.c.baseline_pain, _episode.c.ends_on,
            _procedure.c.performed_on, _procedure.c.levels, _patient.c.language, _patient.c.zone,
        )
        .join(
            _procedure, (_procedure.c.clinic_id == _episode.c.clinic_id) & (_procedure.c.id == _episode.c.procedure_id)
        )
        .join(_patient, (_patient.c.clinic_id == _episode.c.clinic_id) & (_patient.c.id == _episode.c.patient_id))
    )  # fmt: skip


RUNNING_OF_PATIENT = _running(OF_PATIENT)
_BY_PATIENT, _BY_EPISODE = Prepared(RUNNING_OF_PATIENT), Prepared(_running(_episode.c.id == bindparam("episode")))


def find_recovery(scope: ClinicScope, patient_id: UUID) -> RunningRecovery:
    """The newest recovery of a patient that has not ended. Raises NotFound."""
    return found_recovery(ask_for_recovery(scope, patient_id))


def find_recovery_of(scope: ClinicScope, episode_id: UUID) -> RunningRecovery:
    """The recovery of an episode that has not ended. Raises NotFound."""
    return found_recovery(_BY_EPISODE.ask(scope.connection, {"clinic": scope.clinic_id, "episode": episode_id}))


def ask_for_recovery(scope: ClinicScope, patient_id: UUID) -> Asked:
    """The question for the newest recovery of a patient that has not ended."""
    return _BY_PATIENT.ask(scope.connection, {"clinic": scope.clinic_id, "patient": patient_id})


def found_recovery(asked: Asked) -> RunningRecovery:
    """The recovery that was asked for. Raises NotFound."""
    return recovery_in(asked.first())


def recovery_in(row: AnyRow | None) -> RunningRecovery:
    """The recovery in a row of `RUNNING_OF_PATIENT`. Raises NotFound where there is none."""
    if row is None or row.id is None:
        raise NotFound("No recovery is running.")
    return RunningRecovery(
        recovery=Recovery(row.patient_id, row.id, row.performed_on, row.baseline_pain),
        status=row.status,
        levels=tuple(row.levels),
        ends_on=row.ends_on,
        language=row.language,
        zone=ZoneInfo(row.zone),
    )
