"""Episodes: started with a plan, changed with the plan following, and their course."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from recovery_api.models import tables
from tests.builders import NOW, ClockHand, PatientPersona, Persona, make_patient, record


@pytest.fixture
def added(ben: Persona) -> str:
    """A patient without a recovery."""
    new = {"given_name": "Dorrit", "family_name": "Samplewick", "born_on": "1951-02-03", "phone": "+12125550143"}
    return str(ben.post("/patients", json=new).json["id"])


def planned(patient_episode: str, ben: Persona) -> list[Any]:
    reminder = tables.reminder
    with ben.clinic.open() as scope:
        statement = select(reminder).where(reminder.c.episode_id == patient_episode, reminder.c.state == "planned")
        return list(scope.connection.execute(statement.order_by(reminder.c.due_at)))


NEW = {"procedure": {"performed_on": "2026-11-20", "levels": ["T12", "L1"]}, "baseline_pain": 8}


def test_a_started_recovery_has_its_first_two_weeks_planned(added: str, ben: Persona) -> None:
    answer = ben.post(f"/patients/{added}/episodes", json=NEW)
    assert answer.status_code == 201
    said = answer.json
    assert said["procedure"] == NEW["procedure"]
    assert (said["patient_id"], said["status"], said["day"]) == (added, "active", 0)
    assert (said["check_in_time"], said["ends_on"]) == ("09:30", "2027-11-20")
    assert said["protocol"]["name"] == "vertebroplasty"
    assert len([one for one in planned(said["id"], ben) if one.kind == "check_in"]) == 14
    assert ben.get(f"/episodes/{said['id']}").json == said
    assert ben.get(f"/patients/{added}").json["episodes"] == [said]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"procedure": {"performed_on": "2026-11-20", "levels": []}}, "procedure.levels"),
     ({"procedure": {"performed_on": "2026-11-20", "levels": ["L6"]}}, "procedure.levels.0"),
     ({"procedure": {"performed_on": "2026-11-20", "levels": ["L1", "L1"]}}, "procedure.levels"),
     ({"procedure": {"performed_on": "2024-11-20", "levels": ["L1"]}}, "procedure.performed_on"),
     ({"procedure": {"performed_on": "2028-11-20", "levels": ["L1"]}}, "procedure.performed_on"),
     ({"procedure": {"levels": ["L1"]}}, "procedure.performed_on"), ({"procedure": None}, "procedure"),
     ({"baseline_pain": 11}, "baseline_pain"), ({"check_in_time": "03:00"}, "check_in_time"),
     ({"protocol": "kyphoplasty"}, "protocol"), ({"status": "ended"}, "status")],
    ids=lambda one: str(one)[:60],
)  # fmt: skip
def test_a_field_outside_its_bounds_is_named(change: dict[str, Any], field: str, added: str, ben: Persona) -> None:
    answer = ben.post(f"/patients/{added}/episodes", json=NEW | change)
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, [field])


def test_one_recovery_runs_at_a_time(added: str, ben: Persona) -> None:
    first = ben.post(f"/patients/{added}/episodes", json=NEW).json
    assert ben.post(f"/patients/{added}/episodes", json=NEW).status_code == 409
    ended = ben.patch(f"/episodes/{first['id']}", json={"status": "ended"})
    assert ended.json["status"] == "ended"
    assert planned(first["id"], ben) == []
    assert ben.patch(f"/episodes/{first['id']}", json={"baseline_pain": 3}).status_code == 409
    second = ben.post(f"/patients/{added}/episodes", json=NEW)
    assert second.status_code == 201
    assert [one["id"] for one in ben.get(f"/patients/{added}").json["episodes"]] == [second.json["id"], first["id"]]


def test_a_postponed_procedure_moves_the_plan_with_it(added: str, ben: Persona) -> None:
    episode = ben.post(f"/patients/{added}/episodes", json=NEW).json
    moved = ben.patch(f"/episodes/{episode['id']}", json={"procedure": {"performed_on": "2026-11-25"}})
    assert (moved.json["day"], moved.json["ends_on"]) == (-5, "2027-11-25")
    assert moved.json["procedure"]["levels"] == ["T12", "L1"]
    check_ins = [one for one in planned(episode["id"], ben) if one.kind == "check_in"]
    assert check_ins[0].local_on.isoformat() == "2026-11-26"
    back = ben.patch(f"/episodes/{episode['id']}", json={"procedure": {"performed_on": "2026-11-20"}})
    assert back.json["day"] == 0
    assert len([one for one in planned(episode["id"], ben) if one.kind == "check_in"]) == 14


def test_a_procedure_that_moves_after_answers_takes_their_days_along_and_keeps_the_old_versions(
    ann: PatientPersona, ben: Persona
) -> None:
    record(ann, 4)
    form = {"client_id": str(uuid4()), "instrument": "rmdq", "score": 9, "recorded_at": NOW.isoformat()}
    assert ann.post("/me/questionnaires", json=form).json["day"] == 5
    moved = ben.patch(f"/episodes/{ann.episode_id}", json={"procedure": {"performed_on": "2026-11-27"}})
    assert (moved.status_code, moved.json["day"]) == (200, -7)
    told = ann.get("/me/check-ins").json["items"]
    assert [(one["day"], one["version"], one["pain"]) for one in told] == [(-7, 2, 4)]
    assert [one["day"] for one in ann.get("/me/questionnaires").json["items"]] == [-7]
    with ben.clinic.open() as scope:
        versions = scope.connection.execute(select(tables.check_in.c.version, tables.check_in.c.day)).all()
    assert sorted(versions) == [(1, 5), (2, -7)]
    assert {one.text_key for one in planned(ann.episode_id, ben)} >= {"prepare_ride", "check_in_pain"}


def test_the_course_shows_answers_band_gaps_and_flags(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    record(ann, 6, days_ago=4)
    record(ann, 5, days_ago=3)
    first = record(ann, 9, days_ago=1)
    ben.post(f"/episodes/{ann.episode_id}/check-ins", json={"pain": 4, "symptoms": ["fever"]})
    said = ben.get(f"/episodes/{ann.episode_id}/trajectory").json
    assert [(one["day"], one["pain"], one["channel"]) for one in said["points"]] == [
        (1, 6, "sms"), (2, 5, "sms"), (4, 9, "sms"), (5, 4, "staff"),
    ]  # fmt: skip
    assert said["points"][2]["check_in_id"] == str(first.id)
    assert said["points"][3]["symptoms"] == ["fever"]
    assert said["gaps"] == [{"day": 3, "local_date": "2026-11-18"}]
    assert [one["day"] for one in said["band"]] == [0, 1, 2, 3, 4, 5]
    assert all(0 <= one["low"] <= one["high"] <= 10 for one in said["band"])
    assert {one["family"] for one in said["flags"]} == {"red_flag"}
    assert said["episode"]["id"] == str(ann.episode_id)


def test_a_year_later_the_course_ends_with_the_recovery(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    clock.forward(days=400)
    said = ben.get(f"/episodes/{ann.episode_id}/trajectory").json
    assert len(said["band"]) == 366
    assert said["points"] == []


def test_another_patients_flags_are_not_in_the_course(ann: PatientPersona, ben: Persona) -> None:
    record(make_patient(ann.clinic, phone="+12125550149"), symptoms=("fever",))
    assert ben.get(f"/episodes/{ann.episode_id}/trajectory").json["flags"] == []


def test_a_changed_hour_moves_what_is_still_to_come(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    before = planned(str(ann.episode_id), ben)
    said = ben.patch(f"/episodes/{ann.episode_id}", json={"check_in_time": "18:00"}).json
    after = planned(str(ann.episode_id), ben)
    assert said["check_in_time"] == "18:00"
    daily = [one for one in after if one.kind == "check_in" and one.due_at > clock.now + timedelta(days=1)]
    assert {one.due_at.hour for one in daily} == {23}  # 18:00 in New York
    assert {one.id for one in daily} <= {one.id for one in before}
