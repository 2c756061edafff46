"""Activity days: one sum a day, the newest computation stands, a missing day is no zero."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import ClockHand, PatientPersona, Persona

DAY = "2026-11-19"


def body(clock: ClockHand, ago: float = 0, **changes: Any) -> dict[str, Any]:
    at = (clock.now - timedelta(hours=ago)).isoformat()
    return {"steps": 900, "minutes_walked": 12, "source": "healthkit", "coverage": "full", "computed_at": at} | changes


def put(patient: PatientPersona, said: dict[str, Any], day: str = DAY) -> Any:
    return patient.call("PUT", f"/me/activity-days/{day}", json=said)


def test_the_sum_computed_last_stands_whichever_came_first(ann: PatientPersona, clock: ClockHand) -> None:
    for ago, steps in ((3, 300), (1, 100), (2, 200)):
        answer = put(ann, body(clock, ago, steps=steps))
        assert answer.status_code == 200
    assert (answer.json["steps"], answer.json["date"]) == (100, DAY)
    assert put(ann, body(clock, 0, steps=7, coverage="partial")).json["coverage"] == "partial"


def test_a_clock_that_runs_ahead_does_not_win_for_ever(ann: PatientPersona, clock: ClockHand) -> None:
    assert put(ann, body(clock, -24 * 300, steps=1)).json["computed_at"] == clock.now.isoformat()
    clock.forward(hours=1)
    assert put(ann, body(clock, steps=2)).json["steps"] == 2


def test_what_was_not_measured_is_null_and_never_zero(ann: PatientPersona, clock: ClockHand, ben: Persona) -> None:
    said = {name: value for name, value in body(clock).items() if name != "minutes_walked"}
    assert put(ann, said).json["minutes_walked"] is None
    days = [one for one in ann.get("/me/sync").json["changes"] if one["type"] == "activity_day"]
    assert [one["data"]["date"] for one in days] == [DAY], "no day is made up"
    put(ann, body(clock, steps=0, minutes_walked=0, coverage="partial"))
    assert ben.get("/flags").json["items"] == []


def test_a_batch_says_of_each_day_what_became_of_it(ann: PatientPersona, clock: ClockHand) -> None:
    put(ann, body(clock, 1, steps=5))
    items: list[Any] = [
        body(clock, 2) | {"date": DAY},
        body(clock, 1, steps=5) | {"date": DAY},
        body(clock) | {"date": DAY},
        body(clock) | {"date": "2026-11-18"},
        body(clock) | {"date": "2026-12-24"},
        body(clock, steps=None, minutes_walked=None) | {"date": "2026-11-17"},
        body(clock) | {"date": "2026-02-30"},
        None,
    ]
    found = ann.post("/me/activity-days:batch", json={"items": items}).json["items"]
    outcomes = ["older", "known", "replaced", "created", *["refused"] * 4]
    assert [one["outcome"] for one in found] == outcomes
    assert [one["date"] for one in found][:4] == [DAY, DAY, DAY, "2026-11-18"]
    assert found[0]["day"]["steps"] == 5, "the sum that stands"
    assert [one["errors"][0]["field"] for one in found[4:7]] == ["date", "steps", "date"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"steps": -1}, "steps"), ({"steps": 200_001}, "steps"), ({"steps": 1.5}, "steps"),
     ({"coverage": "x"}, "coverage"),
     ({"minutes_walked": 1441}, "minutes_walked"), ({"source": "My Watch"}, "source"),
     ({"source": None}, "source"), ({"computed_at": "2026-11-20T10:00:00"}, "computed_at"), ({"day": 1}, "day")],
    ids=str,
)  # fmt: skip
def test_a_field_outside_its_bounds_is_named(
    change: dict[str, Any], field: str, ann: PatientPersona, clock: ClockHand
) -> None:
    answer = put(ann, body(clock, **change))
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, [field])


@pytest.mark.parametrize("day", ["today", "2026-13-01", "2025-01-01", "2026-11-30", "20261119"])
def test_a_day_that_cannot_be_summed_is_refused(day: str, ann: PatientPersona, clock: ClockHand) -> None:
    answer = put(ann, body(clock), day)
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, ["date"])


def test_a_batch_has_one_to_thirty_one_days(ann: PatientPersona, clock: ClockHand) -> None:
    for count, status in ((0, 422), (31, 200), (32, 422)):
        days = [str((clock.now - timedelta(days=n)).date()) for n in range(count)]
        items = [body(clock) | {"date": day} for day in days]
        assert ann.post("/me/activity-days:batch", json={"items": items}).status_code == status
