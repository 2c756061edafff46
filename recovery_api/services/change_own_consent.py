"""Change what a patient agrees to from their own app: texts stopped or wanted again, and research."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.bring_back_texts import bring_back_texts
from recovery_api.services.change_consent import Evidence, stop_patient, write_ledger
from recovery_api.services.clinic_texts import texts_of
from recovery_api.services.flag_opt_outs import flag_opt_outs

SOURCE = "app"
STOPPED = "Stopped texts in the app: call instead"


def change_own_consent(
    scope: ClinicScope, patient_id: UUID, wants_texts: bool | None, purposes: Sequence[tuple[str, bool]], now: datetime
) -> None:
    """Write what the patient decided to the ledger; None leaves the texts as they are.

    To stop texts is a task for the clinic, which calls from then on. To want them again is for the patient's own
    phone alone, and only where they had been stopped: a wrong number never comes back by this.
    """
    if wants_texts is False and stop_patient(scope, patient_id, Evidence(SOURCE), now):
        flag_opt_outs(scope, [patient_id], STOPPED, now)
    if wants_texts:
        _begin_again(scope, patient_id, now)
    for purpose, granted in purposes:
        _write(scope, patient_id, purpose, granted, now)


def _begin_again(scope: ClinicScope, patient_id: UUID, now: datetime) -> None:
    point = tables.contact_point
    links = scope.connection.execute(
        update(point)
        .where(
            point.c.clinic_id == scope.clinic_id,
            point.c.patient_id == patient_id,
            point.c.whose == "patient",
            point.c.state == "opted_out",
        )
        .values(state="active")
        .returning(point.c.id, point.c.patient_id, point.c.whose)
    ).all()
    for link in links:
        write_ledger(scope, link, "care_texts", Evidence(SOURCE), now)
    bring_back_texts(scope, [link.patient_id for link in links], now)


def _write(scope: ClinicScope, patient_id: UUID, purpose: str, granted: bool, now: datetime) -> None:
    scope.connection.execute(
        insert(tables.consent),
        {
            "clinic_id": scope.clinic_id,
            "id": new_id(),
            "patient_id": patient_id,
            "purpose": purpose,
            "channel": "app",
            "granted": granted,
            "words_key": purpose,
            "words_version": texts_of(scope).version,
            "whose": "patient",
            "source": SOURCE,
            "recorded_at": now,
        },
    )
