"""Write an audit event in the caller's transaction, so that no deed goes without one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a clinician, a patient, or the system itself."""

    kind: str
    id: UUID | None = None
    role: str = ""


SYSTEM = Actor("system")


def record_audit(
    scope: ClinicScope,
    actor: Actor,
    action: str,
    subject: tuple[str, UUID | None],
    now: datetime,
    patient_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one audit event. `detail` holds codes and numbers alone, never a name, a phone or a text."""
    scope.write_late(
        tables.audit_event,
        [
            {
                "clinic_id": scope.clinic_id,
                "id": new_id(),
                "at": now,
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "action": action,
                "subject_kind": subject[0],
                "subject_id": subject[1],
                "patient_id": patient_id,
                "detail": detail or {},
            }
        ],
    )
