"""Records as FHIR R4 resources: plain mappings, ready to be written as JSON. Codes that need a licence are left out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from recovery_api.domain.fhir_parts import (
    LOINC,
    answer,
    category,
    code,
    instant,
    plain,
    present,
    reference,
    said,
    survey,
)
from recovery_api.domain.rules import told_family

CHECK_IN_FORM = "urn:recovery-api:questionnaire:check-in|1"
STEPS = ("41950-7", "Number of steps in 24 hour Measured")
PAIN = ("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")
GENDERS = {"female": "female", "male": "male", "other": "other", "unknown": "unknown"}
VISITS = {
    "booked": "booked", "confirmed": "booked", "change_asked": "pending", "cancelled": "cancelled",
    "kept": "fulfilled", "missed": "noshow",
}  # fmt: skip
DELIVERIES = {
    "received": "completed", "delivered": "completed", "read": "completed", "planned": "preparation",
    "throttled": "preparation", "sending": "in-progress", "accepted": "in-progress", "queued": "in-progress",
    "sent": "in-progress", "unknown": "unknown", "suppressed": "not-done", "expired": "not-done",
    "canceled": "not-done", "undelivered": "stopped", "failed": "stopped", "rejected": "stopped",
}  # fmt: skip
_PAIN_UNIT = {"unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"}
_MODE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"

Row = Mapping[str, Any]
Resource = dict[str, Any]


def patient(row: Row, phones: Sequence[str], clinic: str) -> Resource:
    """A Patient with names, phones, language, and the clinic that keeps the record."""
    number = row["record_number"]
    return present(
        resourceType="Patient",
        id=str(row["id"]),
        identifier=[{"type": {"text": "Record number"}, "value": number}] if number else None,
        active=row["status"] == "active",
        name=[{"use": "official", "family": row["family_name"], "given": [row["given_name"]]}],
        telecom=[{"system": "phone", "value": phone} for phone in phones] or None,
        gender=GENDERS[row["sex"]],
        birthDate=row["born_on"],
        deceasedBoolean=True if row["status"] == "deceased" else None,
        communication=[{"language": code("urn:ietf:bcp:47", row["language"]), "preferred": True}],
        managingOrganization={"display": clinic},
    )


def procedure(row: Row, today: date) -> Resource:
    """A Procedure: the vertebroplasty, with each level as a body site; "preparation" while its day lies ahead."""
    return present(
        resourceType="Procedure",
        id=str(row["id"]),
        status="completed" if row["performed_on"] <= today else "preparation",
        code=said("Vertebroplasty"),
        subject=reference("Patient", row["patient_id"]),
        performedDateTime=row["performed_on"].isoformat(),
        bodySite=[said(f"Vertebra {level}") for level in row["levels"]],
    )


def pain(row: Row) -> Resource | None:
    """An Observation of pain from 0 to 10; None where a check-in gave none."""
    if row["pain"] is None:
        return None
    return present(
        resourceType="Observation",
        id=f"{row['id']}-pain",
        status=_status(row),
        category=[category("survey", "Survey")],
        code=code(LOINC, *PAIN),
        subject=reference("Patient", row["patient_id"]),
        effectiveDateTime=instant(row["recorded_at"]),
        issued=instant(row["received_at"]),
        valueQuantity={"value": row["pain"], **_PAIN_UNIT},
        derivedFrom=[reference("QuestionnaireResponse", row["id"])],
    )


def steps(row: Row) -> Resource | None:
    """An Observation of a day's steps; None where the day has none."""
    if row["steps"] is None:
        return None
    return present(
        resourceType="Observation",
        id=str(row["id"]),
        status="final" if row["coverage"] == "full" else "preliminary",
        category=[category("activity", "Activity")],
        code=code(LOINC, *STEPS),
        subject=reference("Patient", row["patient_id"]),
        effectivePeriod={"start": row["on_day"].isoformat(), "end": row["on_day"].isoformat()},
        issued=instant(row["received_at"]),
        valueQuantity={"value": row["steps"], "unit": "steps", "system": _PAIN_UNIT["system"], "code": "{steps}"},
    )


def score(row: Row) -> Resource:
    """An Observation of the score of a questionnaire."""
    return present(
        resourceType="Observation",
        id=f"{row['id']}-score",
        status="final",
        category=[category("survey", "Survey")],
        code=said(f"{row['instrument'].upper()} score"),
        subject=reference("Patient", row["patient_id"]),
        effectiveDateTime=instant(row["recorded_at"]),
        issued=instant(row["received_at"]),
        valueInteger=row["score"],
        derivedFrom=[reference("QuestionnaireResponse", row["id"])] if row["answers"] else None,
    )


def check_in(row: Row) -> Resource:
    """A QuestionnaireResponse: every fact of one check-in in its newest version."""
    items = [
        answer("pain", "Pain from 0 to 10", "Integer", [row["pain"]]),
        answer("activity", "Activity", "String", [row["activity_level"]]),
        answer("minutes_walked", "Minutes walked", "Integer", [row["minutes_walked"]]),
        answer("pills_otc", "Pills without a prescription", "Integer", [row["pills_otc"]]),
        answer("pills_prescribed", "Prescribed pills", "Integer", [row["pills_prescribed"]]),
        answer("pills_total", "Pills in all", "Integer", [row["pills_total"]]),
        answer("symptoms", "Something new", "String", row["symptoms"]),
        answer("note", "In the patient's words", "String", [row["note"]]),
    ]
    return _response(row, CHECK_IN_FORM, "amended" if row["version"] > 1 else "completed", items)


def questionnaire(row: Row) -> Resource | None:
    """A QuestionnaireResponse of a whole questionnaire; None where only its score is known."""
    if not row["answers"]:
        return None
    items = [answer(str(place), f"Item {place}", *survey(value)) for place, value in enumerate(row["answers"], 1)]
    return _response(row, f"urn:recovery-api:questionnaire:{row['instrument']}|1", "completed", items)


def _response(row: Row, form: str, status: str, items: Sequence[Resource | None]) -> Resource:
    return present(
        resourceType="QuestionnaireResponse",
        id=str(row["id"]),
        questionnaire=form,
        status=status,
        subject=reference("Patient", row["patient_id"]),
        authored=instant(row["recorded_at"]),
        item=[item for item in items if item] or None,
    )


def communication(row: Row) -> Resource:
    """A Communication: one text, in or out, with what became of it."""
    person = reference("Patient", row["patient_id"])
    came = row["direction"] == "in"
    return present(
        resourceType="Communication",
        id=str(row["id"]),
        status=DELIVERIES[row["state"]],
        category=[said(row["purpose"])] if row["purpose"] else None,
        medium=[code(_MODE, "SMSWRIT", "SMS message")],
        subject=person,
        sent=instant(row["attempted_at"]) if row["attempted_at"] else None,
        received=instant(row["created_at"]) if came else None,
        sender=person if came else None,
        recipient=None if came else [person],
        payload=[{"contentString": body}] if (body := plain(row["body"])) else None,
    )


def appointment(row: Row) -> Resource:
    """An Appointment; its end is its start, as nobody says how long a visit takes."""
    starts = instant(row["starts_at"])
    accepted = "accepted" if row["status"] in ("confirmed", "kept") else "needs-action"
    return present(
        resourceType="Appointment",
        id=str(row["id"]),
        status=VISITS[row["status"]],
        description="Follow-up visit",
        start=starts,
        end=starts,
        created=instant(row["created_at"]),
        participant=[{"actor": reference("Patient", row["patient_id"]), "status": accepted}],
    )


def flag(row: Row) -> Resource:
    """A Flag: what awaited a person, by family and tier, until it was resolved."""
    period = present(start=instant(row["opened_at"]), end=_ended(row["resolved_at"]))
    return present(
        resourceType="Flag",
        id=str(row["id"]),
        status="inactive" if row["status"] == "resolved" else "active",
        category=[said(told_family(row["family"])), said(row["tier"])],
        code=said(row["reason"]),
        subject=reference("Patient", row["patient_id"]),
        period=period,
    )


def _ended(at: datetime | None) -> str | None:
    return instant(at) if at else None


def _status(row: Row) -> str:
    return "amended" if row["version"] > 1 else "final"
