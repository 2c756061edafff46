"""The protocol says what is asked on which day; one that is unfit is refused by file, step and reason."""

import copy
from collections.abc import Callable
from datetime import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.errors import PackError
from recovery_api.domain.protocol import read_protocol
from recovery_api.domain.schedule import scheduled_days
from recovery_api.packs import load_yaml
from recovery_api.packs.protocol_pack import SHIPPED, check_texts, protocol_pack
from recovery_api.packs.texts import message_pack

Content = dict[str, Any]


def edited(change: Callable[[Content], object]) -> Content:
    content = copy.deepcopy(load_yaml(SHIPPED))
    change(content)
    return content


def step(content: Content, step_id: str) -> Content:
    return next(item for item in content["steps"] if item["id"] == step_id)


def test_check_ins_are_daily_then_twice_a_week_then_weekly_then_monthly():
    days = sorted(scheduled_days(protocol_pack()))
    assert days[:14] == list(range(1, 15))
    between = {late: late - early for early, late in pairwise(days)}
    assert {gap for day, gap in between.items() if 14 < day <= 42} == {3, 4}
    assert all(gap <= 7 for day, gap in between.items() if 42 < day <= 90)
    assert all(28 <= gap <= 35 for day, gap in between.items() if 90 < day <= 365)
    assert {14, 42, 90, 365} <= set(days)


def test_rest_comes_on_day_1_posture_on_day_3_and_visits_five_days_and_a_day_before():
    steps = {step.text_key: step for step in protocol_pack().steps}
    assert (steps["rest_short_walks"].kind, steps["rest_short_walks"].days) == ("rest", (1,))
    assert (steps["posture_sitting"].kind, steps["posture_sitting"].days) == ("posture", (3,))
    before = {s.text_key: s.days_before_visit for s in protocol_pack().steps if s.kind == "follow_up_visit"}
    assert before == {"visit_coming": 5, "visit_reminder": 1}
    assert {(s.text_key, s.question) for s in protocol_pack().steps if s.kind == "check_in"} == {
        ("check_in_pain", "pain")
    }


def test_the_shipped_protocol_names_its_source_and_is_read_once():
    assert protocol_pack().source
    assert "not yet signed" in protocol_pack().signed_off_by
    assert protocol_pack() is protocol_pack()


def test_a_step_may_have_its_own_time():
    def early(content: Content) -> None:
        step(content, "rest-short-walks")["at"] = "09:15"

    read = read_protocol(edited(early), "mine.yaml")
    assert next(step.at for step in read.steps if step.id == "rest-short-walks") == time(9, 15)


def twice_on_day_1(content: Content) -> None:
    content["steps"].append({**step(content, "rest-short-walks"), "id": "again"})


def four_on_day_1(content: Content) -> None:
    for slot in ("noon", "evening"):
        content["steps"].append({**step(content, "rest-short-walks"), "id": slot, "slot": slot})


def ask_of_worst(content: Content) -> None:
    for one in content["steps"]:
        if one["kind"] == "check_in":
            one["text"] = "check_in_worst"


def test_a_protocol_may_ask_for_the_worst_pain_of_the_last_day_in_every_question() -> None:
    def worst(content: Content) -> None:
        ask_of_worst(content)
        content["silence"] = {"after_hours": 3, "rungs": [{"missed": 0, "by": "text", "text": "missed_worst"}]}

    read = read_protocol(edited(worst), "mine.yaml")
    assert {one.text_key for one in read.steps if one.kind == "check_in"} == {"check_in_worst"}
    check_texts(read, "mine.yaml", message_pack())


def only_rest(content: Content) -> None:
    content["steps"] = [step(content, "rest-short-walks")]


REFUSALS = {
    "no version": (lambda c: c.pop("version"), "protocol", "version is missing"),
    "an unknown entry": (lambda c: c.update(note="x"), "protocol", "does not know note"),
    "no steps": (lambda c: c.update(steps=[]), "protocol", "at least one"),
    "a step that is no mapping": (lambda c: c["steps"].append(3), "step 51", "named values"),
    "a kind that is none": (
        lambda c: step(c, "posture-sitting").update(kind="sms"),
        "step posture-sitting",
        "kind is 'sms'",
    ),
    "a question that is none": (
        lambda c: step(c, "check-in-daily").update(question="mood"),
        "step check-in-daily",
        "question is 'mood'",
    ),
    "a check-in without a question": (
        lambda c: step(c, "check-in-daily").pop("question"),
        "step check-in-daily",
        "must name its question",
    ),
    "a day out of range": (
        lambda c: step(c, "posture-sitting").update(days=[400]),
        "step posture-sitting",
        "whole number from -30 to 365",
    ),
    "a day twice": (
        lambda c: step(c, "posture-sitting").update(days=[3, 3]),
        "step posture-sitting",
        "name a day twice",
    ),
    "a series backwards": (
        lambda c: step(c, "posture-sitting").update(days=[{"from": 5, "to": 3, "every": 1}]),
        "step posture-sitting, days",
        "to is before from",
    ),
    "a series that stands still": (
        lambda c: step(c, "posture-sitting").update(days=[{"from": 1, "to": 3, "every": 0}]),
        "step posture-sitting, days",
        "every is 0",
    ),
    "neither days nor visits": (
        lambda c: step(c, "posture-sitting").pop("days"),
        "step posture-sitting",
        "either days or days_before_visit",
    ),
    "a visit reminder on a fixed day": (
        lambda c: step(c, "posture-sitting").update(kind="follow_up_visit"),
        "step posture-sitting",
        "before the visit",
    ),
    "a time in quiet hours": (
        lambda c: step(c, "posture-sitting").update(at="20:00"),
        "step posture-sitting",
        "from 09:00 and before 20:00",
    ),
    "a time that is none": (
        lambda c: step(c, "posture-sitting").update(at="noon"),
        "step posture-sitting",
        'a time such as "13:00"',
    ),
    "a time without quotes": (
        lambda c: step(c, "posture-sitting").update(at=780),
        "step posture-sitting",
        "in quotes",
    ),
    "two steps in one slot": (twice_on_day_1, "steps", "2 rest steps in slot 'day' on day 1"),
    "four texts on a day": (four_on_day_1, "steps", "5 texts on day 1, at most 3"),
    "an id twice": (lambda c: c["steps"].append(step(c, "posture-sitting")), "steps", "steps called posture-sitting"),
    "two texts before a visit on one day": (
        lambda c: c["steps"].append({**step(c, "visit-tomorrow"), "id": "again"}),
        "steps",
        "2 steps 1 days before a visit",
    ),
    "pain now and at its worst": (
        lambda c: step(c, "check-in-daily").update(text="check_in_worst"),
        "step check-in-twice-a-week",
        "every check-in and rung must ask alike",
    ),
    "a rung that asks of another pain": (ask_of_worst, "protocol, silence", "every check-in and rung must ask alike"),
    "no check-in at all": (only_rest, "steps", "no step is a check_in"),
}


@pytest.mark.parametrize(("change", "where", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_an_unfit_protocol_is_refused(change, where, reason):
    with pytest.raises(PackError) as caught:
        read_protocol(edited(change), "mine.yaml")
    assert (caught.value.file, caught.value.where) == ("mine.yaml", where)
    assert reason in caught.value.reason


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({})
)


@given(st.integers(0, 40), st.data(), ANYTHING)
def test_a_protocol_with_anything_in_any_place_is_read_or_refused(number, data, value):
    content = copy.deepcopy(load_yaml(SHIPPED))
    spot = content["steps"][number]
    spot[data.draw(st.sampled_from([*sorted(spot), "slot", "at"]))] = value
    try:
        read_protocol(content, "mine.yaml")
    except PackError:
        return
