"""Mass assignment: no write takes a column that is the server's own."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection

from recovery_api.api.calls import Operation
from recovery_api.db import metadata
from recovery_api.domain.access import ACCESS, ANYONE, PATIENT, may
from tests.api.examples import EXAMPLES, World, operations
from tests.builders import PatientPersona, Persona, make_clinician

COLUMNS = sorted({column.name for table in metadata.tables.values() for column in table.columns})
# What a body may say although a column has the same name: it is the caller's to say.
OPEN: dict[str, set[str]] = {
    "changeMe": {"language", "zone", "check_in_time", "consent", "channels"},
    "reportCheckIn": {"client_id", "pain", "recorded_at", "symptoms"},
    "correctCheckIn": {"client_id", "pain", "recorded_at", "symptoms"},
    "addPhone": {"label", "whose", "channel"},
    "putActivityDay": {"steps", "minutes_walked", "source", "coverage", "computed_at"},
    "answerQuestionnaire": {"client_id", "instrument", "score", "answers", "recorded_at"},
    "putMyDevice": {"platform", "name"},
    "takeCheckIn": {"client_id", "pain", "recorded_at", "symptoms", "answered_by"},
    "addPatient": {"language", "zone", "sex", "label", "channel"},
    "changePatient": {"language", "zone", "sex", "status"},
    "startEpisode": {"baseline_pain", "check_in_time"},
    "changeEpisode": {"baseline_pain", "check_in_time", "status"},
    "bookAppointment": {"starts_at"},
    "changeAppointment": {"starts_at", "status"},
    "resolveFlag": {"outcome"},
    "snoozeFlag": {"reason"},
    "proposeWording": {"language", "body", "most_segments"},
}


def writes(app: Flask) -> dict[str, Operation]:
    return {
        name: one
        for name, one in operations(app).items()
        if one.is_write and one.method != "DELETE"  # which has no body
    }


def test_every_column_that_a_body_does_not_own_is_refused_by_name(
    app: Flask, world: World, ben: Persona, database: Connection
) -> None:
    lead = make_clinician(world.patient.clinic, "lead")
    for name, operation in writes(app).items():
        path, options = EXAMPLES[name](world)
        staff = ben if may("clinician", name) else lead
        caller = world.patient if ACCESS[name] in (PATIENT, ANYONE) else staff
        body = {column: None for column in COLUMNS if column not in OPEN.get(name, set())} | options.get("json", {})
        answer = caller.call(operation.method, path, **(options | {"json": body}))
        assert answer.status_code == 422, name
        unknown = {one["field"] for one in answer.json["errors"] if one["code"] == "unknown"}
        owned = OPEN.get(name, set()) | set(options.get("json", {}))
        assert unknown == set(COLUMNS) - owned, name


def test_a_day_of_a_batch_owns_no_more_than_a_day(app: Flask, world: World) -> None:
    [item] = EXAMPLES["putActivityDays"](world)[1]["json"]["items"]
    columns = {column: None for column in COLUMNS if column not in OPEN["putActivityDay"]}
    [outcome] = world.patient.post("/me/activity-days:batch", json={"items": [columns | item]}).json["items"]
    assert outcome["outcome"] == "refused"
    assert {one["field"] for one in outcome["errors"] if one["code"] == "unknown"} == set(columns)


def test_an_item_of_a_batch_owns_no_more_than_a_report(app: Flask, world: World) -> None:
    [item] = EXAMPLES["reportCheckIns"](world)[1]["json"]["items"]
    columns = {column: None for column in COLUMNS if column not in OPEN["reportCheckIn"]}
    answer = world.patient.post("/me/check-ins:batch", json={"items": [columns | item]})
    [outcome] = answer.json["items"]
    assert outcome["outcome"] == "refused"
    assert {one["field"] for one in outcome["errors"] if one["code"] == "unknown"} == set(columns)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"activity": {"level": "in_bed", "day": 1}}, "activity.day"),
     ({"medication": {"otc": 1, "id": 1}}, "medication.id")],
)  # fmt: skip
def test_nested_objects_own_no_more_than_they_say(body: dict[str, Any], field: str, ann: PatientPersona) -> None:
    answer = ann.post("/me/check-ins", json=body)
    assert field in {one["field"] for one in answer.json["errors"] if one["code"] == "unknown"}
