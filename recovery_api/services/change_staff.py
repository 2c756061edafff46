"""The clinic's staff: who they are, their roles, whether they are paged, and whether they may still come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.models import tables
from recovery_api.models.clinics import ROLES
from recovery_api.services.credentials import issue, revoke_kind
from recovery_api.services.find_people import CARE
from recovery_api.services.record_audit import Actor, record_audit

SECRETS = ("session", "staff_access", "set_up")


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody of the staff; `seen_at` is when their last session was used."""

    id: UUID
    name: str
    email: str
    phone: str | None
    role: str
    is_paged: bool
    has_signed_up: bool
    disabled_at: datetime | None
    seen_at: datetime | None


def read_staff(scope: ClinicScope) -> Sequence[StaffMember]:
    """Everybody, those who may come in first, by name."""
    clinician, credential = tables.clinician, tables.credential
    seen = (
        select(func.max(credential.c.seen_at))
        .where(
            credential.c.clinic_id == scope.clinic_id,
            credential.c.subject_id == clinician.c.id,
            credential.c.kind == "session",
        )
        .scalar_subquery()
    )
    rows = scope.connection.execute(
        select(clinician, seen.label("seen_at")).where(
            clinician.c.clinic_id == scope.clinic_id, clinician.c.is_synthetic.is_(False)
        )
    )
    found = [_member(scope, row) for row in rows]
    return sorted(found, key=lambda one: (one.disabled_at is not None, one.name))


def _member(scope: ClinicScope, row: AnyRow) -> StaffMember:
    return StaffMember(
        id=row.id,
        name=scope.vault.open("clinician.name", row.id, row.name_sealed),
        email=scope.vault.open("clinician.email", row.id, row.email_sealed),
        phone=scope.open("clinician.phone", row.id, row.phone_sealed),
        role=row.role,
        is_paged=row.is_paged,
        has_signed_up=row.password_hash is not None,
        disabled_at=row.disabled_at,
        seen_at=row.seen_at,
    )


def change_role(scope: ClinicScope, clinician_id: UUID, role: str, is_paged: bool, actor: Actor, now: datetime) -> None:
    """Another role, and whether they are paged. Raises Invalid, NotFound, or Conflict for the last lead."""
    if role not in ROLES:
        raise Invalid(f"must be one of {', '.join(ROLES)}", field="role")
    row = _locked(scope, clinician_id)
    if row.role == "lead" and role != "lead":
        _check_another_lead(scope, clinician_id)
    if is_paged and row.phone_sealed is None:
        raise Invalid("Somebody without a phone cannot be paged.", field="is_paged")
    check_paged(role, is_paged)
    _set(scope, clinician_id, role=role, is_paged=is_paged)
    record_audit(scope, actor, "clinician.changed", ("clinician", clinician_id), now, None, {"role": role})


def check_paged(role: str, is_paged: bool) -> None:
    """Raise Invalid where somebody who sees no patients would be paged: what they took, nobody would have."""
    if is_paged and role not in CARE:
        raise Invalid("Somebody who sees no patients cannot be paged.", field="is_paged")


def disable(scope: ClinicScope, clinician_id: UUID, actor: Actor, now: datetime) -> None:
    """They come in no more, from this moment: every session and token ends. Raises NotFound or Conflict."""
    row = _locked(scope, clinician_id)
    if clinician_id == actor.id:
        raise Conflict("Nobody shuts themselves out: ask another lead.")
    if row.role == "lead":
        _check_another_lead(scope, clinician_id)
    _set(scope, clinician_id, disabled_at=now, is_paged=False)
    for kind in SECRETS:
        revoke_kind(scope.connection, kind, scope.clinic_id, clinician_id)
    record_audit(scope, actor, "clinician.disabled", ("clinician", clinician_id), now)


def enable(scope: ClinicScope, clinician_id: UUID, actor: Actor, now: datetime) -> None:
    """They may come in again, with the password and the second factor that they had. Raises NotFound."""
    _locked(scope, clinician_id)
    _set(scope, clinician_id, disabled_at=None)
    record_audit(scope, actor, "clinician.enabled", ("clinician", clinician_id), now)


def new_link(scope: ClinicScope, clinician_id: UUID, actor: Actor, now: datetime) -> str:
    """A fresh one-time link with which they set a password and a second factor; any older one ends.

    Raises NotFound, or Conflict where they may not come in.
    """
    row = _locked(scope, clinician_id)
    if row.disabled_at is not None:
        raise Conflict("They may not come in at present.")
    revoke_kind(scope.connection, "set_up", scope.clinic_id, clinician_id)
    record_audit(scope, actor, "clinician.link_issued", ("clinician", clinician_id), now)
    return issue(scope.connection, "set_up", scope.clinic_id, clinician_id)


def _locked(scope: ClinicScope, clinician_id: UUID) -> AnyRow:
    clinician = tables.clinician
    row = scope.connection.execute(
        select(clinician)
        .where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.id == clinician_id,
            clinician.c.is_synthetic.is_(False),
        )
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such colleague.")
    return row


def _check_another_lead(scope: ClinicScope, clinician_id: UUID) -> None:
    """A clinic keeps a lead. The leads are locked, so that two do not leave at once."""
    clinician = tables.clinician
    others = scope.connection.execute(
        select(clinician.c.id)
        .where(
            clinician.c.clinic_id == scope.clinic_id,
            clinician.c.role == "lead",
            clinician.c.disabled_at.is_(None),
            clinician.c.id != clinician_id,
        )
        .with_for_update()
    ).all()
    if not others:
        raise Conflict("A clinic needs a lead: name another one first.")


def _set(scope: ClinicScope, clinician_id: UUID, **values: object) -> None:
    clinician = tables.clinician
    scope.connection.execute(
        update(clinician)
        .where(clinician.c.clinic_id == scope.clinic_id, clinician.c.id == clinician_id)
        .values(**values)
    )
