"""When a text may leave: in every zone, over every change of the clock, and never without consent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from recovery_api.domain.consent import (
    CARRIER_STARTS,
    CARRIER_STOPS,
    Leaving,
    Standing,
    brings_back,
    carrier_confirms,
    day_began,
    next_window,
    why_not,
)
from recovery_api.domain.local_time import CLOSES, OPENS
from recovery_api.domain.text_lint import RESERVED
from recovery_api.packs.reading import start_words

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)  # noon in New York
NEW_YORK = ZoneInfo("America/New_York")
ZONES = sorted(name for name in available_timezones() if "/" in name)
STATES = ("invited", "active", "opted_out", "unusable", "wrong_person")


def leaving(purpose: str = "reminder", **changes: Any) -> Leaving:
    known: dict[str, Any] = {"expires_at": NOON + timedelta(hours=8)}
    return Leaving(purpose, **{**known, **changes})


def standing(state: str = "active", **changes: Any) -> Standing:
    known: dict[str, Any] = {"patient_status": "active", "episode_status": "active", "zone": NEW_YORK}
    return Standing(state, **{**known, **changes})


@pytest.mark.soak
def test_a_text_that_we_start_leaves_in_the_patients_own_day_and_no_other_time(
    samples: Callable[[int, int], int],
) -> None:
    random = Random(5)
    for _ in range(samples(800, 300_000)):
        zone = ZoneInfo(random.choice(ZONES))
        now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(4 * 366 * 86_400))
        local = now.astimezone(zone).time()
        for purpose in ("reminder", "service"):
            why = why_not(leaving(purpose, expires_at=now + timedelta(hours=1)), standing(zone=zone), now)
            assert why == (None if OPENS <= local < CLOSES else "expired"), (zone, now)
        for exempt in (leaving("safety", expires_at=now + timedelta(hours=1)),
                       leaving("service", expires_at=now + timedelta(hours=1), is_answer=True)):  # fmt: skip
            assert why_not(exempt, standing(zone=zone), now) is None


@pytest.mark.soak
def test_the_next_window_lies_within_the_hours_for_texts_and_never_far_off(samples: Callable[[int, int], int]) -> None:
    random = Random(6)
    for _ in range(samples(500, 150_000)):
        zone = ZoneInfo(random.choice([*ZONES, "Pacific/Apia", "Australia/Lord_Howe", "America/Santiago"]))
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(3 * 366 * 86_400))
        opens, until = next_window(now, zone)
        assert now <= opens < until
        assert opens - now <= timedelta(hours=15)
        assert until - opens >= timedelta(minutes=15)
        for instant in (opens, until - timedelta(seconds=1)):
            assert OPENS <= instant.astimezone(zone).time() < CLOSES, (zone, now, instant)
        assert why_not(leaving("service", expires_at=until), standing(zone=zone), opens) is None


def test_the_window_skips_the_day_that_a_zone_skipped() -> None:
    apia = ZoneInfo("Pacific/Apia")
    opens, _ = next_window(datetime(2011, 12, 30, 8, tzinfo=UTC), apia)  # ten in the evening of the 29th, the last
    assert opens.astimezone(apia).isoformat() == "2011-12-31T09:00:00+14:00"


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"])
def test_a_day_begins_at_its_first_instant_where_the_patient_lives(name: str) -> None:
    zone = ZoneInfo(name)
    for hour in range(0, 24 * 366, 11):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        began = day_began(now, zone)
        assert began <= now < began + timedelta(hours=25)
        assert began.astimezone(zone).date() == now.astimezone(zone).date()
        assert (began - timedelta(seconds=1)).astimezone(zone).date() < began.astimezone(zone).date()


@pytest.mark.parametrize("state", STATES)
def test_what_each_state_of_a_phone_lets_through(state: str) -> None:
    through = {
        name: why_not(text, standing(state), NOON) is None
        for name, text in {
            "reminder": leaving(),
            "own words": leaving("service"),
            "invitation": leaving("service", text_key="enrol_ask"),
            "caregiver's invitation": leaving("service", text_key="enrol_ask_caregiver"),
            "answer": leaving("conversation", is_answer=True),
            "danger answered": leaving("safety", is_answer=True, answers_danger=True),
            "last words": leaving("service", text_key="stopped"),
        }.items()
    }
    allowed = {
        "active": set(through),
        "invited": {"invitation", "caregiver's invitation", "answer", "danger answered", "last words"},
        "opted_out": {"danger answered", "last words"},
        "unusable": {"last words"},
        "wrong_person": {"last words"},
    }
    assert {name for name, may in through.items() if may} == allowed[state]


@pytest.mark.parametrize(("purpose", "status"), list(product(["reminder", "service", "safety"], ["deceased", "left"])))
def test_nothing_goes_to_who_died_or_left(purpose: str, status: str) -> None:
    assert why_not(leaving(purpose), standing(patient_status=status), NOON) == "suppressed"


@pytest.mark.parametrize(
    ("text", "person", "why"),
    [
        (leaving(), standing(started_today=2), None),
        (leaving(), standing(started_today=3), "suppressed"),
        (leaving("service"), standing(started_today=3), None),
        (leaving("safety"), standing(started_today=30), None),
        (leaving(has_answer=True), standing(), "suppressed"),
        (leaving(), standing(episode_status="on_hold"), "suppressed"),
        (leaving(), standing(episode_status=None), "suppressed"),
        (leaving(expires_at=NOON), standing(), "expired"),
        (leaving(expires_at=NOON + timedelta(seconds=59)), standing(), "expired"),
        (leaving("safety", expires_at=NOON + timedelta(seconds=59)), standing(), None),
        (leaving("safety", expires_at=NOON), standing(), "expired"),
    ],
)
def test_a_reminder_is_held_to_three_a_day_its_question_and_its_time(
    text: Leaving, person: Standing, why: str | None
) -> None:
    assert why_not(text, person, NOON) == why


@pytest.mark.parametrize(
    ("body", "stops", "starts"),
    [("STOP", True, False), (" stop ", True, False), ("Stop please", False, False), ("ALTO", False, False),
     ("START", False, True), ("yes", False, True), ("JOIN", False, False), ("opt out", False, False)],
)  # fmt: skip
def test_the_carrier_confirms_its_own_keywords_as_whole_texts(body: str, stops: bool, starts: bool) -> None:
    assert (carrier_confirms(body, CARRIER_STOPS), carrier_confirms(body, CARRIER_STARTS)) == (stops, starts)


@pytest.mark.parametrize(
    ("body", "brings"),
    [("START", True), (" Start. ", True), ("join!", True), ("UNIRME", True), ("unstop", True), ("Yes", True),
     ("start texting me again", False), ("START please", False), ("si", False), ("", False), ("4", False)],
)  # fmt: skip
def test_one_word_alone_brings_texts_back(body: str, brings: bool) -> None:
    assert brings_back(body, start_words()) is brings


def test_no_word_that_the_carrier_acts_on_may_be_asked_for_as_an_answer() -> None:
    assert CARRIER_STOPS | CARRIER_STARTS | {"HELP", "INFO"} <= RESERVED
