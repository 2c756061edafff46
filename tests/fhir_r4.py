"""FHIR R4 (4.0.1) as far as the export goes, by hand: elements, how often each stands, types, required value sets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Element = tuple[int, int, str]  # at least, at most (0 for any number), type
ID = r"[A-Za-z0-9\-.]{1,64}"
_DATE = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))"
TEXT = r"[^\x00-\x08\x0b\x0c\x0e-\x1f]*\S[^\x00-\x08\x0b\x0c\x0e-\x1f]*"
PRIMITIVES: Mapping[str, tuple[type, str]] = {
    "string": (str, TEXT),
    "markdown": (str, TEXT),
    "code": (str, r"[^\s]+(?: [^\s]+)*"),
    "id": (str, ID),
    "uri": (str, r"\S+"),
    "canonical": (str, r"\S+"),
    "date": (str, _DATE),
    "dateTime": (str, rf"{_DATE}|{_DAY}T{_CLOCK}"),
    "instant": (str, rf"{_DAY}T{_CLOCK}"),
}
VALUE_SETS: Mapping[str, set[str]] = {
    "administrative-gender": {"male", "female", "other", "unknown"},
    "name-use": {"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"},
    "contact-point-system": {"phone", "fax", "email", "pager", "url", "sms", "other"},
    "event-status": {
        "preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown",
    },
    "observation-status": {
        "registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown",
    },
    "questionnaire-answers-status": {"in-progress", "completed", "amended", "entered-in-error", "stopped"},
    "appointmentstatus": {
        "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "entered-in-error",
        "checked-in", "waitlist",
    },
    "participationstatus": {"accepted", "declined", "tentative", "needs-action"},
    "flag-status": {"active", "inactive", "entered-in-error"},
}  # fmt: skip
TYPES: Mapping[str, Mapping[str, Element]] = {
    "Coding": {"system": (0, 1, "uri"), "code": (0, 1, "code"), "display": (0, 1, "string")},
    "CodeableConcept": {"coding": (0, 0, "Coding"), "text": (0, 1, "string")},
    "Reference": {"reference": (0, 1, "string"), "type": (0, 1, "uri"), "display": (0, 1, "string")},
    "Period": {"start": (0, 1, "dateTime"), "end": (0, 1, "dateTime")},
    "Quantity": {
        "value": (0, 1, "decimal"), "unit": (0, 1, "string"), "system": (0, 1, "uri"), "code": (0, 1, "code"),
    },
    "Identifier": {"type": (0, 1, "CodeableConcept"), "system": (0, 1, "uri"), "value": (0, 1, "string")},
    "HumanName": {
        "use": (0, 1, "=name-use"), "text": (0, 1, "string"), "family": (0, 1, "string"), "given": (0, 0, "string"),
    },
    "ContactPoint": {"system": (0, 1, "=contact-point-system"), "value": (0, 1, "string")},
    "Patient.communication": {"language": (1, 1, "CodeableConcept"), "preferred": (0, 1, "boolean")},
    "QuestionnaireResponse.item": {
        "linkId": (1, 1, "string"), "text": (0, 1, "string"), "answer": (0, 0, "QuestionnaireResponse.answer"),
    },
    "QuestionnaireResponse.answer": {
        "valueBoolean": (0, 1, "boolean"), "valueInteger": (0, 1, "integer"), "valueString": (0, 1, "string"),
    },
    "Communication.payload": {"contentString": (1, 1, "string")},
    "Appointment.participant": {
        "type": (0, 0, "CodeableConcept"), "actor": (0, 1, "Reference"), "status": (1, 1, "=participationstatus"),
    },
    "Patient": {
        "identifier": (0, 0, "Identifier"), "active": (0, 1, "boolean"), "name": (0, 0, "HumanName"),
        "telecom": (0, 0, "ContactPoint"), "gender": (0, 1, "=administrative-gender"), "birthDate": (0, 1, "date"),
        "deceasedBoolean": (0, 1, "boolean"), "communication": (0, 0, "Patient.communication"),
        "managingOrganization": (0, 1, "Reference"),
    },
    "Procedure": {
        "status": (1, 1, "=event-status"), "code": (0, 1, "CodeableConcept"), "subject": (1, 1, "Reference"),
        "performedDateTime": (0, 1, "dateTime"), "bodySite": (0, 0, "CodeableConcept"),
    },
    "Observation": {
        "status": (1, 1, "=observation-status"), "category": (0, 0, "CodeableConcept"),
        "code": (1, 1, "CodeableConcept"), "subject": (0, 1, "Reference"), "effectiveDateTime": (0, 1, "dateTime"),
        "effectivePeriod": (0, 1, "Period"), "issued": (0, 1, "instant"), "valueQuantity": (0, 1, "Quantity"),
        "valueInteger": (0, 1, "integer"), "derivedFrom": (0, 0, "Reference"),
    },
    "QuestionnaireResponse": {
        "questionnaire": (0, 1, "canonical"), "status": (1, 1, "=questionnaire-answers-status"),
        "subject": (0, 1, "Reference"), "authored": (0, 1, "dateTime"), "item": (0, 0, "QuestionnaireResponse.item"),
    },
    "Communication": {
        "status": (1, 1, "=event-status"), "category": (0, 0, "CodeableConcept"), "medium": (0, 0, "CodeableConcept"),
        "subject": (0, 1, "Reference"), "sent": (0, 1, "dateTime"), "received": (0, 1, "dateTime"),
        "sender": (0, 1, "Reference"), "recipient": (0, 0, "Reference"), "payload": (0, 0, "Communication.payload"),
    },
    "Appointment": {
        "status": (1, 1, "=appointmentstatus"), "description": (0, 1, "string"), "start": (0, 1, "instant"),
        "end": (0, 1, "instant"), "created": (0, 1, "dateTime"), "participant": (1, 0, "Appointment.participant"),
    },
    "Flag": {
        "status": (1, 1, "=flag-status"), "category": (0, 0, "CodeableConcept"), "code": (1, 1, "CodeableConcept"),
        "subject": (1, 1, "Reference"), "period": (0, 1, "Period"),
    },
}  # fmt: skip
REFERS = {"subject": "Patient", "sender": "Patient", "recipient": "Patient", "actor": "Patient"}
REFERS |= {"derivedFrom": "QuestionnaireResponse"}


def faults(resource: Mapping[str, Any]) -> list[str]:
    """Everything that R4 forbids about a resource, each with its place; an empty list where nothing is wrong."""
    kind = str(resource.get("resourceType"))
    if kind not in TYPES or "." in kind:
        return [f"{kind}: no kind of resource that is exported"]
    known = {"resourceType": (1, 1, "code"), "id": (0, 1, "id"), **TYPES[kind]}
    return [*_of_elements(kind, known, resource), *_invariants(kind, resource)]


def _of_elements(place: str, known: Mapping[str, Element], value: Mapping[str, Any]) -> Iterator[str]:
    if not value:
        yield f"{place}: is empty"
    for name in value.keys() - known.keys():
        yield f"{place}.{name}: no element of R4"
    for name, element in known.items():
        if name in value:
            yield from _of_element(f"{place}.{name}", element, value[name])
        elif element[0]:
            yield f"{place}.{name}: is missing"


def _of_element(place: str, element: Element, found: Any) -> Iterator[str]:
    _, most, kind = element
    if (most != 1) != isinstance(found, list):
        yield f"{place}: {'is no list' if most != 1 else 'is a list'}"
        return
    if found == []:
        yield f"{place}: is an empty list"
    for one in found if most != 1 else [found]:
        yield from _of_value(place, kind, one)


def _of_value(place: str, kind: str, value: Any) -> Iterator[str]:
    if kind in TYPES and isinstance(value, Mapping):
        yield from _of_elements(place, TYPES[kind], value)
    elif kind.startswith("="):
        if value not in VALUE_SETS[kind[1:]]:
            yield f"{place}: {value!r} is not in {kind[1:]}"
    elif not _fits(kind, value):
        yield f"{place}: {value!r} is no {kind}"


def _fits(kind: str, value: Any) -> bool:
    """Whether a value is of a primitive type."""
    if kind in ("integer", "decimal"):
        return not isinstance(value, bool) and isinstance(value, int if kind == "integer" else (int, float))
    if kind == "boolean":
        return isinstance(value, bool)
    shape, pattern = PRIMITIVES.get(kind, (type(None), ""))
    return isinstance(value, shape) and re.fullmatch(pattern, str(value), re.DOTALL) is not None


def _invariants(kind: str, resource: Mapping[str, Any]) -> Iterator[str]:
    """The rules of R4 that the table cannot say, by their names there."""
    if kind == "Appointment":
        yield from _of_appointment(resource)
    if kind == "Observation":
        yield from (f"{one}[x]: one at most" for one in ("value", "effective") if _count(resource, one) > 1)
    if any("value" in one and "system" not in one for one in resource.get("telecom", ())):
        yield "cpt-2: a number needs its system"
    if any(len(one) != 1 for item in resource.get("item", ()) for one in item.get("answer", ())):
        yield "answer.value[x]: one value"
    for name, target in REFERS.items():
        if any(not re.fullmatch(rf"{target}/{ID}", str(one.get("reference"))) for one in _each(resource, name)):
            yield f"{name}: refers to no {target}"
    if any(period.get("end", "9") < period.get("start", "") for period in _each(resource, "period")):
        yield "per-1: the end lies before the start"


def _count(resource: Mapping[str, Any], beginning: str) -> int:
    return sum(name.startswith(beginning) for name in resource)


def _of_appointment(resource: Mapping[str, Any]) -> Iterator[str]:
    if ("start" in resource) != ("end" in resource):
        yield "app-2: start and end stand together"
    if "start" not in resource and resource.get("status") not in ("proposed", "cancelled", "waitlist"):
        yield "app-3: only a proposed or cancelled one has no time"
    if any("actor" not in one and "type" not in one for one in resource.get("participant", ())):
        yield "app-1: a participant has a type or an actor"
    if resource.get("end", "") < resource.get("start", ""):
        yield "the end lies before the start"


def _each(value: Any, name: str) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from _each(one, name)
    elif isinstance(value, Mapping):
        found = value.get(name)
        yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping))
        for inner in value.values():
            yield from _each(inner, name)
