"""The patient's own side: preferences that move the plan, today, and what is planned."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from recovery_api.models import tables
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, check_in_body, make_patient

TOMORROW = date(2026, 11, 21)


def test_a_patient_sees_own_preferences(ann: PatientPersona, clock: ClockHand) -> None:
    assert ann.get("/me").json == {
        "id": str(ann.id),
        "given_name": "Annwyl",
        "language": "en",
        "zone": "America/New_York",
        "check_in_time": "09:30",
        "channels": {"sms": True, "app": True},
        "consent": [{"purpose": "care_texts", "channel": "sms", "granted": True, "recorded_at": clock.now.isoformat()}],
    }


def test_changed_preferences_move_what_is_still_to_come_and_nothing_else(ann: PatientPersona, clock: ClockHand) -> None:
    before = ann.get("/me/plan").json["items"]
    answer = ann.patch("/me", json={"language": "es", "zone": "America/Los_Angeles", "check_in_time": "10:15"})
    assert answer.status_code == 200
    changed = {"language": "es", "zone": "America/Los_Angeles", "check_in_time": "10:15"}
    assert {name: answer.json[name] for name in changed} == changed
    after = ann.get("/me/plan").json["items"]
    assert [(one["kind"], one["local_date"]) for one in after] == [(one["kind"], one["local_date"]) for one in before]
    assert [one["id"] for one in after] == [one["id"] for one in before]
    tomorrow = next(one for one in after if one["local_date"] == "2026-11-21")
    assert tomorrow["due_at"] == "2026-11-21T18:15:00+00:00"
    assert "espalda" in tomorrow["text"]
    with ann.clinic.open() as scope:
        work, plan = tables.due_work, tables.care_plan
        mine = (
            select(work.c.due_at)
            .join(tables.reminder, tables.reminder.c.id == work.c.row_id)
            .where(work.c.clinic_id == ann.clinic.id, work.c.kind == "reminder")
            .where(tables.reminder.c.condition.is_distinct_from("not_told_yet"))
        )
        due = scope.connection.execute(mine).scalars().all()
        plans = scope.connection.execute(select(func.count()).select_from(plan)).scalar()
    assert sorted(one.isoformat() for one in due) == sorted(one["due_at"] for one in after)
    assert plans == 2, "the old plan stays, replaced"


def test_what_was_handed_over_is_not_planned_again(ann: PatientPersona, clock: ClockHand) -> None:
    reminder = tables.reminder
    with ann.clinic.open() as scope:
        scope.connection.execute(update(reminder).where(reminder.c.local_on == TOMORROW).values(state="handed_over"))
    ann.patch("/me", json={"check_in_time": "10:15"})
    with ann.clinic.open() as scope:
        rows = scope.connection.execute(select(reminder).where(reminder.c.local_on == TOMORROW)).all()
    assert {row.state for row in rows} == {"handed_over"}
    assert "2026-11-21" not in {one["local_date"] for one in ann.get("/me/plan").json["items"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"zone": "Mars/Olympus"}, "zone"), ({"zone": ""}, "zone"), ({"zone": "/etc/localtime"}, "zone"),
     ({"zone": "localtime"}, "zone"), ({"zone": "Factory"}, "zone"), ({"channels": {"sms": 1}}, "channels.sms"),
     ({"consent": [{"purpose": "research", "granted": 0}]}, "consent.0.granted"),
     ({"language": "fr"}, "language"), ({"language": None}, "language"), ({"check_in_time": "03:00"}, "check_in_time"),
     ({"check_in_time": "20:00"}, "check_in_time"), ({"id": "x"}, "id"), ({"channels": {"sms": "no"}}, "channels.sms"),
     ({"consent": [{"purpose": "care_texts", "granted": False}]}, "consent.0.purpose")],
    ids=str,
)  # fmt: skip
def test_a_field_outside_its_bounds_is_named(change: dict[str, Any], field: str, ann: PatientPersona) -> None:
    before = ann.get("/me").json
    answer = ann.patch("/me", json={"check_in_time": "11:00"} | change)
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, [field])
    assert ann.get("/me").json == before


def test_texts_stopped_in_the_app_stay_here_and_somebody_calls(ann: PatientPersona, ben: Persona) -> None:
    stopped = ann.patch("/me", json={"channels": {"sms": False}})
    assert (stopped.status_code, stopped.json["channels"]["sms"]) == (200, False)
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": "How are you?"}).status_code == 409
    [flag] = ben.get("/flags").json["items"]
    assert (flag["tier"], flag["reason"]) == ("today", "Stopped texts in the app: call instead")
    again = ann.patch("/me", json={"channels": {"sms": True}})
    assert again.json["channels"]["sms"] is True
    assert ben.post(f"/patients/{ann.id}/messages", json={"body": "How are you?"}).status_code == 201


def test_a_wrong_number_never_comes_back_by_the_app(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(state="wrong_person"))
    assert ann.patch("/me", json={"channels": {"sms": True}}).json["channels"]["sms"] is False


def test_research_is_granted_and_taken_back_in_the_ledger(ann: PatientPersona, clock: ClockHand) -> None:
    for granted in (True, False):
        clock.forward(minutes=1)
        said = ann.patch("/me", json={"consent": [{"purpose": "research", "granted": granted}]}).json
        [line] = [one for one in said["consent"] if one["purpose"] == "research"]
        assert (line["granted"], line["channel"]) == (granted, "app")


def test_today_shows_the_day_what_is_open_the_next_visit_and_the_band(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    clock.forward(days=1, hours=-2)  # eight in the morning, before the question goes out
    starts_at = (clock.now + timedelta(days=9)).isoformat()
    for at in (starts_at, (clock.now + timedelta(days=30)).isoformat()):
        ben.post(f"/episodes/{ann.episode_id}/appointments", json={"starts_at": at})
    said = ann.get("/me/episode").json
    assert (said["id"], said["status"], said["day"]) == (str(ann.episode_id), "active", 6)
    assert said["procedure"] == {"performed_on": "2026-11-15", "levels": ["L1"]}
    open_today = [(one["kind"], one["local_date"]) for one in said["open_items"]]
    assert open_today == [("check_in", "2026-11-21"), ("activity", "2026-11-21")]
    assert "Harbour Clinic" in said["open_items"][0]["text"]
    assert said["next_visit"]["starts_at"] == starts_at
    assert said["expected_band"]["low"] < said["expected_band"]["high"]
    ann.post("/me/check-ins", json=check_in_body(ann))
    assert [one["kind"] for one in ann.get("/me/episode").json["open_items"]] == ["activity"]


def test_without_a_running_recovery_there_is_none_to_read(ann: PatientPersona, ben: Persona) -> None:
    ben.patch(f"/episodes/{ann.episode_id}", json={"status": "ended"})
    for path in ("/me/episode", "/me/plan"):
        answer = ann.get(path)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert ann.get("/me").json["check_in_time"] is None
    assert ann.get("/me/check-ins").status_code == 200


def test_the_plan_is_in_order_and_in_pages(ann: PatientPersona) -> None:
    whole = ann.get("/me/plan").json
    assert whole["next"] is None
    due = [one["due_at"] for one in whole["items"]]
    assert due == sorted(due)
    assert len(due) >= 9
    first = ann.get("/me/plan?limit=4").json
    rest = ann.get("/me/plan", query_string={"cursor": first["next"]}).json
    assert first["items"] + rest["items"] == whole["items"]


def test_a_phone_that_takes_no_texts_is_said_so(ann: PatientPersona) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(update(tables.contact_point).values(state="opted_out"))
    assert ann.get("/me").json["channels"]["sms"] is False


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati"])
def test_the_day_is_counted_where_the_patient_lives(zone: str, clinic: BuiltClinic, clock: ClockHand) -> None:
    far = make_patient(clinic, zone=zone, phone="+12125550148")
    local = check_in_body(far)["recorded_at"]
    assert far.get("/me/episode").json["day"] in (5, 6)
    assert far.post("/me/check-ins", json=check_in_body(far, recorded_at=local)).status_code == 201
