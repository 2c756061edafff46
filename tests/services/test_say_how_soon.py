"""What a patient is told of the hours is what the flag's clock says, at any hour of the week."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from recovery_api.domain.response_time import ResponseTimes
from tests.builders import NOW, ClockHand, PatientPersona, make_patient
from tests.services.phone import Phone

FRIDAY = NOW.replace(hour=0)  # NOW is a Friday; New York is five hours behind
WHEN = {
    "friday, ten in the morning": (FRIDAY + timedelta(hours=15), 2, 24),
    "friday, eight in the evening": (FRIDAY + timedelta(hours=25), 4, 64),
    "sunday, noon": (FRIDAY + timedelta(days=2, hours=17), 4, 24),
}


def told(words: str) -> int:
    [hours] = re.findall(r"within (\d+) hours", words)
    return int(hours)


def clock_of(patient: PatientPersona, now: datetime) -> float:
    [flag] = Phone(patient.clinic, patient.phone).rows("flag")
    return float((flag.respond_by - now) / timedelta(hours=1))


@pytest.mark.parametrize("when", list(WHEN))
def test_an_urgent_text_is_answered_with_the_hours_of_its_flag(
    ann: PatientPersona, clock: ClockHand, when: str
) -> None:
    at, hours, _ = WHEN[when]
    clock.set(at)
    [body] = Phone(ann.clinic, ann.phone).text("I have a fever of 102").bodies
    assert told(body) == hours
    assert clock_of(ann, at) == hours


@pytest.mark.parametrize("when", list(WHEN))
def test_the_app_is_advised_with_the_hours_of_its_flag(ann: PatientPersona, clock: ClockHand, when: str) -> None:
    at, hours, _ = WHEN[when]
    clock.set(at)
    said = {"client_id": str(UUID(int=7)), "recorded_at": at.isoformat(), "symptoms": ["fever"]}
    assert told(ann.post("/me/check-ins", json=said).json["advice"]["text"]) == hours
    assert clock_of(ann, at) == hours


@pytest.mark.parametrize("when", list(WHEN))
def test_what_is_for_today_is_promised_when_somebody_is_there(ann: PatientPersona, clock: ClockHand, when: str) -> None:
    at, _, hours = WHEN[when]
    clock.set(at)
    [body] = Phone(ann.clinic, ann.phone).text("pain is 5 and i feel dizzy").bodies
    assert told(body) == hours
    assert clock_of(ann, at) == hours


def test_on_a_shared_phone_too(ann: PatientPersona, clock: ClockHand) -> None:
    make_patient(ann.clinic, given_name="Odo", phone=ann.phone)
    at, hours, _ = WHEN["friday, eight in the evening"]
    clock.set(at)
    [body] = Phone(ann.clinic, ann.phone).text("fever and chills all night").bodies
    assert told(body) == hours
    assert clock_of(ann, at) == hours


def test_a_phone_that_may_be_offline_at_any_hour_keeps_the_longest(ann: PatientPersona) -> None:
    advice = ann.get("/config").json["advice"]
    [words] = [one["text"] for one in advice if (one["tier"], one["language"]) == ("urgent", "en")]
    assert told(words) == 4


def test_while_the_rules_cannot_be_read_a_flag_is_raised_by_the_usual_times(
    ann: PatientPersona, clock: ClockHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> ResponseTimes:
        raise LookupError("a part of the rules is gone")

    monkeypatch.setattr("recovery_api.services.clinic_rules.rule_pack", broken)
    [body] = Phone(ann.clinic, ann.phone).text("my legs feel weak").bodies
    assert "Call 911" in body
