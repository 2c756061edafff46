"""Examples for the document: one made-up clinic, told through every request, answer, parameter and problem."""

from collections.abc import Iterator, Mapping
from typing import Any

from recovery_api.api.problems import MEDIA_TYPE, PROBLEM_STATUSES, TITLES

JSON = "application/json"
_ID = "0190b3a4-5f6e-7c8d-9e0f-112233445566"
_BY_FORMAT = {
    "uuid": _ID,
    "date": "2026-11-21",
    "date-time": "2026-11-21T13:02:11+00:00",
    "iana-time-zone": "America/New_York",
    "uri-reference": "/api/v1/docs#not_found",
}
_BY_TYPE: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "string": "made up", "null": None}
_BY_NAME: Mapping[str, Any] = {
    "access_token": "rta_made-up-secret-of-the-documentation-only",
    "answered": 12,
    "assignee_name": "Ben Samplewick",
    "band_source": "Published course after vertebroplasty",
    "baseline_pain": 8,
    "because": "3 of 10 in a plain answer",
    "born_on": "1948-03-12",
    "by": "Ben Samplewick",
    "challenge": "rte_made-up-challenge-of-the-documentation-only",
    "channel": "app",
    "characters": 62,
    "check_in_time": "09:30",
    "claimed_at": None,
    "clinic_name": "Harbour Clinic",
    "clinic_phone": "+12125550199",
    "clinician": "Ben Samplewick",
    "code": "7K2M-9QXA-4TDE-P0VW",
    "day": 5,
    "decided_by": "Lea Testerby",
    "deleted": False,
    "detail": "There is no such thing.",
    "disposition": "check_in",
    "email": "ben@clinic.example",
    "emergency_number": "911",
    "en": "Fever of 38 °C (100.4 °F) or more",
    "error_code": None,
    "es": "Fiebre de 38 °C (100.4 °F) o más",
    "expires_in": 600,
    "family_name": "Testerby",
    "field": "pain",
    "full": False,
    "given_name": "Annwyl",
    "grade": 4.2,
    "high": 5.5,
    "inputs": {"pain": 7, "before": 4},
    "instrument": "rmdq",
    "key": "saved",
    "level": "short_walks",
    "kind": "sms",
    "label": "A",
    "language": "en",
    "least_app_version": "1.0.0",
    "levels": ["L1"],
    "longest": "10 is saved. Wrong? Text FIX and the right number.",
    "low": 2.5,
    "message": "Must be greater than or equal to 0 and less than or equal to 10.",
    "minutes_late": 0,
    "minutes_walked": 25,
    "more": False,
    "name": "Annwyl's phone",
    "next": None,
    "note": "sore at the spot",
    "number": "+12125550141",
    "otc": 2,
    "owner": "Ben Samplewick",
    "pack_version": "1",
    "pain": 4,
    "password": "a made-up passphrase",
    "patient_name": "Annwyl Testerby",
    "phone": "+12125550199",
    "prescribed": 0,
    "proposed_by": "Ben Samplewick",
    "protocol": "vertebroplasty",
    "purpose": "reminder",
    "quote": "sore at the spot",
    "reason": "Pain rose by 3 points in a day",
    "record_number": "H-1024",
    "refresh_token": "rtr_made-up-secret-of-the-documentation-only",
    "request_id": "5f0c2a4e9b1d4c7f8a3e6d2b1c0f9e8d",
    "rule": "pain_rise",
    "rule_version": "1",
    "score": 11,
    "sentence": "Pain that rises by 3 points within a day is looked at the same day.",
    "shipped": "{n} is saved. Wrong? Text FIX and the right number.",
    "source": "health_connect",
    "state": "delivered",
    "status": 200,
    "steps": 2140,
    "symptoms": ["fever"],
    "symptoms_version": "4f2a91c07d3e",
    "tier": "today",
    "text": "Saved. Call us if it gets worse.",
    "thresholds": {"points": 3},
    "title": "There is no such thing",
    "token": "made-up-push-token",
    "token_type": "Bearer",
    "total": None,
    "type": "check_in",
    "zone": "America/New_York",
}
_PATH_WORDS = {
    "appointment_id": "The visit",
    "check_in_id": "The report",
    "date": "The calendar day where the patient lives",
    "device_id": "The device; the app makes this id, once for each installation",
    "episode_id": "The recovery",
    "flag_id": "The flag",
    "message_id": "The text",
    "patient_id": "The patient",
    "phone_id": "The phone, as the patient's record names it",
    "wording_id": "The proposed words",
}


def add_examples(document: dict[str, Any]) -> None:
    """Give every request, answer, path parameter and problem an example, where it has none of its own."""
    for methods in document["paths"].values():
        for parameter in methods.get("parameters", ()):
            _tell_path_parameter(parameter)
        for operation in _operations(methods):
            for content in _contents(operation):
                if "example" not in content and "examples" not in content:
                    content["example"] = _example(content["schema"], document)
    for name, response in document["components"]["responses"].items():
        response["content"][MEDIA_TYPE]["examples"] = _problems(int(name.removeprefix("Problem")))


def _operations(methods: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in methods.values() if isinstance(one, dict) and "operationId" in one)


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    return (body["content"][JSON] for body in bodies if JSON in body.get("content", {}))


def _tell_path_parameter(parameter: dict[str, Any]) -> None:
    name = parameter["name"]
    if name == "date":
        parameter["schema"] = {"type": "string", "format": "date"}
    parameter["description"] = _PATH_WORDS[name]
    parameter["example"] = _BY_FORMAT[parameter["schema"]["format"]]


def _problems(status: int) -> dict[str, Any]:
    """One example for each code that comes with this status."""
    return {
        code: {
            "value": {
                "type": f"/api/v1/docs#{code}",
                "title": TITLES[code][0],
                "status": status,
                "code": code,
                "detail": f"{TITLES[code][0]}.",
                "errors": [{"field": "pain", "code": "required", "message": "Missing."}] if status == 422 else [],
                "request_id": _BY_NAME["request_id"],
            }
        }
        for code, statuses in PROBLEM_STATUSES.items()
        if statuses == status
    }


def _example(schema: Mapping[str, Any], document: Mapping[str, Any], name: str = "") -> Any:
    """A value that the schema allows; `name` is the field that it stands in."""
    if "$ref" in schema:
        return _example(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, name)
    if "properties" in schema:
        return {key: _example(inner, document, key) for key, inner in schema["properties"].items()}
    if "anyOf" in schema:
        return _example(next(one for one in schema["anyOf"] if one.get("type") != "null"), document, name)
    told = _told(schema, name)
    if told:
        return told[0]
    return [_example(schema["items"], document, name)] if "array" in _kinds(schema) else _made_up(schema)


def _told(schema: Mapping[str, Any], name: str) -> list[Any]:
    """What the schema itself gives as an example, or this story for a field of that name; empty where neither does."""
    found = [schema[key] for key in ("example", "const") if key in schema]
    if name in _BY_NAME and _fits(_BY_NAME[name], schema):
        found.append(_BY_NAME[name])
    return [*found, *(word for word in schema.get("enum", ()) if word is not None)]


def _made_up(schema: Mapping[str, Any]) -> Any:
    if "object" in _kinds(schema):
        return {}
    kind = next(kind for kind in _kinds(schema) if kind != "null")
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])


_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "string": str,
    "array": list,
    "object": dict,
}


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else said


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    if value not in schema.get("enum", [value]) or "$ref" in schema.get("items", {}):
        return False
    return any((value is None) if kind == "null" else isinstance(value, _PYTHON[kind]) for kind in _kinds(schema))
