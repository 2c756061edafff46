"""One patient's whole record: every row that is about them, in clear."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, select

from recovery_api.db import ClinicScope, metadata
from recovery_api.domain.errors import NotFound
from recovery_api.models import tables
from recovery_api.services.read_rows import rows_of
from recovery_api.services.record_audit import Actor, record_audit

ABOUT_MACHINES = {"due_work", "credential", "sync_point", "web_check_in"}  # how the product works, not what it knows
FORMAT = "recovery-api/patient-record/1"


def export_patient(scope: ClinicScope, patient_id: UUID, actor: Actor, now: datetime) -> dict[str, Any]:
    """Everything that is kept about a patient, by table, oldest first; audited. Raises NotFound."""
    patient = tables.patient
    found = list(rows_of(scope, select(patient).where(patient.c.id == patient_id), patient))
    if not found:
        raise NotFound("There is no such patient.")
    record_audit(scope, actor, "patient.exported", ("patient", patient_id), now, patient_id, {"as": "record"})
    scope.flush()
    record: dict[str, Any] = {"format": FORMAT, "exported_at": now, "clinic": scope.name, "patient": found[0]}
    for table, statement in _about(patient_id):
        record[table.name] = list(rows_of(scope, statement, table))
    plain: dict[str, Any] = _plain(record)
    return plain


def _about(patient_id: UUID) -> Iterator[tuple[Table, Select[Any]]]:
    """Every table that leads to the patient: by itself, through a recovery, or through a flag."""
    episodes = select(tables.episode.c.id).where(tables.episode.c.patient_id == patient_id)
    flags = select(tables.flag.c.id).where(tables.flag.c.patient_id == patient_id)
    for name in sorted(metadata.tables):
        table = metadata.tables[name]
        if name in ABOUT_MACHINES or "clinic_id" not in table.c:
            continue
        if "patient_id" in table.c:
            condition = table.c.patient_id == patient_id
        elif "episode_id" in table.c:
            condition = table.c.episode_id.in_(episodes)
        elif "flag_id" in table.c:
            condition = table.c.flag_id.in_(flags)
        else:
            continue
        yield table, select(table).where(condition).order_by(table.c.id)


def _plain(value: Any) -> Any:
    """As JSON writes it; the clinic's id says nothing about the patient."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name != "clinic_id"}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
