"""The study table: a row for each check-in, without a name, a number, a date or a word of the patient's own."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from recovery_api.db import ClinicScope
from recovery_api.domain.sheet import safe_cell
from recovery_api.models import tables
from recovery_api.services.audit_export import audit_bulk_export
from recovery_api.services.export_fhir import newest_check_ins
from recovery_api.services.read_rows import rows_of
from recovery_api.services.record_audit import Actor

COLUMNS = (
    "episode", "agreed_to_research", "age", "sex", "language", "levels", "baseline_pain", "day", "channel",
    "answered_by", "pain", "activity", "minutes_walked", "pills_otc", "pills_prescribed", "pills_total", "symptoms",
)  # fmt: skip
OLDEST_TOLD = 90  # years: whoever is older is told apart by age alone


def export_study(scope: ClinicScope, only_agreed: bool, actor: Actor, now: datetime) -> Iterator[list[str]]:
    """The heads, then a row for each check-in; `only_agreed` leaves out who did not agree to research. Audited."""
    audit_bulk_export(scope, "study", actor, now)
    yield list(COLUMNS)
    people = _episodes(scope)
    for row in rows_of(scope, newest_check_ins(), tables.check_in):
        known = people.get(row["episode_id"])
        if known is not None and (known["agreed_to_research"] == "yes" or not only_agreed):
            yield [safe_cell(_cell(row, known, column)) for column in COLUMNS]


def _cell(row: dict[str, Any], known: dict[str, Any], column: str) -> Any:
    if column in known:
        return known[column]
    if column == "activity":
        return row["activity_level"]
    return ";".join(row["symptoms"]) if column == "symptoms" else row[column]


def _episodes(scope: ClinicScope) -> dict[Any, dict[str, Any]]:
    """By recovery, what every one of its rows says."""
    episode, patient, procedure = tables.episode, tables.patient, tables.procedure
    agreed = _agreed(scope)
    statement = (
        select(
            patient,
            episode.c.id.label("episode_id"),
            episode.c.baseline_pain,
            procedure.c.levels,
            procedure.c.performed_on,
        )
        .join(episode, (episode.c.clinic_id == patient.c.clinic_id) & (episode.c.patient_id == patient.c.id))
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .where(patient.c.is_synthetic.is_(False))
    )
    return {
        row["episode_id"]: {
            # Keyed: whoever holds the table cannot tell which recovery this is, and the next export names it alike.
            "episode": scope.vault.digest("study", str(row["episode_id"])).hex()[:16],
            "agreed_to_research": "yes" if row["id"] in agreed else "no",
            "age": min(_age(date.fromisoformat(row["born_on"]), row["performed_on"]), OLDEST_TOLD),
            "sex": row["sex"],
            "language": row["language"],
            "levels": ";".join(row["levels"]),
            "baseline_pain": row["baseline_pain"],
        }
        for row in rows_of(scope, statement, patient)
    }


def _agreed(scope: ClinicScope) -> set[Any]:
    """Patients whose newest word on research was yes."""
    consent = tables.consent
    newest = (
        select(consent.c.patient_id, consent.c.granted)
        .where(consent.c.purpose == "research")
        .order_by(consent.c.patient_id, consent.c.recorded_at.desc(), consent.c.id.desc())
        .ext(distinct_on(consent.c.patient_id))
    )
    return {row.patient_id for row in scope.connection.execute(newest) if row.granted}


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
