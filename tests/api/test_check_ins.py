"""Check-ins by the app: stored once, judged like any other, answered with what to do now."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.models import tables
from recovery_api.services.read_history import read_history
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, check_in_body, make_patient, record

EVERYTHING = {
    "pain": 4,
    "activity": {"level": "short_walks", "minutes_walked": 25},
    "medication": {"otc": 2, "prescribed": 0},
    "symptoms": ["fever"],
    "note": "sore at the spot",
}


def stored(patient: PatientPersona) -> list[Any]:
    with patient.clinic.open() as scope:
        check_in = tables.check_in
        return list(scope.connection.execute(select(check_in).where(check_in.c.episode_id == patient.episode_id)))


def test_an_answer_is_stored_with_its_day_and_comes_back_with_advice(ann: PatientPersona, clock: ClockHand) -> None:
    recorded_at = clock.now - timedelta(hours=9)
    body = check_in_body(ann, recorded_at=recorded_at.isoformat(), **EVERYTHING)
    answer = ann.post("/me/check-ins", json=body)
    assert answer.status_code == 201
    said = answer.json
    assert {name: said[name] for name in ("pain", "symptoms", "note", "activity")} == {
        name: body[name] for name in ("pain", "symptoms", "note", "activity")
    }
    assert said["medication"] == {"otc": 2, "prescribed": 0, "total": None}
    assert (said["day"], said["version"], said["channel"]) == (5, 1, "app")
    assert said["received_at"] == clock.now.isoformat()
    assert said["recorded_at"] == recorded_at.isoformat()
    assert said["local_date"] == "2026-11-20"
    assert said["advice"]["tier"] == "urgent"
    assert len(stored(ann)) == 1


@pytest.mark.parametrize(("symptom", "tier"), [(code, tier.value) for code, tier in SYMPTOM_TIERS.items()])
def test_a_symptom_is_answered_with_whom_to_call_and_flagged_for_a_person(
    symptom: str, tier: str, ann: PatientPersona, ben: Persona
) -> None:
    advice = ann.post("/me/check-ins", json=check_in_body(ann, pain=2, symptoms=[symptom])).json["advice"]
    assert advice["tier"] == tier
    assert advice["phone"] == ("911" if tier == "emergency" else "+12125550199")
    assert "911" in advice["text"]
    [flag] = ben.get("/flags").json["items"]
    assert (flag["tier"], flag["family"], flag["status"]) == (tier, "red_flag", "open")


def test_a_danger_in_the_notes_own_words_counts_like_one_that_was_ticked(ann: PatientPersona, ben: Persona) -> None:
    body = check_in_body(ann, pain=1, note="my legs feel weak since last night")
    advice = ann.post("/me/check-ins", json=body).json["advice"]
    assert (advice["tier"], advice["phone"]) == ("emergency", "911")
    [flag] = ben.get("/flags").json["items"]
    assert flag["quote"] == "my legs feel weak since last night"


def test_advice_comes_in_the_patients_language(clinic: BuiltClinic) -> None:
    spanish = make_patient(clinic, language="es")
    body = check_in_body(spanish, symptoms=["leg_weakness"])
    text = spanish.post("/me/check-ins", json=body).json["advice"]["text"]
    assert "Llame" in text
    assert "911" in text


def test_pain_well_above_the_usual_is_answered_with_a_call_back(ann: PatientPersona, clock: ClockHand) -> None:
    clock.forward(days=10)
    for days_ago in range(9, 1, -1):
        record(ann, 3, days_ago=days_ago)
    record(ann, 8, days_ago=1)
    advice = ann.post("/me/check-ins", json=check_in_body(ann, pain=8)).json["advice"]
    assert advice["tier"] == "urgent"
    assert advice["phone"] == "+12125550199"
    assert "8" in advice["text"]


def test_an_ordinary_answer_calls_for_nobody(ann: PatientPersona, ben: Persona) -> None:
    advice = ann.post("/me/check-ins", json=check_in_body(ann, pain=3, symptoms=[])).json["advice"]
    assert (advice["tier"], advice["phone"]) == (None, None)
    assert advice["text"]
    assert ben.get("/flags").json["items"] == []


def test_an_urgent_answer_pages_who_is_on_duty(ann: PatientPersona, ben: Persona) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, symptoms=["fever"]))
    with ann.clinic.open() as scope:
        message = tables.message
        pages = scope.connection.execute(select(message.c.clinician_id).where(message.c.purpose == "page")).scalars()
        assert list(pages) == [ben.id]


def test_the_same_facts_by_app_by_phone_and_by_text_become_the_same_record(
    clinic: BuiltClinic, ben: Persona, clock: ClockHand
) -> None:
    by_app, by_phone, by_text = (make_patient(clinic, phone=f"+1212555014{n}") for n in (1, 2, 3))
    facts = {"pain": 6, "symptoms": ["wound"]}
    assert by_app.post("/me/check-ins", json=check_in_body(by_app, **facts)).status_code == 201
    assert ben.post(f"/episodes/{by_phone.episode_id}/check-ins", json=facts).status_code == 201
    record(by_text, 6, symptoms=("wound",))
    with clinic.open() as scope:
        seen = [read_history(scope, patient.episode_id) for patient in (by_app, by_phone, by_text)]
    assert [[known.reading for known in history] for history in seen] == [[seen[0][0].reading]] * 3
    assert [history[0].channel for history in seen] == ["app", "staff", "sms"]
    flags = ben.get("/flags").json["items"]
    assert {(flag["rule"], flag["tier"]) for flag in flags} == {(flags[0]["rule"], "urgent")}
    assert len(flags) == 3


def test_the_same_id_with_the_same_facts_gives_the_first_answer_for_ever(ann: PatientPersona, clock: ClockHand) -> None:
    body = check_in_body(ann, **EVERYTHING)
    first = ann.post("/me/check-ins", json=body)
    clock.forward(days=200)
    again = ann.post("/me/check-ins", json=body)
    assert (again.status_code, again.json) == (200, first.json)
    assert len(stored(ann)) == 1


def test_a_repeat_is_known_although_the_phones_clock_ran_ahead(ann: PatientPersona, clock: ClockHand) -> None:
    body = check_in_body(ann, recorded_at=(clock.now + timedelta(minutes=3)).isoformat())
    first = ann.post("/me/check-ins", json=body)
    assert first.json["recorded_at"] == clock.now.isoformat()
    clock.forward(minutes=1)
    again = ann.post("/me/check-ins", json=body)
    assert (again.status_code, again.json) == (200, first.json)


def test_a_repeat_is_known_after_the_recovery_ended(ann: PatientPersona, ben: Persona) -> None:
    body = check_in_body(ann)
    first = ann.post("/me/check-ins", json=body)
    ben.patch(f"/episodes/{ann.episode_id}", json={"status": "ended"})
    assert ann.post("/me/check-ins", json=body).json == first.json
    assert ann.post("/me/check-ins", json=check_in_body(ann)).status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"pain": 5}, {"note": "other"}, {"symptoms": ["wound"]}, {"symptoms": []}, {"medication": {"otc": 3}},
     {"activity": {"level": "in_bed"}}, {"recorded_at": "2026-11-20T14:59:59+00:00"}, {"local_date": "2026-11-19"}],
)  # fmt: skip
def test_the_same_id_with_other_facts_is_a_conflict_whatever_the_key(
    change: dict[str, Any], ann: PatientPersona
) -> None:
    body, key = check_in_body(ann, **EVERYTHING), {"Idempotency-Key": "k-1"}
    assert ann.post("/me/check-ins", json=body, headers=key).status_code == 201
    for headers in (key, {"Idempotency-Key": "k-2"}, {}):
        answer = ann.post("/me/check-ins", json=body | change, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert len(stored(ann)) == 1


def test_two_patients_may_use_the_same_id(ann: PatientPersona) -> None:
    other = make_patient(ann.clinic, phone="+12125550149")
    body = check_in_body(ann)
    assert [one.post("/me/check-ins", json=body).status_code for one in (ann, other)] == [201, 201]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"pain": 11}, "pain"), ({"pain": -1}, "pain"), ({"pain": 4.5}, "pain"), ({"pain": "4"}, "pain"),
     ({"pain": True}, "pain"), ({"symptoms": ["cough"]}, "symptoms.0"), ({"symptoms": "fever"}, "symptoms"),
     ({"activity": {"level": "dancing"}}, "activity.level"), ({"activity": []}, "activity"),
     ({"activity": {"minutes_walked": 1441}}, "activity.minutes_walked"),
     ({"medication": {"otc": -1}}, "medication.otc"), ({"medication": {"aspirin": 1}}, "medication.aspirin"),
     ({"note": "a" * 2001}, "note"), ({"note": "bell\x07"}, "note"), ({"client_id": "7"}, "client_id"),
     ({"client_id": None}, "client_id"), ({"recorded_at": None}, "recorded_at"),
     ({"recorded_at": "2026-11-20T10:00:00"}, "recorded_at"), ({"local_date": "2026-11-18"}, "local_date"),
     ({"day": 3}, "day"), ({"id": "0190b3a4-5f6e-7c8d-9e0f-112233445566"}, "id")],
    ids=lambda one: str(one)[:30],
)  # fmt: skip
def test_a_field_outside_its_bounds_is_named_and_nothing_is_stored(
    change: dict[str, Any], field: str, ann: PatientPersona
) -> None:
    answer = ann.post("/me/check-ins", json=check_in_body(ann, **change))
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json["errors"]] == [field]
    assert stored(ann) == []


@pytest.mark.parametrize("facts", [{}, {"pain": None}, {"activity": {}, "medication": {}}, {"note": ""}], ids=str)
def test_a_report_that_says_nothing_is_refused(facts: dict[str, Any], ann: PatientPersona) -> None:
    body = {name: value for name, value in check_in_body(ann).items() if name != "pain"}
    assert ann.post("/me/check-ins", json=body | facts).status_code == 422


@pytest.mark.parametrize("facts", [{"pain": 0}, {"pain": 10.0}, {"symptoms": []}, {"medication": {"total": 3}},
                                   {"activity": {"minutes_walked": 0}}, {"note": "fine"}], ids=str)  # fmt: skip
def test_one_fact_is_enough(facts: dict[str, Any], ann: PatientPersona) -> None:
    body = {name: value for name, value in check_in_body(ann).items() if name != "pain"}
    assert ann.post("/me/check-ins", json=body | facts).status_code == 201


def test_the_day_is_the_one_on_the_patients_own_phone(ann: PatientPersona) -> None:
    late = check_in_body(ann, recorded_at="2026-11-19T23:30:00-05:00")
    assert ann.post("/me/check-ins", json=late).json["local_date"] == "2026-11-19"
    after_midnight = check_in_body(ann, recorded_at="2026-11-20T00:20:00-05:00", local_date="2026-11-19")
    assert ann.post("/me/check-ins", json=after_midnight).json["day"] == 4


def test_a_nurse_who_gives_no_time_means_now_on_the_patients_calendar(
    clinic: BuiltClinic, ben: Persona, clock: ClockHand
) -> None:
    far = make_patient(clinic, zone="Pacific/Auckland", phone="+12125550146")
    taken = ben.post(f"/episodes/{far.episode_id}/check-ins", json={"pain": 3, "answered_by": "caregiver"})
    assert (taken.status_code, taken.json["local_date"]) == (201, "2026-11-21")
    [row] = stored(far)
    assert (row.channel, row.answered_by, row.recorded_at) == ("staff", "caregiver", clock.now)


def test_the_history_comes_oldest_first_in_pages_and_from_a_time_on(ann: PatientPersona, clock: ClockHand) -> None:
    times = [(clock.now - timedelta(days=n)).isoformat() for n in (1, 3, 2, 0, 4)]
    for at in times:
        ann.post("/me/check-ins", json=check_in_body(ann, recorded_at=at))
    first = ann.get("/me/check-ins?limit=2").json
    second = ann.get("/me/check-ins", query_string={"limit": 2, "cursor": first["next"]}).json
    third = ann.get("/me/check-ins", query_string={"limit": 2, "cursor": second["next"]}).json
    pages = [first["items"], second["items"], third["items"]]
    assert [one["recorded_at"] for page in pages for one in page] == sorted(times)
    assert third["next"] is None
    since = ann.get("/me/check-ins", query_string={"since": times[2]}).json["items"]
    assert [one["recorded_at"] for one in since] == [times[2], times[0], times[3]]


def test_who_reported_is_written_to_the_audit(ann: PatientPersona) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann))
    with ann.clinic.open() as scope:
        event = tables.audit_event
        row = scope.connection.execute(select(event).where(event.c.action == "check_in.recorded")).one()
    assert (row.actor_kind, row.actor_id, row.detail["channel"]) == ("patient", ann.id, "app")


def test_nothing_of_a_note_or_advice_lies_open_in_the_database(ann: PatientPersona, database: Connection) -> None:
    ann.post("/me/check-ins", json=check_in_body(ann, note="canary in the note", symptoms=["fever"]))
    [row] = stored(ann)
    assert b"canary" not in bytes(row.note_sealed)
    assert b"call" not in bytes(row.advice_sealed)
    assert "canary" not in str(row._mapping)


def test_a_refused_report_leaves_no_trace_of_a_flag(ann: PatientPersona, ben: Persona) -> None:
    body = check_in_body(ann, symptoms=["fever"], local_date="2026-11-01")
    assert ann.post("/me/check-ins", json=body).status_code == 422
    assert ben.get("/flags").json["items"] == []
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(func.count()).select_from(tables.check_in)).scalar() == 0
