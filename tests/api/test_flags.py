"""Flags: the worklist in its order, and a clinician's deeds on it, each on the version that was seen."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from recovery_api.domain.rules import TASKS
from recovery_api.models import tables
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.change_episode import EpisodeChanges, change_episode
from recovery_api.services.change_staff import change_role, disable
from recovery_api.services.record_audit import SYSTEM
from tests.builders import (
    ClockHand,
    PatientPersona,
    Persona,
    check_in_body,
    make_clinic,
    make_clinician,
    make_patient,
    record,
)


@pytest.fixture
def flag(ann: PatientPersona, ben: Persona) -> dict[str, Any]:
    """An urgent flag on Ann, as Ben sees it."""
    record(ann, 3, symptoms=("fever",))
    [found] = ben.get("/flags").json["items"]
    return dict(found)


def deed(caller: Persona, flag: dict[str, Any], what: str, body: Any = None, version: str | None = None) -> Any:
    seen = {"If-Match": version or f'"{flag["version"]}"'}
    return caller.post(f"/flags/{flag['id']}/{what}", headers=seen, **({"json": body} if body is not None else {}))


def test_the_list_is_ordered_by_tier_then_by_the_longest_wait(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    people = [make_patient(ann.clinic, given_name=f"P{n}", phone=f"+1212555015{n}") for n in range(4)]
    for place, symptom in enumerate(("fever", "leg_weakness", "wound", "breathing")):
        record(people[place], symptoms=(symptom,))
        clock.forward(minutes=10)
    listed = ben.get("/flags").json["items"]
    assert [one["patient_name"] for one in listed] == [f"Testerby, P{n}" for n in (1, 3, 0, 2)]
    paged, cursor = [], None
    while True:
        page = ben.get("/flags", query_string={"limit": 1} | ({"cursor": cursor} if cursor else {})).json
        paged += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == listed


def test_the_list_is_narrowed_by_status_tier_and_assignee(
    ann: PatientPersona, ben: Persona, flag: dict[str, Any]
) -> None:
    other = make_patient(ann.clinic, phone="+12125550149")
    record(other, symptoms=("breathing",))
    deed(ben, flag, "acknowledge")

    def ids(query: str) -> list[str]:
        return [one["id"] for one in ben.get(f"/flags?{query}").json["items"]]

    assert ids("tier=urgent") == ids("status=acknowledged") == ids("assignee=me") == [flag["id"]]
    assert ids(f"assignee={ben.id}") == [flag["id"]]
    assert ids(f"assignee={uuid4()}") == ids("status=resolved") == []
    assert len(ids("status=open")) == 1
    assert ids("cursor=") == ids("") != [], "a blank cursor is the first page"
    assert ben.get("/flags/report?since=2026-11-01T00:00:00+00:00").status_code == 200
    wrong = ("tier=high", "status=done", "assignee=ben", "limit=0", "limit=201", "limit=ten", "cursor=x", "by=1")
    for query in (*wrong, "tier=urgent&tier=today", "limit=1&limit=1"):
        assert ben.get(f"/flags?{query}").status_code == 422, query


def test_an_acknowledged_flag_belongs_to_who_took_it(flag: dict[str, Any], ben: Persona) -> None:
    answer = deed(ben, flag, "acknowledge")
    assert answer.status_code == 200
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"' == '"2"'
    assert (answer.json["status"], answer.json["assignee"]) == ("acknowledged", str(ben.id))
    read = ben.get(f"/flags/{flag['id']}")
    assert read.headers["ETag"] == answer.headers["ETag"]
    assert read.json == answer.json


DEEDS = {
    "acknowledge": None,
    "assign": {"assignee": ""},
    "snooze": {"until": "2026-11-20T18:00:00Z", "reason": "asleep"},
    "resolve": {"outcome": "advised", "note": "called"},
}


@pytest.mark.parametrize("what", DEEDS)
def test_a_deed_needs_the_version_and_fails_on_a_stale_one(what: str, flag: dict[str, Any], ben: Persona) -> None:
    body = {"assignee": str(ben.id)} if what == "assign" else DEEDS[what]
    path, sent = f"/flags/{flag['id']}/{what}", {"json": body} if body else {}
    without = ben.post(path, **sent)
    assert (without.status_code, without.json["code"]) == (428, "version_missing")
    for stale in ('"7"', 'W/"1"', "1", '"7", "8"', 'W/"1", "7"', '"one"', "nonsense"):
        answer = deed(ben, flag, what, body, stale)
        assert (answer.status_code, answer.json["code"]) == (412, "stale_version"), stale
    assert deed(ben, flag, what, body, '"0", "one", "1"').status_code == 200, "one of a list is enough"
    assert deed(ben, flag, what, body).status_code == 412


def test_of_two_nurses_at_once_one_is_first_and_the_other_is_told(app: Flask, clock: ClockHand) -> None:
    clinic = make_clinic(app)
    nurses = [make_clinician(clinic, "nurse") for _ in range(6)]
    record(make_patient(clinic), symptoms=("fever",))
    [flag] = nurses[0].get("/flags").json["items"]
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda nurse: deed(nurse, flag, "acknowledge").status_code, nurses))
    assert sorted(statuses) == [200, 412, 412, 412, 412, 412]


def test_a_flag_is_closed_with_an_outcome_and_a_note_and_opened_again(
    flag: dict[str, Any], ben: Persona, ann: PatientPersona
) -> None:
    for body in ({}, {"outcome": "advised"}, {"note": "called"}, {"outcome": "fine", "note": "called"},
                 {"outcome": "advised", "note": " "}, {"outcome": "advised", "note": "x" * 4001}):  # fmt: skip
        assert deed(ben, flag, "resolve", body).status_code == 422, body
    closed = deed(ben, flag, "resolve", {"outcome": "advised", "note": "Called; resting."})
    assert (closed.json["status"], closed.json["outcome"]) == ("resolved", "advised")
    assert ben.get("/flags").json["items"] == []
    again = deed(ben, closed.json, "resolve", {"outcome": "advised", "note": "twice"})
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    opened = deed(ben, closed.json, "reopen", {"note": "called back worse"})
    assert (opened.status_code, opened.json["status"]) == (200, "open")
    events = ben.get(f"/flags/{flag['id']}/explanation").json["events"]
    assert [(one["kind"], one["note"]) for one in events if one["note"]] == [
        ("resolved", "Called; resting."), ("reopened", "called back worse"),
    ]  # fmt: skip


def test_who_could_not_be_reached_stays_on_the_list(flag: dict[str, Any], ben: Persona) -> None:
    taken = deed(ben, flag, "acknowledge").json
    answer = deed(ben, taken, "resolve", {"outcome": "could_not_reach", "note": "no answer"})
    assert (answer.json["status"], answer.json["assignee"]) == ("open", None)


def test_a_flag_is_handed_to_a_colleague_of_this_clinic_only(flag: dict[str, Any], ben: Persona, cleo: Persona) -> None:
    nurse = make_clinician(ben.clinic, "nurse")
    assert deed(ben, flag, "assign", {"assignee": str(cleo.id)}).status_code == 422
    assert deed(ben, flag, "assign", {"assignee": str(nurse.id)}).json["assignee"] == str(nurse.id)


def test_a_flag_is_put_off_by_a_day_at_most_and_an_emergency_never(
    flag: dict[str, Any], ben: Persona, ann: PatientPersona, clock: ClockHand
) -> None:
    for hours in (-1, 25):
        until = (clock.now + timedelta(hours=hours)).isoformat()
        assert deed(ben, flag, "snooze", {"until": until, "reason": "asleep"}).status_code == 422
    until = (clock.now + timedelta(hours=3)).isoformat()
    assert deed(ben, flag, "snooze", {"until": until, "reason": "asleep"}).json["status"] == "snoozed"
    record(ann, symptoms=("leg_weakness",))
    [worse] = ben.get("/flags").json["items"]
    assert (worse["tier"], worse["status"]) == ("emergency", "open")
    assert deed(ben, worse, "snooze", {"until": until, "reason": "asleep"}).status_code == 409


def test_a_flag_that_sleeps_is_put_off_no_further_than_a_day_however_often(
    flag: dict[str, Any], ben: Persona, clock: ClockHand
) -> None:
    began = clock.now

    def put_off(hours: int) -> int:
        [seen] = ben.get("/flags?status=snoozed").json["items"] or [flag]
        body = {"until": (began + timedelta(hours=hours)).isoformat(), "reason": "asleep"}
        return int(deed(ben, seen, "snooze", body).status_code)

    assert put_off(hours=20) == 200
    clock.forward(hours=19)
    assert put_off(hours=25) == 422
    assert put_off(hours=24) == 200
    assert put_off(hours=25) == 422


def test_an_explanation_names_the_rule_what_it_saw_and_who_was_told_when(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, pain=6, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    said = ben.get(f"/flags/{flag['id']}/explanation").json
    assert (said["rule"], said["tier"], said["family"]) == (flag["rule"], "urgent", "red_flag")
    assert said["reason"] == flag["reason"]
    assert said["source"]
    assert said["inputs"]["pain"] == 6
    band = said["expected_band"]
    assert (band["low"] < band["high"], "VERTOS" in band["band_source"], band["patients"]) == (True, True, None)
    assert said["told"] == [
        {
            "clinician_id": str(ben.id),
            "clinician": "Made-up clinician",
            "channel": "sms",
            "at": clock.now.isoformat(),
            "state": "planned",
            "settled_at": None,
        }
    ]
    assert [one["kind"] for one in said["events"]] == ["opened", "paged"]


def test_an_explanation_is_the_same_to_the_letter_after_the_rules_moved_on(
    ann: PatientPersona, ben: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, pain=6, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    before = ben.get(f"/flags/{flag['id']}/explanation").data
    assert b"Fever or shaking chills reported" in before
    later = replace(rule_pack(), version="9.0", rules=tuple(replace(one, version="9") for one in rule_pack().rules))
    monkeypatch.setattr("recovery_api.services.clinic_rules.rule_pack", lambda: later)
    assert ben.get(f"/flags/{flag['id']}/explanation").data == before


def test_an_explanation_is_the_same_to_the_letter_after_the_recovery_was_mended(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, pain=6, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    before = ben.get(f"/flags/{flag['id']}/explanation").data
    mended = EpisodeChanges(performed_on=clock.now.date() - timedelta(days=40), baseline_pain=2)
    with ann.clinic.open() as scope:
        change_episode(scope, ann.episode_id, mended, SYSTEM, clock.now)
    assert ben.get(f"/flags/{flag['id']}/explanation").data == before


def test_an_explanation_is_the_same_to_the_letter_after_those_who_were_told_got_another_role_and_left(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    lead = make_clinician(ann.clinic, "lead")
    ann.post("/me/check-ins", json=check_in_body(ann, pain=6, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    assert deed(ben, flag, "acknowledge").status_code == 200
    before = lead.get(f"/flags/{flag['id']}/explanation").data
    with ann.clinic.open() as scope:
        change_role(scope, ben.id, "clinician", False, SYSTEM, clock.now)
        disable(scope, ben.id, SYSTEM, clock.now)
    assert lead.get(f"/flags/{flag['id']}/explanation").data == before


def test_an_older_flag_is_explained_by_its_answer_as_that_first_came(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, pain=6, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    before = ben.get(f"/flags/{flag['id']}/explanation").json["expected_band"]
    moved = EpisodeChanges(performed_on=clock.now.date() - timedelta(days=40))
    with ann.clinic.open() as scope:
        older = tables.flag.c.inputs.op("-")("day").op("-")("baseline")
        scope.connection.execute(update(tables.flag).values(inputs=older))
        change_episode(scope, ann.episode_id, moved, SYSTEM, clock.now)
    assert ben.get(f"/flags/{flag['id']}/explanation").json["expected_band"] == before


def test_a_look_at_flags_is_written_to_the_audit(flag: dict[str, Any], ben: Persona) -> None:
    ben.get(f"/flags/{flag['id']}")
    ben.get(f"/flags/{flag['id']}/explanation")
    with ben.clinic.open() as scope:
        event = tables.audit_event
        seen = scope.connection.execute(select(event.c.action).where(event.c.actor_id == ben.id)).scalars().all()
    assert {"flags.listed", "flag.viewed", "flag.explained"} <= set(seen)


@pytest.mark.parametrize("task", TASKS)
def test_a_task_of_its_own_is_one_of_the_operations_to_a_program(
    ann: PatientPersona, ben: Persona, flag: dict[str, Any], task: str
) -> None:
    with ann.clinic.open() as scope:
        scope.connection.execute(
            update(tables.flag).where(tables.flag.c.clinic_id == ann.clinic.id).values(family=task)
        )
    [listed] = ben.get("/flags").json["items"]
    assert listed["family"] == ben.get(f"/flags/{flag['id']}/explanation").json["family"] == "operations"
