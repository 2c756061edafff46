"""Keep a patient's devices: where each is reached by push, and none of its tokens once it is gone."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.domain.push_addresses import endpoint_of
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.refresh_token import revoke_family

PLATFORMS = ("webpush", "expo", "fcm", "apns")
LONGEST_PUSH_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class DeviceRead:
    """A device as its owner sees it; the token itself is never told again."""

    id: UUID
    platform: str | None
    name: str | None
    created_at: datetime


def put_device(
    scope: ClinicScope,
    patient_id: UUID,
    device_id: UUID,
    push: tuple[str, str],
    name: str | None,
    now: datetime,
    *,
    allow_local: bool = False,
) -> DeviceRead:
    """Store a device's `push` platform and token, sealed.

    Raises NotFound where the id is another patient's, or Invalid where a browser names no push service known here.
    """
    device, (platform, token) = tables.device, push
    if platform == "webpush":
        endpoint_of(token, allow_local=allow_local)
    values = {"platform": platform, "push_token_sealed": scope.seal("device.push_token", device_id, token)}
    if name is not None:
        values["name_sealed"] = scope.seal("device.name", device_id, name)
    row = scope.connection.execute(
        insert(device)
        .values(clinic_id=scope.clinic_id, id=device_id, patient_id=patient_id, created_at=now, **values)
        .on_conflict_do_update(
            index_elements=[device.c.clinic_id, device.c.id],
            set_=values | {"revoked_at": None},
            where=device.c.patient_id == patient_id,
        )
        .returning(device.c.name_sealed, device.c.created_at)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such device.")
    record_audit(scope, Actor("patient", patient_id), "device.changed", ("device", device_id), now, patient_id)
    return DeviceRead(device_id, platform, scope.open("device.name", device_id, row.name_sealed), row.created_at)


def remove_device(scope: ClinicScope, patient_id: UUID, device_id: UUID, actor: Actor, now: datetime) -> None:
    """Forget where a device is reached, and end its tokens. Raises NotFound."""
    if not _forget(scope, patient_id, [device_id], now):
        raise NotFound("There is no such device.")
    revoke_family(scope.connection, device_id)
    record_audit(scope, actor, "device.removed", ("device", device_id), now, patient_id)


def sign_out_devices(scope: ClinicScope, patient_id: UUID, actor: Actor, now: datetime) -> None:
    """A phone was lost: every device of the patient is out from the next call on, and no printed code is left."""
    credential, device = tables.credential, tables.device
    chosen = select(device.c.id).where(device.c.clinic_id == scope.clinic_id, device.c.patient_id == patient_id)
    _forget(scope, patient_id, list(scope.connection.execute(chosen).scalars()), now)
    families = scope.connection.execute(
        select(credential.c.family_id)
        .where(
            credential.c.clinic_id == scope.clinic_id,
            credential.c.subject_id == patient_id,
            credential.c.kind.in_(("patient_access", "patient_refresh", "enrol_code")),
            credential.c.revoked_at.is_(None),
        )
        .distinct()
    ).scalars()
    for family_id in sorted(families):
        revoke_family(scope.connection, family_id)
    record_audit(scope, actor, "device.all_removed", ("patient", patient_id), now, patient_id)


def _forget(scope: ClinicScope, patient_id: UUID, device_ids: list[UUID], now: datetime) -> int:
    device = tables.device
    changed = scope.connection.execute(
        update(device)
        .where(device.c.clinic_id == scope.clinic_id, device.c.patient_id == patient_id, device.c.id.in_(device_ids))
        .values(push_token_sealed=None, platform=None, revoked_at=now)
    )
    return changed.rowcount
