"""A simulated clinic: nothing breaks in it, a seed lives the same days twice, and its checks see what they should."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from recovery_api.config import Settings
from recovery_api.db import clinic_transaction, metadata
from recovery_api.models import tables
from recovery_api.simulator.year import Year
from recovery_api.simulator.year_carrier import MovingClock, YearCarrier
from recovery_api.simulator.year_checks import Checks, Sent
from recovery_api.simulator.year_counts import count_year, digest_year
from recovery_api.simulator.year_hooks import YearHooks
from recovery_api.simulator.year_people import Person, make_people
from recovery_api.simulator.year_start import start_clinic
from recovery_api.wiring import Wiring
from tests.database import ACCOUNT, TOKEN

BEGINS = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
NOON = datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


Samples = Callable[[int, int], int]
Live = Callable[[int, list[Person]], Year]


@pytest.fixture
def live(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Live:
    """Lets people live through days from a Monday on, on the moving clock."""

    def through(days: int, people: list[Person]) -> Year:
        parts: Wiring = app.extensions["recovery"]
        clock, nobody = MovingClock(BEGINS), UUID(int=0)
        monkeypatch.setattr(parts, "clock", clock)
        carrier, hooks = YearCarrier(clock, ACCOUNT), YearHooks(app, settings.public_url, ACCOUNT, TOKEN)
        year = Year(app, parts.vaults, settings.public_url, clock, carrier, hooks, nobody, "", nobody, days, {})
        with app.app_context():
            year.people = start_clinic(year, people)
            year.run()
        return year

    return through


@pytest.fixture
def forget(superuser: psycopg.Connection[Any]) -> Callable[[], None]:
    """Takes every clinic away, so that the next one finds the database as the last one did."""

    def everything() -> None:
        for name in metadata.tables:
            superuser.execute(f'DELETE FROM "{name}"')

    return everything


@pytest.mark.soak
@pytest.mark.timeout(36_000)
def test_nothing_breaks_in_a_clinic_of_people_with_troubles(
    app: Flask, live: Live, forget: Callable[[], None], samples: Samples
) -> None:
    days = samples(3, 365)
    for seed in range(1, samples(1, 20) + 1):
        year = live(days, make_people(samples(2, 20), seed, None if days > 3 else "shared-falls"))
        with app.app_context():
            counts = count_year(year)
        assert year.checks.broken == [], f"seed {seed}"
        assert year.checks.minutes > 20 * days
        assert counts["check-ins"]["sms"] > 0
        assert counts["texts"]["check_in_pain"] > 0
        assert year.clock.at > BEGINS + timedelta(days=days - 1)
        forget()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_seed_lives_the_same_days_twice_and_another_seed_lives_others(
    app: Flask, live: Live, forget: Callable[[], None], samples: Samples
) -> None:
    digests, days, count = [], samples(1, 30), samples(2, 20)
    for seed in (1, 1, 2):
        year = live(days, make_people(count, seed, None))
        with app.app_context():
            digests.append(digest_year(year))
        forget()
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_jump_of_pain_is_looked_at_again(live: Live, samples: Samples) -> None:
    """Kinds of work that nobody here does would end the run."""
    [early] = [one for seed in range(200) for one in make_people(1, seed, "worsens") if one.day_of("worsens") == 6][:1]
    year = live(samples(6, 60), [replace(early, procedure_in_days=-2)])
    assert year.checks.broken == []
    assert year.jobs["jump"] > 0


def text(**changes: object) -> Sent:
    known = {
        "phone": "+16465550100", "patient": "p", "purpose": "reminder", "text_key": "bone_care", "is_answer": False,
        "reminder": "r1", "at": NOON, "zone": "America/New_York",
    }  # fmt: skip
    return Sent(**{**known, **changes})  # type: ignore[arg-type]


def broken(*texts: Sent, stopped_at: datetime | None = None) -> list[str]:
    checks = Checks()
    if stopped_at is not None:
        checks.note_stop("+16465550100", stopped_at)
    for one in texts:
        checks.look_at(one)
    return [one.split(":")[0] for one in checks.broken]


def test_the_checks_let_a_sound_day_pass() -> None:
    assert broken(*(text(reminder=f"r{hour}", at=NOON + timedelta(hours=hour)) for hour in range(3))) == []
    assert broken(text(at=NOON + timedelta(hours=12), purpose="safety", reminder="")) == []
    assert broken(text(text_key="stopped", purpose="service", reminder=""), stopped_at=NOON - timedelta(1)) == []


def test_the_checks_see_texts_at_night_twice_too_often_and_after_the_end() -> None:
    assert broken(text(at=NOON + timedelta(hours=12))) == ["night text"]
    assert broken(text(), text(at=NOON + timedelta(hours=1))) == ["double text"]
    four = [text(reminder=f"r{hour}", at=NOON + timedelta(hours=hour)) for hour in range(4)]
    assert broken(*four) == ["more than 3 texts to one patient on 2026-03-03"]
    begun = [text(purpose="service", reminder="", at=NOON + timedelta(minutes=minutes)) for minutes in range(4)]
    assert broken(*begun) == broken(begun[0], *four[:3]) == ["more than 3 texts to one patient on 2026-03-03"]
    asked = [replace(one, text_key="enrol_ask") for one in begun]
    assert broken(*asked, *four[:3]) == [], "who is asked to join has not joined yet"
    written = [replace(one, text_key="") for one in begun]
    assert broken(*written, *four[:3]) == [], "what clinicians write does not cost the questions of the plan"
    soon = [text(reminder=f"r{minutes}", at=NOON + timedelta(minutes=minutes)) for minutes in (0, 55, 75)]
    assert broken(*soon) == ["texts 20 minutes apart"]
    assert broken(text(), stopped_at=NOON - timedelta(minutes=1)) == ["text after opt-out"]


def test_the_checks_see_who_is_left_alone_and_a_fall_that_nobody_was_told_of() -> None:
    checks = Checks()
    checks.coverage(0, NOON)
    checks.danger("I fell", was_flagged=True)
    assert checks.broken == []
    checks.coverage(2, NOON)
    checks.danger("I fell", was_flagged=False)
    assert checks.broken == ["coverage: 2 left alone at 2026-03-03 17:00", "no flag after: I fell"]


def test_the_checks_see_a_text_in_a_hold_until_it_is_lifted() -> None:
    checks = Checks()
    checks.note_hold("p", NOON - timedelta(hours=1), NOON + timedelta(days=2))
    checks.look_at(text())
    assert [one.split(":")[0] for one in checks.broken] == ["text in a hold"]
    checks.note_hold("p", NOON + timedelta(hours=1), NOON + timedelta(hours=1))
    checks.look_at(text(reminder="r2", at=NOON + timedelta(hours=2)))
    assert len(checks.broken) == 1


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_stays_in_hospital_deaths_and_procedures_that_are_put_off_break_nothing(
    app: Flask, live: Live, samples: Samples
) -> None:
    """Each happens on the second day, so that a short year has it."""
    wanted = (("hospital", 3), ("dies-caregiver", 8), ("moved", -2))
    people = []
    for place, (traits, day) in enumerate(wanted):
        drawn = (make_people(place + 1, seed, traits)[place] for seed in range(500))
        early = next(one for one in drawn if one.day_of(traits.split("-")[0]) == day)
        people.append(replace(early, procedure_in_days=1 - day))
    year = live(samples(4, 120), people)
    assert year.checks.broken == []
    with app.app_context():
        counts = count_year(year)
    assert "reported_deceased (today)" in counts["flags"]
    with app.app_context(), clinic_transaction(year.clinic_id, year.vaults) as scope:
        held = scope.connection.execute(select(tables.hold.c.reason)).scalars().all()
        started = set(scope.connection.execute(select(tables.episode.c.started_on)).scalars())
        status = set(scope.connection.execute(select(tables.patient.c.status)).scalars())
    assert list(held) == ["hospital"]
    assert status == {"active", "deceased"}
    assert max(started) >= BEGINS.date() + timedelta(days=5)


def test_people_are_the_same_for_a_seed_and_share_phones_in_pairs() -> None:
    assert make_people(20, 7, None) == make_people(20, 7, None) != make_people(20, 8, None)
    shared = [person.phone for person in make_people(6, 7, "shared")]
    assert shared[0::2] == shared[1::2]
    [mover] = make_people(1, 7, "newphone")
    assert (mover.later_phone != mover.phone, mover.day_of("newphone") is not None) == (True, True)
    with pytest.raises(ValueError, match="must be made of"):
        make_people(1, 7, "steady-wizard")
