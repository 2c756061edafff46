"""Batches: up to a hundred reports made without a network, each taken or refused by itself."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import ClockHand, PatientPersona, Persona, check_in_body

BATCH = "/me/check-ins:batch"


def test_every_item_gets_its_own_outcome(ann: PatientPersona, clock: ClockHand) -> None:
    known = check_in_body(ann, pain=2)
    ann.post("/me/check-ins", json=known)
    fresh = check_in_body(ann, pain=3, recorded_at=(clock.now - timedelta(hours=5)).isoformat())
    items: list[Any] = [
        known,
        fresh,
        fresh,
        fresh | {"pain": 9},
        check_in_body(ann, pain=11),
        check_in_body(ann, recorded_at="2026-12-24T00:00:00"),
        "no object",
        None,
        {"client_id": 7},
    ]
    answer = ann.post(BATCH, json={"items": items})
    assert answer.status_code == 200
    found = answer.json["items"]
    assert [(one["outcome"], one["status"]) for one in found] == [
        ("known", 200), ("created", 201), ("known", 200), ("refused", 409), *[("refused", 422)] * 5,
    ]  # fmt: skip
    assert [one["client_id"] for one in found[:3]] == [known["client_id"], fresh["client_id"], fresh["client_id"]]
    assert found[1]["check_in"] == found[2]["check_in"]
    assert found[3]["reason"] == "conflict"
    assert [one["field"] for one in found[4]["errors"]] == ["pain"]
    assert [one["field"] for one in found[5]["errors"]] == ["recorded_at"]
    assert len(ann.get("/me/check-ins").json["items"]) == 2


def test_a_batch_sent_again_changes_nothing(ann: PatientPersona, clock: ClockHand) -> None:
    items = [
        check_in_body(ann, pain=n % 11, recorded_at=(clock.now - timedelta(hours=n)).isoformat()) for n in range(100)
    ]
    first = ann.post(BATCH, json={"items": items}).json["items"]
    again = ann.post(BATCH, json={"items": items[::-1]}).json["items"][::-1]
    assert {one["outcome"] for one in first} == {"created"}
    assert {one["outcome"] for one in again} == {"known"}
    assert [one["check_in"] for one in again] == [one["check_in"] for one in first]
    assert len(ann.get("/me/check-ins?limit=200").json["items"]) == 100


def test_a_danger_between_refused_items_still_reaches_a_person(ann: PatientPersona, ben: Persona) -> None:
    danger = check_in_body(ann, symptoms=["leg_weakness"])
    answer = ann.post(BATCH, json={"items": [{}, danger, {}]}).json["items"]
    assert answer[1]["check_in"]["advice"]["phone"] == "911"
    [flag] = ben.get("/flags").json["items"]
    assert flag["tier"] == "emergency"
    told = ben.get(f"/flags/{flag['id']}/explanation").json["told"]
    assert [one["clinician_id"] for one in told] == [str(ben.id)]


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_order_in_which_a_phone_sends_makes_no_difference_to_the_rules(
    newest_first: bool, ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    clock.forward(days=10)
    pains = [3, 3, 3, 3, 3, 3, 8, 8]
    items = [
        check_in_body(ann, pain=pain, recorded_at=(clock.now - timedelta(days=len(pains) - n)).isoformat())
        for n, pain in enumerate(pains)
    ]
    ann.post(BATCH, json={"items": items[::-1] if newest_first else items})
    found = [(one["family"], one["tier"], one["reason"]) for one in ben.get("/flags").json["items"]]
    assert ("worsening", "urgent") in [one[:2] for one in found], found


@pytest.mark.parametrize("body", [{"items": []}, {"items": [{}] * 101}, {}, {"items": {}}, [], {"items": [{}], "x": 1}],
                         ids=lambda body: str(body)[:20])  # fmt: skip
def test_a_batch_has_one_to_a_hundred_items(body: Any, ann: PatientPersona) -> None:
    assert ann.post(BATCH, json=body).status_code == 422


def test_a_hundred_reports_with_notes_fit_into_a_batch(ann: PatientPersona) -> None:
    items = [check_in_body(ann, note="z" * 2_000) for _ in range(100)]
    answer = ann.post(BATCH, json={"items": items})
    assert {one["outcome"] for one in answer.json["items"]} == {"created"}
