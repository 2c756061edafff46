"""When a report was made: bounded, marked where it was moved, and told where a danger comes late."""

from datetime import datetime, timedelta

import pytest

from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, check_in_body, make_patient


@pytest.mark.parametrize(
    ("by", "timing", "kept"),
    [(timedelta(), "on_time", timedelta()), (timedelta(minutes=4), "on_time", timedelta()),
     (timedelta(minutes=6), "ahead", timedelta()), (timedelta(days=400), "ahead", timedelta()),
     (-timedelta(minutes=14), "on_time", -timedelta(minutes=14)), (-timedelta(hours=9), "late", -timedelta(hours=9)),
     (-timedelta(days=29), "late", -timedelta(days=29)), (-timedelta(days=31), "too_old", -timedelta(days=30)),
     (-timedelta(days=9_000), "too_old", -timedelta(days=30))],
    ids=str,
)  # fmt: skip
def test_a_time_is_bounded_and_marked_and_never_refused(
    by: timedelta, timing: str, kept: timedelta, ann: PatientPersona, clock: ClockHand
) -> None:
    claimed = clock.now + by
    body = check_in_body(ann, recorded_at=claimed.isoformat(), pain=4)
    answer = ann.post("/me/check-ins", json=body)
    assert (answer.status_code, answer.json["timing"]) == (201, timing)
    assert datetime.fromisoformat(answer.json["recorded_at"]) == clock.now + kept
    moved = timing in ("ahead", "too_old")
    assert answer.json["claimed_at"] == (claimed.isoformat() if moved else None)
    assert answer.json["minutes_late"] == max(-kept.total_seconds() // 60, 0)
    if moved:
        assert answer.json["local_date"] == (clock.now + kept).date().isoformat()
    clock.forward(days=3)
    again = ann.post("/me/check-ins", json=body)
    assert (again.status_code, again.json) == (200, answer.json), "the same report, for ever"
    assert ann.post("/me/check-ins", json=body | {"pain": 5}).status_code == 409


def test_a_moved_report_falls_on_the_day_where_the_patient_lives(clinic: BuiltClinic, clock: ClockHand) -> None:
    far = make_patient(clinic, zone="Pacific/Auckland", phone="+12125550146")
    answer = far.post("/me/check-ins", json=check_in_body(far, recorded_at="2027-11-21T10:00:00-05:00"))
    assert answer.json["local_date"] == "2026-11-21"


@pytest.mark.parametrize(
    ("late", "words"),
    [({"minutes": 10}, ""), ({"minutes": 45}, " (came 45 minutes late)"), ({"hours": 9}, " (came 9 hours late)"),
     ({"days": 3}, " (came 3 days late)")],
    ids=str,
)  # fmt: skip
def test_a_red_flag_says_how_late_it_is(
    late: dict[str, float], words: str, ann: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    at = (clock.now - timedelta(**late)).isoformat()
    ann.post("/me/check-ins", json=check_in_body(ann, recorded_at=at, symptoms=["fever"]))
    [flag] = ben.get("/flags").json["items"]
    assert flag["reason"] == f"Fever or shaking chills reported{words}"
    told = ben.get(f"/flags/{flag['id']}/explanation").json
    assert told["inputs"].get("late_minutes") == (timedelta(**late).total_seconds() // 60 if words else None)
