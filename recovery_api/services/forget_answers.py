"""Forget the answers that are kept under an Idempotency-Key, once nobody can come with that key again."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, clinic_transaction
from recovery_api.ids import id_since
from recovery_api.models import tables
from recovery_api.services.credentials import LIFETIMES
from recovery_api.services.list_clinics import list_clinics

# Real time. Who heard no answer asks again once the phone is back, and a phone that was away for longer has no token.
KEPT = LIFETIMES["patient_refresh"] + timedelta(days=1)
BATCH = 5000


def forget_answers(vaults: Vaults) -> int:
    """Delete up to 5,000 answers of each clinic that are older than 31 days; returns how many.

    What has a client_id of its own, as a check-in has, is stored once for ever and does not need them.
    """
    return sum(_forget_clinic(clinic_id, vaults) for clinic_id in list_clinics())


def _forget_clinic(clinic_id: UUID, vaults: Vaults) -> int:
    with clinic_transaction(clinic_id, vaults) as scope:
        return _forget(scope)


def _forget(scope: ClinicScope) -> int:
    """The ids tell when a row was made, so that no index is needed but their own."""
    kept = tables.idempotency_key
    old = (
        select(kept.c.id)
        .where(kept.c.clinic_id == scope.clinic_id, kept.c.id < id_since(real_now() - KEPT))
        .order_by(kept.c.id)
        .limit(BATCH)
    )
    gone = delete(kept).where(kept.c.clinic_id == scope.clinic_id, kept.c.id.in_(old))
    return scope.connection.execute(gone).rowcount
