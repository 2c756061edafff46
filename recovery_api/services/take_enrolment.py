"""Take an enrolment: the patient, the phone with its consent, and the recovery or the wait for its day."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.add_patient import add_patient
from recovery_api.services.plan_procedure import plan_procedure
from recovery_api.services.read_enrolment import Enrolment, Trouble, Unreadable
from recovery_api.services.record_audit import Actor
from recovery_api.services.start_episode import NewEpisode, start_episode


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of a patient who was enrolled; without an episode while the day of the procedure is open."""

    patient_id: UUID
    episode_id: UUID | None


@dataclass(frozen=True, slots=True)
class Sharer:
    """Somebody whom a phone speaks for already."""

    patient_id: UUID | None
    given_name: str
    family_name: str
    born_on: date

    def is_same(self, enrolment: Enrolment) -> bool:
        """Whether this is plainly the person to be enrolled."""
        new = enrolment.person
        return (self.born_on, *_folded(self.given_name, self.family_name)) == (
            new.born_on, *_folded(new.given_name, new.family_name),
        )  # fmt: skip


def take_enrolment(scope: ClinicScope, enrolment: Enrolment, actor: Actor, now: datetime) -> Taken:
    """Enrol somebody through the same services as the API. Raises Unreadable, Invalid. The caller commits."""
    phone = enrolment.person.phone
    check_phone_is_free(enrolment, find_sharers(scope, {phone}).get(phone, ()))
    patient_id = add_patient(scope, enrolment.person, actor, now).patient_id
    if enrolment.performed_on is None:
        plan_procedure(
            scope, patient_id, enrolment.levels, enrolment.baseline_pain, enrolment.check_in_time, actor, now
        )
        return Taken(patient_id, None)
    new = NewEpisode(enrolment.performed_on, enrolment.levels, enrolment.baseline_pain, enrolment.check_in_time)
    return Taken(patient_id, start_episode(scope, patient_id, new, actor, now))


def check_phone_is_free(enrolment: Enrolment, sharers: Sequence[Sharer]) -> None:
    """Raise Unreadable where the person is enrolled already, or the phone is somebody else's and nobody said so."""
    same = next((one for one in sharers if one.is_same(enrolment)), None)
    if same is not None:
        raise Unreadable(
            [
                Trouble(
                    "phone", "is of a patient of this name and birth date: they are enrolled already", same.patient_id
                )
            ]
        )
    if sharers and not enrolment.shares_phone:
        others = "another patient" if len(sharers) == 1 else f"{len(sharers)} other patients"
        raise Unreadable([Trouble("phone", f"speaks for {others} already: say that they share it, or correct it")])


def find_sharers(scope: ClinicScope, phones: Collection[str]) -> Mapping[str, Sequence[Sharer]]:
    """By E.164 number, whom it speaks for already, themselves or through a caregiver."""
    scope.flush()
    digests = {scope.phone_digest(phone): phone for phone in phones}
    point, patient = tables.contact_point, tables.patient
    rows = scope.connection.execute(
        select(
            point.c.phone_digest,
            patient.c.id,
            patient.c.given_name_sealed,
            patient.c.family_name_sealed,
            patient.c.born_on_sealed,
        )
        .join(point, (point.c.clinic_id == patient.c.clinic_id) & (point.c.patient_id == patient.c.id))
        .where(
            patient.c.clinic_id == scope.clinic_id,
            patient.c.status == "active",
            point.c.phone_digest.in_(digests),
            point.c.state != "wrong_person",
        )
        .distinct()
    )
    found: dict[str, list[Sharer]] = {}
    for row in rows:
        found.setdefault(digests[bytes(row.phone_digest)], []).append(_sharer(scope, row))
    return found


def _sharer(scope: ClinicScope, row: AnyRow) -> Sharer:
    return Sharer(
        row.id,
        scope.vault.open("patient.given_name", row.id, row.given_name_sealed),
        scope.vault.open("patient.family_name", row.id, row.family_name_sealed),
        date.fromisoformat(scope.vault.open("patient.born_on", row.id, row.born_on_sealed)),
    )


def _folded(*names: str) -> tuple[str, ...]:
    return tuple(" ".join(name.casefold().split()) for name in names)
