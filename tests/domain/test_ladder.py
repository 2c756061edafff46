"""The ladder: each rung fires on time until somebody answers, whatever stops, doubles or turns the clock."""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.errors import PackError
from recovery_api.domain.ladder import NEVER_WAITS, Climb, Standing
from recovery_api.domain.ladder_file import read_ladder
from recovery_api.domain.tiers import Tier
from recovery_api.packs import load_yaml
from recovery_api.packs.ladder_pack import SHIPPED, ladder_pack

NEW_YORK = ZoneInfo("America/New_York")
BEGAN = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, ten in the morning in New York
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda ahead: datetime(2026, 1, 1, tzinfo=UTC) + minutes(ahead))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@cache
def climb_of(tier: Tier, *holidays: Any) -> Climb:
    ladder = ladder_pack()
    return Climb(tier, ladder.tiers[tier], ladder.hours(NEW_YORK, frozenset(holidays)))


# the shipped ladder


def test_an_emergency_reaches_the_last_resort_within_half_an_hour_and_goes_on_repeating() -> None:
    climb, fired = climb_of(Tier.EMERGENCY), []
    standing = climb.begin(BEGAN)
    while len(fired) < 8:
        step = climb.step(standing, standing.due_at)
        fired += [((standing.due_at - BEGAN) // minutes(1), rung.tell) for _, rung in step.told]
        standing = step.then
    assert fired == [
        (0, "nurse"), (5, "on_call"), (10, "lead"), (15, "everyone"), (30, "last_resort"),
        (45, "last_resort"), (60, "last_resort"), (75, "last_resort"),
    ]  # fmt: skip


def test_the_second_channel_is_used_for_an_emergency_within_ten_minutes() -> None:
    rungs = ladder_pack().tiers[Tier.EMERGENCY].rungs
    assert min(rung.after_minutes for rung in rungs if "email" in rung.by) <= 10


@pytest.mark.parametrize("tier", [Tier.EMERGENCY, Tier.URGENT])
def test_neither_night_nor_weekend_nor_holiday_stops_the_graver_tiers(tier: Tier) -> None:
    saturday_night = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    closed = climb_of(tier, *[(saturday_night + timedelta(days=day)).date() for day in range(5)])
    assert closed.begin(saturday_night) == Standing(0, saturday_night)
    assert closed.begin(saturday_night, 1).due_at - saturday_night == closed.ladder.wait_before(1)


def test_the_lower_tiers_wait_for_the_next_working_morning() -> None:
    friday_evening = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    monday = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert climb_of(Tier.TODAY).at_once(friday_evening).due_at == monday
    assert climb_of(Tier.REVIEW, monday.date()).at_once(friday_evening).due_at == monday + timedelta(days=1)
    assert climb_of(Tier.TODAY).at_once(BEGAN).due_at == BEGAN


def test_what_is_for_today_is_told_of_in_a_closure_longer_than_a_weekend() -> None:
    wednesday_evening = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
    saturday = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)
    thanksgiving = [(wednesday_evening + timedelta(days=days)).date() for days in (1, 2)]
    climb = climb_of(Tier.TODAY, *thanksgiving)
    told = [climb.begin(wednesday_evening)]
    told += [climb.step(told[0], told[0].due_at).then]
    told += [climb.step(told[1], told[1].due_at).then]
    assert [one.due_at for one in told] == [saturday, saturday + timedelta(hours=4), saturday + timedelta(hours=28)]
    assert climb_of(Tier.REVIEW, *thanksgiving).at_once(wednesday_evening).due_at == saturday + timedelta(days=2)


def changed(path: str, value: object) -> Any:
    content = copy.deepcopy(load_yaml(SHIPPED))
    place: Any = content
    *way, last = path.split("/")
    for name in way:
        place = place[int(name) if name.isdigit() else name]
    place[int(last) if last.isdigit() else last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("tiers/emergency/rungs/0/after", 1, "at once"),
        ("tiers/emergency/rungs/1/after", 16, "later than the one before"),
        ("tiers/urgent/rungs/1/after", 29, ""),
        ("tiers/emergency/rungs/4/after", 61, "within 60 minutes"),
        ("tiers/emergency/rungs/4/tell", "nurse", "last rung"),
        ("tiers/emergency/rungs/0/by", ["email"], "sms"),
        ("tiers/emergency/rungs/0/by", ["pigeon"], "pigeon"),
        ("tiers/emergency/repeat_minutes", 31, "30"),
        ("tiers/emergency/rungs", [], "at least one"),
        ("tiers/later", {}, "later"),
        ("working_hours/opens", "8 o'clock", "time"),
        ("working_hours/closes", "07:00", "closes"),
        ("working_hours/days", ["monday"], "monday"),
    ],
)
def test_a_ladder_that_would_tell_too_late_or_nobody_is_refused(path: str, value: object, reason: str) -> None:
    if not reason:
        assert read_ladder(changed(path, value), "own").tiers[Tier.URGENT].rungs[1].after_minutes == value
        return
    with pytest.raises(PackError, match=reason):
        read_ladder(changed(path, value), "own")


# properties


@given(
    calls=st.lists(st.tuples(st.sampled_from(NEVER_WAITS), st.integers(0, 7 * 24 * 60)), min_size=1, max_size=6),
    began=INSTANTS,
    tick=st.integers(1, 30),
)
def test_for_any_open_flags_and_nothing_else_happening_each_rung_fires_on_time(
    calls: list[tuple[Tier, int]], began: datetime, tick: int
) -> None:
    every = timedelta(seconds=tick)
    for tier, after in calls:
        climb, start = climb_of(tier), began + minutes(after)
        fired = fired_at(climb, start, every)
        assert [number for number, _ in fired] == list(range(len(fired)))
        for number, at in fired[: len(climb.ladder.rungs)]:
            wanted = start + minutes(climb.ladder.rungs[number].after_minutes)
            assert wanted <= at < wanted + every
        repeats = [at for number, at in fired if number >= len(climb.ladder.rungs) - 1]
        for before, after_it in pairwise(repeats):
            assert after_it - before <= minutes(climb.ladder.repeat_minutes) + every


def fired_at(climb: Climb, start: datetime, every: timedelta) -> list[tuple[int, datetime]]:
    """The rungs of two and a half hours with the ticks at which they fired, one tick every so often."""
    standing, now, fired = climb.begin(start), start, []
    while now - start < minutes(150):
        step = climb.step(standing, now)
        fired += [(number, now) for number, _ in step.told]
        standing = step.then
        now += every * max(1, -((now - standing.due_at) // every))  # the ticks in between find nothing due
    return fired


@given(
    was=st.sampled_from(list(Tier)),
    tier=st.sampled_from(NEVER_WAITS),
    rung=st.integers(0, 9),
    ahead=st.integers(0, 300),
    now=INSTANTS,
)
def test_what_gets_worse_is_never_told_later_for_it(
    was: Tier, tier: Tier, rung: int, ahead: int, now: datetime
) -> None:
    standing = Standing(rung, now + minutes(ahead))
    then = climb_of(tier).raised(was, standing, now)
    assert then.rung >= 1
    assert then.due_at <= now + climb_of(tier).ladder.wait_before(then.rung)
    if rung:
        assert then.due_at <= standing.due_at
    if was in NEVER_WAITS and rung:
        assert then.rung == rung


@given(rung=st.integers(0, 9), now=INSTANTS, back=st.integers(1, 100_000), tier=st.sampled_from(NEVER_WAITS))
def test_a_clock_put_back_delays_a_rung_by_one_wait_at_most(rung: int, now: datetime, back: int, tier: Tier) -> None:
    climb = climb_of(tier)
    standing = climb.begin(now, rung)
    assert climb.bounded(standing, now) == standing
    assert climb.bounded(standing, now - minutes(back)).due_at == now - minutes(back) + climb.ladder.wait_before(rung)


# schedules in which workers die, double, freeze, and clocks and carriers go wrong

TICK, WATCH = 15, 60  # seconds between two looks of a worker, and between two looks of the coverage watch
LASTS = 7200.0  # seconds
LENIENCE = timedelta(seconds=3 * TICK + WATCH)


@dataclass
class OpenFlag:
    """A flag under the hands of many workers; only one at a time may step it, as the row's lock has it."""

    tier: Tier
    standing: Standing
    told: list[tuple[int, float]] = field(default_factory=list)
    acknowledged_at: float | None = None


@dataclass
class World:
    """Real seconds, and a product clock that may jump beside them."""

    rng: random.Random
    real: float = 0.0
    ahead: timedelta = timedelta()
    workers: int = 1
    nobody_lives: list[tuple[float, float]] = field(default_factory=list)
    carrier_is_away: list[tuple[float, float]] = field(default_factory=list)
    jumps: list[tuple[float, timedelta]] = field(default_factory=list)
    latest: datetime | None = None

    @property
    def now(self) -> datetime:
        return BEGAN + timedelta(seconds=self.real) + self.ahead

    def turn_clock(self) -> None:
        """The clock changes that came since the last tick."""
        for at, by in self.jumps:
            if self.real - TICK < at <= self.real:
                self.ahead += by

    def follow_clock(self, flags: list["OpenFlag"]) -> None:
        """What follow_clock does: the rungs go back with the clock, by what the last look shows."""
        latest, self.latest = self.latest, self.now
        if latest is not None and latest > self.now:
            for flag in flags:
                flag.standing = Standing(flag.standing.rung, flag.standing.due_at - (latest - self.now))

    def is_in(self, spans: list[tuple[float, float]]) -> bool:
        return any(start <= self.real < end for start, end in spans)


def lasts(spans: list[tuple[float, float]], since: float, until: float) -> timedelta:
    """How long two moments lie apart in the spans."""
    return timedelta(seconds=sum(max(0.0, min(end, until) - max(start, since)) for start, end in spans))


def a_world(seed: int) -> World:
    rng = random.Random(seed)
    world = World(rng, workers=rng.randint(1, 3))
    for spans, lengths in ((world.nobody_lives, [20, 90, 600, 2400]), (world.carrier_is_away, [60, 900, 7200])):
        for _ in range(rng.randint(0, 2)):
            start = rng.uniform(0, 6000)
            spans.append((start, start + rng.choice(lengths)))
    kinds = [timedelta(hours=-1), timedelta(days=2), timedelta(seconds=-40)]
    world.jumps = [(rng.uniform(TICK, 6000), rng.choice(kinds)) for _ in range(rng.randint(0, 2))]
    return world


def run_schedule(seed: int) -> None:
    world = a_world(seed)
    tiers = world.rng.choices(NEVER_WAITS, k=world.rng.randint(1, 4))
    flags = [OpenFlag(tier, climb_of(tier).begin(world.now)) for tier in tiers]
    while world.real < LASTS:
        world.turn_clock()
        if not world.is_in(world.nobody_lives):
            world.follow_clock(flags)
            for flag in flags:
                _work(world, flag)
        world.real += TICK
    for flag in flags:
        _check(world, flag)


def _work(world: World, flag: OpenFlag) -> None:
    climb = climb_of(flag.tier)
    for _ in range(world.workers):  # of those that came twice, the second finds nothing left to do
        if flag.acknowledged_at is not None or world.rng.random() < 0.02:
            continue  # killed or frozen in the middle: its transaction is rolled back, and the next look finds it all
        step = climb.step(flag.standing, world.now)
        flag.told += [(number, world.real) for number, _ in step.told]
        flag.standing = step.then
        if step.told and not world.is_in(world.carrier_is_away) and world.rng.random() < 0.05:
            flag.acknowledged_at = world.real
    if int(world.real) % WATCH < TICK:
        flag.standing = climb.bounded(flag.standing, world.now)


def _check(world: World, flag: OpenFlag) -> None:
    """Each rung was told within its wait of the one before, outages set aside; the next one stands, or somebody came.

    A clock put back costs what passed since the last look, and never a wait.
    """
    assert [number for number, _ in flag.told] == list(range(len(flag.told))), "each rung once, in its order"
    ladder, before = climb_of(flag.tier).ladder, 0.0
    stands = [] if flag.acknowledged_at is not None else [(flag.standing.rung, LASTS)]
    for number, at in [*flag.told, *stands]:
        allowed = ladder.wait_before(number) + LENIENCE
        assert timedelta(seconds=at - before) <= allowed + lasts(world.nobody_lives, before, at), (number, before, at)
        before = at


@pytest.mark.soak
def test_every_grave_flag_is_acknowledged_or_stands_on_its_next_rung_in_policy_time(
    samples: Callable[[int, int], int],
) -> None:
    for seed in range(samples(60, 10_000)):
        run_schedule(seed)
