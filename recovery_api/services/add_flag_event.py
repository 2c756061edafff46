"""Append one event to a flag's story."""

from datetime import datetime
from typing import Any
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables


def add_event(
    scope: ClinicScope,
    flag_id: UUID,
    kind: str,
    now: datetime,
    clinician_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
    note: str | None = None,
) -> None:
    """Append one event to a flag's story; the note is sealed."""
    event_id = new_id()
    scope.write_late(
        tables.flag_event,
        [
            {
                "clinic_id": scope.clinic_id,
                "id": event_id,
                "flag_id": flag_id,
                "kind": kind,
                "at": now,
                "clinician_id": clinician_id,
                "detail": detail or {},
                "note_sealed": scope.seal("flag_event.note", event_id, note),
            }
        ],
    )
