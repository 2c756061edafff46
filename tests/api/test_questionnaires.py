"""Questionnaires: due on their days, scores within their ranges, low mood put before a person."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from recovery_api.domain.questionnaires import due_questionnaires
from tests.builders import ClockHand, PatientPersona, Persona

PATH = "/me/questionnaires"


def body(clock: ClockHand, instrument: str = "rmdq", **changes: Any) -> dict[str, Any]:
    known = {"client_id": str(uuid4()), "instrument": instrument, "score": 3, "recorded_at": clock.now.isoformat()}
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


def test_what_is_due_is_listed_until_it_is_answered(ann: PatientPersona, clock: ClockHand) -> None:
    assert ann.get(PATH).json["due"] == [], "on day 5: a baseline taken after the procedure would be none"
    clock.forward(days=3)
    [mood] = ann.get(PATH).json["due"]
    assert (mood["measures"], mood["instruments"], mood["due_on"]) == ("mood", ["phq2"], "2026-11-22")
    clock.forward(days=22)
    due = ann.get(PATH).json["due"]
    assert [(one["measures"], one["instruments"], one["due_on"], one["until"]) for one in due] == [
        ("disability", ["rmdq", "odi"], "2026-12-15", "2026-12-29"), ("mood", ["phq2"], "2026-12-15", "2026-12-29"),
    ]  # fmt: skip
    assert ann.post(PATH, json=body(clock, "odi", score=40)).status_code == 201
    said = ann.get(PATH).json
    assert [one["measures"] for one in said["due"]] == ["mood"]
    assert [
        (one["instrument"], one["score"], one["day"], one["channel"], one["answered_by"]) for one in said["items"]
    ] == [("odi", 40, 30, "app", "patient")]
    clock.forward(days=14)
    assert ann.get(PATH).json["due"] == []


def test_the_baseline_is_due_before_the_procedure_alone() -> None:
    procedure_on = date(2026, 12, 1)

    def kinds(today: date, *answered: tuple[str, date]) -> list[str]:
        return [one.measures for one in due_questionnaires(procedure_on, today, answered)]

    assert kinds(date(2026, 10, 31)) == []
    assert kinds(date(2026, 11, 1)) == kinds(procedure_on) == ["disability", "mood"]
    assert kinds(date(2026, 12, 2)) == []
    assert kinds(procedure_on, ("rmdq", date(2026, 11, 10))) == ["mood"]
    assert kinds(procedure_on, ("rmdq", date(2026, 10, 20))) == ["disability", "mood"], "too long before"


@pytest.mark.parametrize(
    ("instrument", "most", "answers", "score"),
    [("rmdq", 24, [1] * 11 + [0] * 13, 11), ("odi", 100, [5, 4, 3, 2, 1, 0, 0, 0, 0, 0], 30), ("phq2", 6, [1, 1], 2)],
)
def test_a_score_lies_in_its_range_and_fits_the_answers(
    instrument: str, most: int, answers: list[int], score: int, ann: PatientPersona, clock: ClockHand
) -> None:
    for wrong in ({"score": most + 1}, {"score": -1}, {"score": None}, {"score": 2.5}, {"answers": answers[1:]},
                  {"answers": answers, "score": score + 1}, {"answers": [9] * len(answers)}):  # fmt: skip
        assert ann.post(PATH, json=body(clock, instrument, **wrong)).status_code == 422, wrong
    for right in ({"score": 0}, {"score": most}, {"answers": answers, "score": score}):
        assert ann.post(PATH, json=body(clock, instrument, **right)).status_code == 201, right
    made = ann.post(PATH, json=body(clock, instrument, score=None, answers=answers)).json
    assert (made["score"], made["answers"]) == (score, answers)


def test_the_same_id_is_the_same_answer_for_ever(ann: PatientPersona, clock: ClockHand) -> None:
    said = body(clock)
    first, again = (ann.post(PATH, json=said) for _ in range(2))
    assert (first.status_code, again.status_code, first.json) == (201, 200, again.json)
    assert ann.post(PATH, json=said | {"score": 4}).status_code == 409


@pytest.mark.parametrize(("score", "flags"), [(2, 0), (3, 1), (6, 1)])
def test_low_mood_is_put_before_a_person(
    score: int, flags: int, ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ann.post(PATH, json=body(clock, "phq2", score=score))
    found = ben.get("/flags").json["items"]
    assert [(one["tier"], one["rule"]) for one in found] == [("review", "WX-01")] * flags


def test_without_a_running_recovery_none_is_due_and_none_is_taken(
    ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    ben.patch(f"/episodes/{ann.episode_id}", json={"status": "ended"})
    assert ann.get(PATH).json == {"items": [], "next": None, "due": []}
    assert ann.post(PATH, json=body(clock)).status_code == 404
