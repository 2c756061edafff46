"""Sync: two phones whose logs come in any order, any number of times, end in the same state, each fact once."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Connection
from werkzeug.test import TestResponse

from tests.api.examples import PUSH
from tests.builders import (
    BuiltClinic,
    ClockHand,
    PatientPersona,
    Persona,
    check_in_body,
    make_clinic,
    make_patient,
    record,
)
from tests.deployment import wait_for

AREAS = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228)
SERVERS_OWN = ("id", "received_at", "minutes_late", "timing", "advice")  # when and as what it came


def heard(ask: Callable[[], TestResponse]) -> Any:
    """What is answered; while the database is too busy the phone asks again, as it would anyway."""

    def once() -> TestResponse | None:
        answer = ask()
        return None if answer.status_code == 503 else answer

    return wait_for(once, "the database stays busy").json


def whole(patient: PatientPersona, since: str | None = None, limit: int = 500) -> tuple[list[Any], str]:
    """Every change since a cursor, and the cursor after them."""
    found: list[Any] = []
    while True:
        query = {"limit": limit} | ({"since": since} if since else {})
        said = heard(lambda query=query: patient.get("/me/sync", query_string=query))
        assert len(said["changes"]) <= limit
        found += said["changes"]
        since = str(said["next"])
        if not said["more"]:
            return found, since


def of(changes: list[Any], kind: str) -> list[Any]:
    return [one for one in changes if one["type"] == kind]


def test_a_new_app_gets_everything_and_then_only_what_changed(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, note="sore"))
    first, cursor = whole(ann)
    assert {one["type"] for one in first} >= {"me", "check_in", "plan_item"}
    assert len({(one["type"], one["id"]) for one in first}) == len(first)
    assert whole(ann, cursor) == ([], cursor)
    made = ann.post("/me/check-ins", json=check_in_body(ann, pain=2)).json
    ann.call("PUT", "/me/activity-days/2026-11-19", json=day(clock, steps=900))
    ben.post(f"/patients/{ann.id}/messages", json={"body": "How are you?"})
    changes, after = whole(ann, cursor)
    assert sorted(one["type"] for one in changes) == ["activity_day", "check_in", "message"]
    [change] = of(changes, "check_in")
    assert (change["id"], change["deleted"], change["data"]) == (made["id"], False, made)
    assert of(changes, "message")[0]["data"]["body"] == "How are you?"
    assert whole(ann, after) == ([], after)
    assert whole(ann, cursor)[0] == changes, "a cursor may be used again"


def test_what_is_gone_is_told_by_a_tombstone(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    first, cursor = whole(ann)
    planned = {one["id"] for one in of(first, "plan_item")}
    assert ben.patch(f"/episodes/{ann.episode_id}", json={"status": "ended"}).status_code == 200
    changes, after = whole(ann, cursor)
    gone = {one["id"] for one in of(changes, "plan_item")}
    assert gone == planned
    assert all(one["deleted"] and one["data"] is None for one in of(changes, "plan_item"))
    assert whole(ann, after)[0] == []


def test_a_correction_changes_the_item_and_keeps_its_id(ann: PatientPersona) -> None:
    made = ann.post("/me/check-ins", json=check_in_body(ann, pain=4)).json
    _, cursor = whole(ann)
    ann.post(f"/me/check-ins/{made['id']}/corrections", json={"pain": 6})
    [change] = whole(ann, cursor)[0]
    assert (change["id"], change["data"]["version"], change["data"]["pain"]) == (made["id"], 2, 6)


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_of_any_size_say_the_same_as_one(limit: int, ann: PatientPersona) -> None:
    for pain in range(4):
        record(ann, pain)
    once, end = whole(ann)
    assert whole(ann, limit=limit) == (once, end)


def test_pages_stay_true_while_new_facts_come_in(ann: PatientPersona) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, pain=1))
    first = ann.get("/me/sync?limit=2").json
    ann.post("/me/check-ins", json=check_in_body(ann, pain=2))
    rest, end = whole(ann, first["next"])
    held = {(one["type"], one["id"]): one["data"] for one in first["changes"] + rest}
    assert held == {(one["type"], one["id"]): one["data"] for one in whole(ann)[0]}
    assert whole(ann, end)[0] == []


def test_a_cursor_that_was_forgotten_says_that_everything_begins_anew(ann: PatientPersona) -> None:
    said = ann.get("/me/sync", query_string={"since": "A" * 22}).json
    assert (said["full"], len(said["changes"]) > 5) == (True, True)
    assert ann.get("/me/sync").json["full"] is False
    assert ann.get("/me/sync?since=").json["changes"] == said["changes"], "a blank cursor is the beginning"


def test_a_cursor_of_another_patient_tells_nothing_of_them(clinic: BuiltClinic, ann: PatientPersona) -> None:
    other = make_patient(clinic, phone="+12125550147")
    _, cursor = whole(ann)
    assert other.get("/me/sync", query_string={"since": cursor}).json["full"] is True
    theirs = {one["id"] for one in whole(other)[0]}
    assert theirs.isdisjoint(one["id"] for one in whole(ann)[0])


@pytest.mark.parametrize("since", ["x", "A" * 23, "2026-11-20T00:00:00Z", "ü" * 22, "A" * 101])
def test_what_is_no_cursor_is_refused(since: str, ann: PatientPersona) -> None:
    assert ann.get("/me/sync", query_string={"since": since}).status_code == 422


def test_nothing_new_is_answered_without_a_body(ann: PatientPersona) -> None:
    _, cursor = whole(ann)
    first = ann.get("/me/sync", query_string={"since": cursor})
    held = {"If-None-Match": first.headers["ETag"]}
    again = ann.get("/me/sync", query_string={"since": cursor}, headers=held)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    ann.post("/me/check-ins", json=check_in_body(ann))
    assert ann.get("/me/sync", query_string={"since": cursor}, headers=held).status_code == 200


def day(clock: ClockHand, **changes: Any) -> dict[str, Any]:
    known = {"steps": 1, "source": "healthkit", "coverage": "full", "computed_at": clock.now.isoformat()}
    return known | changes


def made_up_log(rng: random.Random, patient: PatientPersona, clock: ClockHand) -> list[tuple[str, dict[str, Any]]]:
    """What one phone wrote down without a network: reports, and sums of days that it made more than once."""
    found: list[tuple[str, dict[str, Any]]] = []
    for _ in range(rng.randint(0, 4)):
        at = clock.now - timedelta(minutes=rng.randint(0, 60 * 24 * 20))
        facts = {"pain": rng.randint(0, 10), "symptoms": rng.sample(["fever", "wound"], rng.randint(0, 1))}
        body = check_in_body(patient, recorded_at=at.isoformat(), **facts)
        found.append(("check_in", body | {"client_id": str(UUID(int=rng.getrandbits(128)))}))
    for _ in range(rng.randint(0, 4)):
        on = (clock.now - timedelta(days=rng.randint(0, 3))).date().isoformat()
        at = clock.now - timedelta(minutes=rng.randint(0, 2))
        coverage = rng.choice(["full", "partial"])
        facts = day(clock, steps=rng.randint(0, 3), computed_at=at.isoformat(), coverage=coverage)
        found.append(("day", {"date": on} | facts))
    return found


def deliver(patient: PatientPersona, items: list[tuple[str, dict[str, Any]]]) -> None:
    for kind, path in (("check_in", "/me/check-ins:batch"), ("day", "/me/activity-days:batch")):
        batch = [body for one, body in items if one == kind]
        if batch:
            said = heard(lambda path=path, batch=batch: patient.post(path, json={"items": batch}))
            assert "refused" not in {one["outcome"] for one in said["items"]}, said


def state_of(patient: PatientPersona) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """The facts that a phone ends up with, without the server's own marks."""
    kept = [one for one in whole(patient)[0] if one["type"] in ("check_in", "activity_day")]
    bare = [(one["type"], {k: v for k, v in one["data"].items() if k not in SERVERS_OWN}) for one in kept]
    return sorted((kind, tuple(sorted((name, str(value)) for name, value in data.items()))) for kind, data in bare)


@pytest.mark.soak
def test_any_order_and_any_number_of_times_ends_in_the_same_state(
    samples: Callable[[int, int], int], app: Flask, clock: ClockHand
) -> None:
    clinic = make_clinic(app)
    for seed in range(samples(6, 1_000)):
        rng = random.Random(seed)
        patients = [make_patient(clinic, phone=f"+1{AREAS[seed // 50]}55501{seed % 50 * 2 + way:02}") for way in (0, 1)]
        logs = [made_up_log(rng, patients[0], clock) for _ in range(2)]
        states = []
        for patient in patients:
            items = [one for log in logs for one in log]
            rng.shuffle(items)
            sent = items + rng.sample(items, rng.randint(0, len(items)))  # some go twice
            cuts = sorted(rng.randint(0, len(sent)) for _ in range(rng.randint(0, 3)))
            for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
                deliver(patient, sent[begin:end])
            states.append(state_of(patient))
        reports = {body["client_id"] for log in logs for kind, body in log if kind == "check_in"}
        days = {body["date"] for log in logs for kind, body in log if kind == "day"}
        assert states[0] == states[1], seed
        kinds = [kind for kind, _ in states[0]]
        assert (kinds.count("check_in"), kinds.count("activity_day")) == (len(reports), len(days)), seed


def test_a_device_that_is_removed_is_out_and_its_push_token_gone(ann: PatientPersona, database: Connection) -> None:
    device = "0190b3a4-5f6e-7c8d-9e0f-112233445566"
    put = ann.call("PUT", f"/me/devices/{device}", json=PUSH | {"name": "Old phone"})
    assert (put.status_code, put.json["platform"], put.json["name"]) == (200, "fcm", "Old phone")
    assert "token" not in put.json
    changed = ann.call("PUT", f"/me/devices/{device}", json={"platform": "apns", "token": "another-token"})
    assert (changed.json["platform"], changed.json["name"]) == ("apns", "Old phone")
    held = database.exec_driver_sql("SELECT t::text FROM device t").scalars().all()
    assert all(PUSH["token"].encode().hex() not in row and "another-token" not in row for row in held)
    assert ann.delete(f"/me/devices/{device}").status_code == 204
    assert ann.delete("/me/devices/0190b3a4-5f6e-7c8d-9e0f-112233445599").status_code == 404
    assert database.exec_driver_sql("SELECT push_token_sealed FROM device").scalars().all() == [None]
