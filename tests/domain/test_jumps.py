"""A jump of pain is asked about before anybody is paged, and pain that creeps back is seen against its best."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.errors import PackError
from recovery_api.domain.escalation import Reading, assess, replay
from recovery_api.domain.jumps import jump_of
from recovery_api.domain.rule_changes import changed_pack
from recovery_api.domain.rules import RulePack
from recovery_api.domain.tiers import Tier
from recovery_api.domain.trajectory import Reference
from recovery_api.packs import load_yaml
from recovery_api.packs.rule_pack import SHIPPED, rule_pack
from tests.domain.diary_builder import LATER, diary, facts, reading

RULES = rule_pack()
CALM = (4, 3, 4, 3, 3, 4, 3, 3)


def rules_of(*history: Reading) -> list[str]:
    return [one.rule for one in assess(history, facts(), RULES, LATER)]


def without(rule_id: str) -> RulePack:
    return replace(RULES, rules=tuple(rule for rule in RULES.rules if rule.id != rule_id))


# jumps


def test_the_first_answer_three_above_the_usual_is_a_jump_and_calls_nobody() -> None:
    history = diary(*CALM, 7)
    jump = jump_of(history, facts(), RULES, LATER)
    assert jump is not None
    assert (jump.pain, round(jump.usual), jump.at) == (7, 3, history[-1].recorded_at)
    assert jump.ends_at - jump.at == timedelta(minutes=240)
    assert rules_of(*history) == []


@pytest.mark.parametrize("history", [(*CALM, 6), (*CALM, 7, 7), (3, 3, 7), ()], ids=["less", "twice", "early", "none"])
def test_what_is_no_jump_is_not_asked_about(history: tuple[int, ...]) -> None:
    assert jump_of(diary(*history), facts(), RULES, LATER) is None


def test_where_the_protocol_does_not_say_so_nothing_is_asked() -> None:
    assert jump_of(diary(*CALM, 7), facts(), without("PW-02q"), LATER) is None


def test_asked_again_the_same_day_and_still_high_is_urgent_and_the_time_between_counts() -> None:
    [first, *_] = assess([*diary(*CALM, 7), reading(9, 6, hour=15)], facts(), RULES, LATER)
    assert (first.rule, first.tier, first.waited_minutes) == ("PW-02a", Tier.URGENT, 180)
    assert first.reason == "Pain jumped to 7 from a usual 3; asked again, it is 6"


def test_asked_again_the_same_day_and_calm_is_nothing() -> None:
    assert rules_of(*diary(*CALM, 7), reading(9, 4, hour=15)) == []


def test_the_answer_of_the_next_day_is_for_review_alone() -> None:
    assert rules_of(*diary(*CALM, 7, 6)) == ["PW-02"]


# the best pain so far


def test_pain_that_creeps_back_from_its_best_is_found_though_no_answer_stands_out() -> None:
    crept = [5, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, *(score for score in (2, 3, 4) for _ in range(9))]
    found = [one for findings in replay(diary(*crept), facts(), RULES, LATER) for one in findings]
    rebounds = [one for one in found if one.rule == "PW-09"]
    assert rebounds
    assert rebounds[0].tier is Tier.TODAY
    assert rebounds[0].inputs["best"] == 1
    assert rebounds[0].inputs["mean"] >= 3.5


def test_who_never_was_better_has_no_rebound() -> None:
    assert "PW-09" not in {one.rule for day in replay(diary(*[6] * 60), facts(), RULES, LATER) for one in day}


@given(st.lists(st.integers(0, 10), max_size=60))
def test_a_rebound_needs_its_distance_from_the_best_of_as_many_answers(pains: list[int]) -> None:
    for count, findings in enumerate(replay(diary(*pains), facts(), RULES, LATER), 1):
        for one in findings:
            if one.rule == "PW-09":
                means = [sum(pains[end - 7 : end]) / 7 for end in range(7, count + 1)]
                assert means[-1] - min(means[:-7]) >= 2.5


# the reference


def test_after_days_without_an_answer_the_next_one_says_more() -> None:
    reference = Reference(RULES.detector)
    for day in range(1, 10):
        reference, _ = reference.advance(3, day)
    tomorrow, _ = reference.advance(6, 10)
    after_a_rest, _ = reference.advance(6, 14)
    assert after_a_rest.pressure > 1.5 * tomorrow.pressure > 0


def test_near_the_top_of_the_scale_less_distance_is_enough() -> None:
    pains = (9, 10, 9, 9, 9, 10, 9, 9, 9, 9, *[10] * 12)
    assert any(one.family == "worsening" for day in replay(diary(*pains), facts(10), RULES, LATER) for one in day)


# a clinic's own numbers


def test_own_numbers_take_the_place_of_the_shipped_ones_and_mark_their_version() -> None:
    changes = {"rules": {"PW-03": {"tier": "today", "parameters": {"pain": 9}}}, "detector": {"limit": 9}}
    own = changed_pack(load_yaml(SHIPPED), changes, 4, "Two of us")
    severe = next(rule for rule in own.rules if rule.id == "PW-03")
    assert (own.version, own.detector.limit, own.signed_off_by) == (f"{RULES.version}+4", 9, "Two of us")
    assert (severe.version, severe.tier, severe.parameters["pain"], severe.parameters["times"]) == (
        "1+4", Tier.TODAY, 9, 2,
    )  # fmt: skip
    assert rule_pack().detector.limit == RULES.detector.limit


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"rules": {"PW-99": {"tier": "today"}}}, "PW-99"),
        ({"rules": {"PW-03": {"sentence": "All is well"}}}, "PW-03"),
        ({"rules": {"PW-03": {"parameters": {"colour": 3}}}}, "PW-03"),
        ({"rules": {"PW-03": {"parameters": {"pain": 99}}}}, "PW-03"),
        ({"rules": {"RF-A": {"tier": "review"}}}, "RF-A"),
        ({"detector": {"limit": "eval(1)"}}, "detector"),
        ({"more": {}}, "changes"),
    ],
    ids=["rule", "sentence", "name", "bounds", "red flag", "words", "place"],
)
def test_own_numbers_that_no_pack_may_have_are_refused(changes: dict[str, object], where: str) -> None:
    with pytest.raises(PackError, match="own rules") as refused:
        changed_pack(load_yaml(SHIPPED), changes, 1, "nobody")
    assert where in refused.value.where
