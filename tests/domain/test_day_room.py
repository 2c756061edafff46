"""Whatever stops the ticker, and for however long: texts leave an hour apart, three a day, the most important first."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from recovery_api.domain.day_room import ENOUGH_TODAY, NEAR, NO_TIME_LEFT, DaySoFar, DueText, Left, Place, give_places
from recovery_api.domain.protocol import TEXTS_A_DAY
from recovery_api.domain.protocol_steps import NOT_TOLD_YET
from recovery_api.domain.schedule import (
    APART,
    LATEST,
    Circumstances,
    Visit,
    local_instant,
    plan_reminders,
    within_quiet_hours,
)
from recovery_api.packs.protocol_pack import protocol_pack

DAY = date(2026, 11, 20)
ZONES = ("America/New_York", "Pacific/Honolulu", "America/St_Johns", "Europe/London")


def at(hour: int, minute: int = 0) -> datetime:
    return local_instant(ZoneInfo(ZONES[0]), DAY, time(hour, minute))


def text(kind: str, due_at: datetime, condition: str | None = None, until: datetime | None = None) -> DueText:
    return DueText(f"{kind} {due_at:%H:%M} {condition}", kind, due_at, until or at(20), condition)


def places(
    due: Sequence[DueText], now: datetime, left: Sequence[datetime] = (), planned: Sequence[DueText] = ()
) -> list[Place]:
    found = give_places(due, DaySoFar([Left(at) for at in left], planned), ZoneInfo(ZONES[0]), now)
    return [found[one.id] for one in due]


LEAVES = Place(leaves=True)


def test_after_an_outage_the_question_leaves_at_once_and_the_lessons_after_it_the_fresher_first() -> None:
    due = [text("rest", at(11)), text("rest", at(13)), text("check_in", at(9, 30))]
    assert places(due, at(15)) == [Place(until=at(16)), Place(until=at(16)), LEAVES]
    assert places(due[:2], at(16), left=[at(15)]) == [Place(until=at(17)), LEAVES]


def test_what_finds_no_hour_before_the_evening_stays_here_with_a_record() -> None:
    due = [text("check_in", at(9, 30)), text("rest", at(13)), text("posture", at(17))]
    assert places(due, at(18, 45)) == [LEAVES, Place(why=NO_TIME_LEFT), Place(why=NO_TIME_LEFT)]
    short = text("rest", at(13), until=at(15, 30))
    assert places([due[0], short], at(15)) == [LEAVES, Place(why=NO_TIME_LEFT)]


def test_a_day_that_has_three_texts_takes_no_fourth_and_room_is_kept_for_what_matters_more() -> None:
    lesson, question = text("rest", at(13)), text("check_in", at(17))
    assert places([lesson], at(13), left=[at(9), at(10), at(11)]) == [Place(why=ENOUGH_TODAY)]
    assert places([lesson], at(13), left=[at(9), at(11)], planned=[question]) == [Place(why=ENOUGH_TODAY)]
    assert places([question], at(17), left=[at(9), at(11)], planned=[lesson]) == [LEAVES]
    told_again = text("medication", at(13), NOT_TOLD_YET)
    assert places([told_again], at(13), left=[at(9), at(11)], planned=[lesson]) == [Place(why=ENOUGH_TODAY)]


@pytest.mark.parametrize(
    ("maybe", "kept_for"),
    [
        (text("nudge", at(15)), False),
        (text("questionnaire", at(15), "form_due"), False),
        (text("nudge", at(12)), True),
        (text("preparation", at(15)), True),
        (text("medication", at(17), "thinner_open"), True),
    ],
    ids=["asked-again-later", "only-if", "asked-again-now", "preparation", "blood-thinner"],
)
def test_no_room_is_kept_for_what_may_never_be_sent(maybe: DueText, kept_for: bool) -> None:
    [place] = places([text("rest", at(13))], at(13), left=[at(9), at(11)], planned=[maybe])
    assert place == (Place(why=ENOUGH_TODAY) if kept_for else LEAVES)


def test_what_somebody_else_hands_over_in_a_moment_goes_first() -> None:
    assert places([text("rest", at(13))], at(14), planned=[text("check_in", at(9, 30))]) == [Place(until=at(15))]


@pytest.mark.parametrize("kind", ["check_in", "follow_up_visit", "medication", "preparation", "questionnaire"])
def test_what_matters_leaves_beside_another_text_where_no_later_hour_is_left(kind: str) -> None:
    assert places([text(kind, at(19, 30))], at(19, 30), left=[at(18, 40)]) == [LEAVES]
    assert places([text(kind, at(9, 30))], at(18, 45), left=[at(18, 45)]) == [LEAVES], "one is stuck in the outbox"
    assert places([text(kind, at(9, 30))], at(18, 15), left=[at(18, 15)]) == [Place(until=at(19, 15))]
    for lesser in (text("rest", at(19, 30)), text("nudge", at(19, 30)), text(kind, at(19, 30), NOT_TOLD_YET)):
        assert places([lesser], at(19, 30), left=[at(18, 40)]) == [Place(why=NO_TIME_LEFT)]


def test_a_lesson_that_is_late_leaves_the_hour_before_the_question_to_it() -> None:
    lesson, question = text("rest", at(13)), text("check_in", at(14))
    assert places([lesson], at(13, 5), planned=[question]) == [LEAVES], "planned an hour apart, some minutes late"
    assert places([lesson], at(13, 20), planned=[question]) == [Place(until=at(15))]
    assert places([lesson], at(18, 50), planned=[text("check_in", at(19))]) == [Place(why=NO_TIME_LEFT)]


def test_what_clinicians_wrote_takes_the_room_of_lessons_alone() -> None:
    words = DaySoFar([Left(at(hour), is_own_words=True) for hour in (9, 10, 11)], ())
    due = [text(kind, at(13)) for kind in ("check_in", "medication", "follow_up_visit", "preparation", "rest", "nudge")]
    for one in due:
        found = give_places([one], words, ZoneInfo(ZONES[0]), at(13))[one.id]
        assert found == (LEAVES if one.kind not in ("rest", "nudge") else Place(why=ENOUGH_TODAY)), one.kind
    near = DaySoFar([Left(at(12, 30), is_own_words=True)], ())
    assert give_places(due[:1], near, ZoneInfo(ZONES[0]), at(13))[due[0].id] == Place(until=at(13, 30))


def test_what_we_began_by_ourselves_takes_every_texts_room_and_an_invitation_that_of_lessons() -> None:
    ours = DaySoFar([Left(at(hour)) for hour in (9, 10, 11)], ())
    asked = DaySoFar([Left(at(12, minute), is_invitation=True) for minute in (40, 50, 55)], ())
    for kind, place in (("check_in", LEAVES), ("preparation", LEAVES), ("rest", Place(why=ENOUGH_TODAY))):
        one = text(kind, at(13))
        assert give_places([one], ours, ZoneInfo(ZONES[0]), at(13))[one.id] == Place(why=ENOUGH_TODAY)
        assert give_places([one], asked, ZoneInfo(ZONES[0]), at(13))[one.id] == place, kind


# any outages


class Patient:
    """One patient's plan of some days, and a ticker that is there now and then."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.zone = chance, ZoneInfo(chance.choice(ZONES))
        hour = time(chance.randint(9, 19), chance.choice((0, 30)))
        visit = Visit("visit", local_instant(self.zone, DAY + timedelta(days=chance.randint(1, 6)), time(10)))
        procedure = DAY - timedelta(days=chance.randint(-7, 14))
        about = Circumstances(procedure, self.zone, hour, [visit], consulted_on=DAY)
        planned = plan_reminders(protocol_pack(), about, DAY, DAY + timedelta(days=3))
        self.to_come = [
            DueText((one.kind, one.local_on, one.slot), one.kind, one.due_at, one.expires_at, one.condition)
            for one in planned
        ]
        self.left: list[tuple[datetime, DueText]] = []
        self.skipped: list[tuple[DueText, str]] = []

    def tick(self, now: datetime) -> None:
        """What the hand-over does: expired ones out, the rest gets its places; a question is asked again."""
        today = now.astimezone(self.zone).date()
        due = [one for one in self.to_come if one.due_at <= now]
        late = [one for one in due if one.expires_at <= now]
        due = [one for one in due if one not in late]
        others = [one for one in self.to_come if one not in due and one not in late and self._on(one.due_at) == today]
        found = give_places(
            due, DaySoFar([Left(at) for at, _ in self.left if self._on(at) == today], others), self.zone, now
        )
        self.skipped += [(one, "too_late") for one in late]
        for one in (*late, *due):
            self.to_come.remove(one)
        for one in due:
            self._settle(one, found[one.id], now)

    def _settle(self, one: DueText, place: Place, now: datetime) -> None:
        if place.why is not None:
            self.skipped.append((one, place.why))
        elif place.until is not None:
            self.to_come.append(replace(one, due_at=place.until))
        else:
            self.left.append((now, one))
            if one.kind == "check_in" and self.chance.random() < 0.7:
                again = now + timedelta(hours=3)
                self.to_come.append(DueText(("nudge", one.id), "nudge", again, one.expires_at))

    def _on(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def live(self) -> None:
        """Four days with outages of up to eleven hours."""
        now = local_instant(self.zone, DAY, time(0))
        end = now + timedelta(days=4)
        while now < end:
            self.tick(now)
            is_out = self.chance.random() < 0.02
            now += timedelta(minutes=self.chance.randint(60, 660)) if is_out else timedelta(minutes=10)


def is_lesser(one: DueText) -> bool:
    return one.kind in ("rest", "posture", "activity", "nudge") or one.condition == NOT_TOLD_YET


def has_later_hour(before: datetime, one: DueText, zone: ZoneInfo) -> bool:
    """Whether a text could have left an hour after the one before it and still on its day."""
    later = before + APART
    return later < one.expires_at and later.astimezone(zone).time() <= LATEST


def broken(patient: Patient) -> list[str]:
    """Every promise that does not hold."""
    moments = [moment for moment, _ in patient.left]
    close = [(a, b, one) for (a, _), (b, one) in pairwise(patient.left) if b - a < NEAR]
    said = [f"{b - a} apart: {one.id}" for a, b, one in close if is_lesser(one) or has_later_hour(a, one, patient.zone)]
    of_day = Counter(moment.astimezone(patient.zone).date() for moment in moments)
    said += [f"{count} on {on}" for on, count in of_day.items() if count > TEXTS_A_DAY]
    said += ["night" for moment in moments if within_quiet_hours(moment, patient.zone)]
    said += [f"{one.id} waits" for one in patient.to_come if one.expires_at < max(moments)]
    asked = [one for one, why in patient.skipped if one.kind == "check_in" and why != "too_late"]
    return said + [f"not asked: {one.id}" for one in asked]


@pytest.mark.soak
def test_no_outages_bring_two_texts_together_or_four_in_a_day(samples: Callable[[int, int], int]) -> None:
    whys: Counter[str] = Counter()
    for seed in range(samples(60, 20_000)):
        patient = Patient(Random(seed))
        patient.live()
        assert broken(patient) == [], seed
        whys.update(why for _, why in patient.skipped)
    assert set(whys) == {"too_late", ENOUGH_TODAY, NO_TIME_LEFT}, "each of the ends was met"
