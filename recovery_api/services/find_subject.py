"""Find the row that a request is about, inside the caller's clinic and, for a patient, among what is theirs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables


def _of_clinic(table: Table) -> Any:
    return select(table.c.id).where(table.c.clinic_id == bindparam("clinic"), table.c.id == bindparam("id")).limit(1)


def _of_patient(table: Table) -> Any:
    episode = tables.episode
    return (
        select(table.c.id)
        .join(episode, (episode.c.clinic_id == table.c.clinic_id) & (episode.c.id == table.c.episode_id))
        .where(
            table.c.clinic_id == bindparam("clinic"),
            table.c.id == bindparam("id"),
            episode.c.patient_id == bindparam("patient"),
        )
        .limit(1)
    )


def _own(table: Table) -> Any:
    return _of_clinic(table).where(table.c.patient_id == bindparam("patient"))


_CLINIC_ROWS = {
    "patient_id": _of_clinic(tables.patient),
    "episode_id": _of_clinic(tables.episode),
    "flag_id": _of_clinic(tables.flag),
    "appointment_id": _of_clinic(tables.appointment),
    "message_id": _of_clinic(tables.message),
    "phone_id": _of_clinic(tables.contact_point),
    "wording_id": _of_clinic(tables.wording),
}
_PATIENT_ROWS = {
    "check_in_id": _of_patient(tables.check_in),
    "appointment_id": _of_patient(tables.appointment),
    "device_id": _own(tables.device),
}


def find_subject(scope: ClinicScope, name: str, row_id: Any, patient_id: UUID | None = None) -> None:
    """Make sure that the row behind a path's `name` is the clinic's, and the patient's. Raises NotFound."""
    statement = _CLINIC_ROWS.get(name) if patient_id is None else _PATIENT_ROWS.get(name)
    values = {"clinic": scope.clinic_id, "id": row_id, "patient": patient_id}
    if statement is None or scope.connection.execute(statement, values).first() is None:
        raise NotFound("There is no such thing.")


def lock_subject(scope: ClinicScope, path: Mapping[str, Any], caller_id: UUID) -> None:
    """Hold what a request is about, or else the caller's own row, until the transaction ends."""
    table, row_id = tables.patient, path.get("patient_id", caller_id)
    if "episode_id" in path:
        table, row_id = tables.episode, path["episode_id"]
    scope.connection.execute(
        select(table.c.id).where(table.c.clinic_id == scope.clinic_id, table.c.id == row_id).with_for_update()
    )
