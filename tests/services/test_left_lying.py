"""Flags that somebody took or was given and never closed: they come back, once a day at most."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from recovery_api.domain.left_lying import LastDeed, stays_until
from recovery_api.domain.response_time import USUAL_MINUTES, ResponseTimes
from recovery_api.domain.tiers import Tier
from recovery_api.domain.working_hours import WorkingHours
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag, assign_flag, resolve_flag
from recovery_api.services.bring_back_flags import LEFT_LYING
from recovery_api.services.wake_flags import wake_flags
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona, make_clinician, make_patient
from tests.services.scripted_carrier import RealTime
from tests.services.test_climb_ladder import call, climb, events, finding, flag_of, sent, texts

pytestmark = pytest.mark.usefixtures("real")

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # ten in the morning in New York


def wake(clinic: BuiltClinic) -> int:
    with clinic.app.app_context():
        return wake_flags(clinic.wiring.vaults, clinic.wiring.clock.now())


def take(clinic: BuiltClinic, who: Persona, flag_id: UUID) -> None:
    with clinic.open() as scope:
        acknowledge_flag(scope, Deed(who.id, flag_id, None), clinic.wiring.clock.now())


def on(clock: ClockHand, real: RealTime, **ahead: float) -> None:
    clock.forward(**ahead)
    real.forward(**ahead)


@pytest.mark.parametrize(
    ("tier", "gave", "hours"),
    [
        (Tier.EMERGENCY, False, 1),
        (Tier.EMERGENCY, True, 1),
        (Tier.URGENT, False, 4),
        (Tier.URGENT, True, 2),
        (Tier.TODAY, False, 48),
        (Tier.TODAY, True, 24),
        (Tier.REVIEW, True, 72),
        (Tier.REVIEW, False, 8 * 24),  # six working days, a weekend between them
    ],
)
def test_who_took_a_flag_has_twice_its_time_and_who_was_given_it_once(tier: Tier, gave: bool, hours: int) -> None:
    times = ResponseTimes(USUAL_MINUTES, {}, WorkingHours(ZoneInfo("America/New_York")))
    assert stays_until(tier, LastDeed(MONDAY, gave), times) == MONDAY + timedelta(hours=hours)
    came_back = MONDAY + timedelta(days=30)
    assert stays_until(tier, LastDeed(MONDAY, gave, came_back), times) == came_back + timedelta(days=1)


@pytest.mark.parametrize(("tier", "minutes"), [(Tier.EMERGENCY, 60), (Tier.URGENT, 240)])
def test_a_taken_flag_that_nobody_closes_is_nobodys_again_and_pages_once(
    ann: PatientPersona, ben: Persona, clock: ClockHand, real: RealTime, tier: Tier, minutes: int
) -> None:
    flag_id = call(ann, finding(tier))
    waiting = flag_of(ann.clinic, flag_id).waiting_since
    take(ann.clinic, ben, flag_id)
    before = len(texts(ann.clinic))
    on(clock, real, minutes=minutes - 1)
    assert wake(ann.clinic) == 0
    on(clock, real, minutes=1)
    assert (wake(ann.clinic), wake(ann.clinic)) == (1, 0)
    row = flag_of(ann.clinic, flag_id)
    assert (row.status, row.owner_id, row.waiting_since, row.climb) == ("open", None, waiting, 2)
    assert climb(ann.clinic, ("sms",)) == 1
    assert len(texts(ann.clinic)) == before + 1
    [back] = events(ann.clinic, flag_id, "woken")
    assert (back.detail["reason"], back.detail["called"]) == (LEFT_LYING, True)


def test_what_was_taken_again_comes_back_a_day_later_at_the_soonest_and_what_is_closed_never(
    ann: PatientPersona, ben: Persona, clock: ClockHand, real: RealTime
) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    take(ann.clinic, ben, flag_id)
    on(clock, real, hours=1)
    assert wake(ann.clinic) == 1
    take(ann.clinic, ben, flag_id)
    on(clock, real, hours=23)
    assert wake(ann.clinic) == 0
    on(clock, real, hours=1)
    assert wake(ann.clinic) == 1
    with ann.clinic.open() as scope:
        resolve_flag(scope, Deed(ben.id, flag_id, None), "advised", "Called.", clock.now)
    on(clock, real, days=3)
    assert wake(ann.clinic) == 0


def test_a_colleague_who_never_acts_keeps_a_flag_of_today_for_its_own_time_alone(
    ann: PatientPersona, ben: Persona, clock: ClockHand, real: RealTime
) -> None:
    absent = make_clinician(ann.clinic, "nurse", phone="+12125550139")
    other = make_patient(ann.clinic, phone="+12135550190")
    given, taken = call(ann, finding(Tier.TODAY)), call(other, finding(Tier.TODAY))
    take(ann.clinic, ben, taken)
    with ann.clinic.open() as scope:
        assign_flag(scope, Deed(ben.id, given, None), absent.id, clock.now)
    on(clock, real, hours=23)
    assert wake(ann.clinic) == 0
    on(clock, real, hours=1)
    assert wake(ann.clinic) == 1
    assert (flag_of(ann.clinic, given).owner_id, flag_of(ann.clinic, taken).owner_id) == (None, ben.id)


def test_of_several_that_come_back_together_the_gravest_alone_pages_at_once(
    ann: PatientPersona, ben: Persona, clock: ClockHand, real: RealTime
) -> None:
    other = make_patient(ann.clinic, phone="+12135550190")
    calm, grave = call(other, finding(Tier.TODAY)), call(ann, finding(Tier.URGENT))
    for flag_id in (calm, grave):
        take(ann.clinic, ben, flag_id)
    sent(ann.clinic)
    before = len(texts(ann.clinic))
    on(clock, real, days=4)
    assert wake(ann.clinic) == 2
    assert climb(ann.clinic, ("sms",)) == 1
    assert len(texts(ann.clinic)) == before + 1
    rung, at = next_rung(ann.clinic, calm)
    assert rung == 0
    assert at >= clock.now + timedelta(minutes=1200)


def next_rung(clinic: BuiltClinic, flag_id: UUID) -> tuple[Any, ...]:
    flag = tables.flag
    with clinic.open() as scope:
        chosen = select(flag.c.next_rung, flag.c.next_rung_at).where(flag.c.id == flag_id)
        return tuple(scope.connection.execute(chosen).one())
