"""What the last reading of an episode, or its silence, calls for."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.escalation import Finding, Reading, assess, assess_silence, replay
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.packs.rule_pack import rule_pack
from tests.domain.diary_builder import LATER, PROCEDURE_ON, diary, facts, reading, words

RULES = rule_pack()


def judge(*history: Reading) -> tuple[Finding, ...]:
    return assess(history, facts(), RULES, LATER)


def rules_of(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def only(findings: tuple[Finding, ...]) -> Finding:
    assert len(findings) == 1, rules_of(findings)
    return findings[0]


def silent_on(day: int, *history: Reading, **more: object) -> tuple[Finding, ...]:
    return assess_silence(history, facts(**more), RULES, PROCEDURE_ON + timedelta(days=day))


# Red flags


@pytest.mark.parametrize(("code", "tier"), SYMPTOM_TIERS.items())
def test_every_symptom_raises_its_own_flag_at_once(code, tier):
    finding = only(judge(reading(2, None, code)))
    assert (finding.tier, finding.family) == (tier, "red_flag")
    assert finding.respond_minutes == {Tier.EMERGENCY: 15, Tier.URGENT: 120}[tier]
    assert finding.inputs["symptom"] == code
    assert finding.reason


def test_leg_weakness_is_said_in_plain_words():
    finding = only(judge(*diary(3, 3, 3), reading(4, 3, "leg_weakness")))
    assert (finding.rule, finding.reason) == ("RF-A", "New leg weakness reported")


@pytest.mark.parametrize("day", [-20, 0, 1, 300])
def test_red_flags_are_armed_at_all_times(day):
    assert only(judge(reading(day, None, "breathing"))).tier is Tier.EMERGENCY


def test_two_symptoms_raise_two_flags_the_more_urgent_first():
    assert rules_of(judge(reading(4, 2, "fever", "bladder_bowel"))) == ["RF-B", "RF-C"]


def test_a_red_flag_of_an_earlier_reading_is_not_raised_again():
    assert judge(reading(3, 3, "fever"), reading(4, 3)) == ()


def test_a_symptom_that_no_rule_knows_goes_to_a_person():
    finding = only(judge(reading(4, 3, "green_spots")))
    assert (finding.rule, finding.tier) == ("RF-OTHER", Tier.URGENT)
    assert "green_spots" in finding.reason


@pytest.mark.parametrize(("tier", "minutes"), [(Tier.EMERGENCY, 15), (Tier.URGENT, 120), (Tier.TODAY, 1440)])
def test_words_without_a_symptom_raise_the_tier_they_call_for(tier, minutes):
    finding = only(judge(words(4, tier, "Says that they cannot go on like this")))
    assert (finding.rule, finding.tier, finding.respond_minutes) == ("RF-WORDS", tier, minutes)
    assert finding.reason == "Says that they cannot go on like this"


def test_words_without_an_explanation_still_get_a_sentence():
    assert only(judge(words(4, Tier.URGENT))).reason == "The patient's own words call for somebody"


def test_words_with_braces_are_shown_as_they_are():
    assert only(judge(words(4, Tier.URGENT, "{pain} {0.__class__}"))).reason == "{pain} {0.__class__}"


def test_words_that_call_for_no_more_than_their_symptom_add_nothing():
    assert rules_of(judge(words(4, Tier.URGENT, "Says fever", None, "fever"))) == ["RF-C"]


def test_words_that_call_for_more_than_their_symptom_are_heard_too():
    findings = judge(words(4, Tier.EMERGENCY, "Fever, and confused", None, "fever"))
    assert [(finding.rule, finding.tier) for finding in findings] == [
        ("RF-WORDS", Tier.EMERGENCY),
        ("RF-C", Tier.URGENT),
    ]


def test_fever_with_strong_pain_is_wanted_within_the_hour():
    findings = judge(reading(4, 7, "fever"))
    assert rules_of(findings) == ["RF-COMBO", "RF-C"]
    assert findings[0].respond_minutes == 60
    assert findings[0].reason == "Fever or shaking chills reported, together with pain 7; their usual is not known yet"


def test_fever_with_pain_well_above_the_usual_is_wanted_within_the_hour():
    assert "RF-COMBO" in rules_of(judge(*diary(2, 2, 2, 2), reading(5, 5, "fever")))
    assert "RF-COMBO" not in rules_of(judge(*diary(2, 2, 2, 2), reading(5, 4, "fever")))


def test_an_urgent_symptom_with_moderate_pain_at_the_very_first_answer_is_no_combination():
    assert rules_of(judge(reading(1, 6, "fever"))) == ["RF-C"]


def test_an_emergency_with_strong_pain_needs_no_combination():
    assert rules_of(judge(reading(4, 9, "leg_weakness"))) == ["RF-A"]


# Worsening


def test_a_patient_whose_usual_is_3_and_who_answers_8_twice_raises_an_urgent_flag_at_the_second_8():
    assert judge(*diary(3, 3, 4, 3, 8)) == ()
    findings = judge(*diary(3, 3, 4, 3, 8, 8))
    assert {finding.tier for finding in findings} == {Tier.URGENT}
    severe = findings[0]
    assert severe.reason == "Pain 8 twice in a row; their usual is about 3"
    assert severe.inputs["pains"] == [3, 3, 4, 3, 8, 8]
    assert severe.inputs["thresholds"]["pain"] == 8


@pytest.mark.parametrize("usual", range(6))
@pytest.mark.parametrize("gap", [0, 1, 5])
def test_severe_twice_raises_an_urgent_flag_whatever_the_usual_below_5_and_the_days_between(usual, gap):
    history = diary(*[usual] * 6, 8, *[None] * gap, 8)
    findings = judge(*history)
    assert ("PW-03" in rules_of(findings)) == (usual < 5)


def test_severe_on_two_of_the_last_three_answers_counts_and_on_the_first_and_fourth_does_not():
    finding = next(f for f in judge(*diary(3, 3, 3, 8, 3, 9)) if f.rule == "PW-03")
    assert finding.reason == "Pain 8 and 9 on 2 of the last 3 answers; their usual is about 3"
    assert "PW-03" not in rules_of(judge(*diary(3, 3, 3, 8, 3, 3, 8)))


def test_severe_three_times_is_counted_in_words():
    assert any(f.reason.startswith("Pain 9 three times in a row") for f in judge(*diary(2, 2, 2, 9, 9, 9)))
    assert any(f.reason.startswith("Pain 8, 9, 8 in a row") for f in judge(*diary(2, 2, 2, 8, 9, 8)))


def test_severe_answers_of_the_days_before_are_not_raised_again_by_a_milder_one():
    assert judge(*diary(3, 3, 3, 8, 8, 3)) == ()


def test_a_usual_above_6_is_no_ground_for_severe_twice():
    assert "PW-03" not in rules_of(judge(*diary(7, 6, 6, 7, 6, 6, 7, 10, 10)))


def test_a_patient_in_constant_severe_pain_raises_no_worsening():
    assert judge(*diary(9, 8, 9, 9, 8, 9, 9)) == ()


def test_two_answers_are_too_few_for_a_usual():
    assert judge(*diary(3, 8)) == ()


def test_a_lasting_rise_is_wanted_today_with_its_sentence():
    finding = only(judge(*diary(4, 3, 4, 3, 3, 4, 3, 3, 6, 6, 7)))
    assert (finding.rule, finding.tier, finding.respond_minutes) == ("PW-01", Tier.TODAY, 1440)
    assert finding.reason == "Pain has stayed about 3.1 above their usual 3 for 3 answers; it is 7 now"
    assert finding.inputs["detector"]["limit"] == rule_pack().detector.limit


def test_a_lasting_rise_to_8_is_urgent_and_stands_for_the_trend_alone():
    findings = judge(*diary(5, 5, 5, 5, 6, 5, 5, 5, 7, 8, 8))
    assert rules_of(findings) == ["PW-01u"]
    assert findings[0].reason.endswith("and pain is 8 now")


@pytest.mark.parametrize(("days_before", "rule"), [(3, "PW-01u"), (4, "PW-01")])
def test_a_lasting_rise_within_72_hours_of_a_red_flag_is_urgent(days_before, rule):
    history = diary(4, 3, 4, 3, 3, 4, 3, 3, 6, 6, 7)
    flagged = history[-1 - days_before]
    history[-1 - days_before] = reading(flagged.day, flagged.pain, "wound")
    assert rules_of(judge(*history)) == [rule]


def test_a_lasting_rise_soon_after_alarming_words_is_urgent():
    history = diary(4, 3, 4, 3, 3, 4, 3, 3, 6, 6, 7)
    history[-2] = words(10, Tier.EMERGENCY, pain=6)
    assert rules_of(judge(*history)) == ["PW-01u"]
    history[-2] = words(10, Tier.TODAY, pain=6)
    assert rules_of(judge(*history)) == ["PW-01"]


def test_a_reading_from_a_phone_whose_clock_runs_ahead_counts_as_of_now():
    history = diary(4, 3, 4, 3, 3, 4, 3, 3, 6, 6, 7)
    history[-2] = reading(10, 6, "wound")
    now = history[-1].recorded_at
    history[-1] = history[-1]._replace(recorded_at=now + timedelta(days=30))
    assert rules_of(assess(history, facts(), RULES, now)) == ["PW-01u"]


def test_soreness_on_days_1_to_3_never_raises_the_trend_but_is_remembered():
    several_a_day = [reading(day, pain, hour=hour) for day, pain, hour in _SORE]
    assert not any(replay(several_a_day, facts(), RULES, LATER))
    assert "PW-01" in rules_of(judge(*several_a_day, reading(4, 6)))


_SORE = [(1, 2, 9), (1, 2, 11), (2, 2, 9), (2, 6, 12), (3, 6, 9), (3, 6, 12), (3, 6, 15)]


def test_pain_before_the_procedure_and_on_its_day_is_no_part_of_the_usual():
    before = [reading(-3, 9), reading(-1, 9), reading(0, 0)]
    assert rules_of(judge(*before, *diary(3, 3, 3, 3, 8, 8))) == rules_of(judge(*diary(3, 3, 3, 3, 8, 8)))
    assert judge(reading(-3, 2), reading(-2, 2), reading(-1, 8), reading(0, 8)) == ()


def test_a_reading_without_pain_raises_no_worsening():
    assert judge(*diary(3, 3, 3, 3, 8, 8), reading(7)) == ()


def test_an_empty_history_calls_for_nothing():
    assert judge() == ()


# Silence


def test_three_missed_daily_check_ins_go_on_the_review_list():
    assert silent_on(6, *diary(4, 4, 4)) == ()
    finding = only(silent_on(7, *diary(4, 4, 4)))
    assert (finding.rule, finding.tier, finding.family) == ("MS-02", Tier.REVIEW, "silence")
    assert finding.reason == "3 check-ins missed in a row; last pain 4 on day 3"
    assert finding.inputs["missed_days"] == [4, 5, 6]


def test_a_patient_who_never_answered_is_silent_too():
    assert only(silent_on(4)).reason == "3 check-ins missed in a row; no pain score yet"


def test_silence_after_strong_pain_is_wanted_today():
    finding = silent_on(7, *diary(4, 4, 7))[0]
    assert (finding.rule, finding.tier) == ("MS-02u", Tier.TODAY)
    assert finding.reason == "3 check-ins missed in a row after strong pain; last pain 7 on day 3"


def test_silence_under_an_open_flag_is_wanted_today():
    finding = only(silent_on(7, *diary(4, 4, 4), open_flag=True))
    assert (finding.tier, "while a flag is open" in finding.reason) == (Tier.TODAY, True)


def test_later_on_two_missed_check_ins_are_enough():
    days = frozenset({*range(1, 15), 17, 21, 24})
    assert silent_on(21, *diary(*[4] * 14), days=days) == ()
    assert only(silent_on(22, *diary(*[4] * 14), days=days)).inputs["missed_days"] == [17, 21]


def test_the_last_daily_check_in_does_not_count_as_a_later_one():
    assert silent_on(20, *diary(*[4] * 13), days=frozenset({*range(1, 15), 17})) == ()


def test_days_without_a_question_are_not_missed():
    assert silent_on(60, *diary(*[4] * 14)) == ()


def test_any_reading_breaks_the_silence():
    assert silent_on(7, *diary(4, 4, 4), reading(5, None, "fever")) == ()


def test_a_reading_dated_in_the_future_does_not_break_the_silence():
    assert rules_of(silent_on(7, *diary(4, 4, 4), reading(400, 3))) == ["MS-02"]


# Every history


PAIN = st.one_of(st.none(), st.integers(0, 10))
CODES = st.frozensets(st.sampled_from([*SYMPTOM_TIERS, "unheard_of"]), max_size=3)
READINGS = st.builds(
    lambda day, pain, codes, tier, hour: reading(day, pain, *codes, hour=hour, words_tier=tier),
    st.integers(-10, 400),
    PAIN,
    st.one_of(st.just(frozenset()), CODES),
    st.one_of(st.none(), st.sampled_from(Tier)),
    st.integers(0, 23),
)
HISTORIES = st.lists(READINGS, max_size=25)  # unordered, doubled, with gaps: as strange as may be


@given(HISTORIES)
def test_a_replay_says_of_each_reading_what_was_said_when_it_came(history):
    replayed = list(replay(history, facts(), RULES, LATER))
    assert replayed == [assess(history[: n + 1], facts(), RULES, LATER) for n in range(len(history))]


@given(HISTORIES)
def test_findings_can_be_stored_as_json_and_come_the_soonest_wanted_first(history):
    findings = assess(history, facts(), RULES, LATER)
    assert json.loads(json.dumps([finding.inputs for finding in findings])) == [f.inputs for f in findings]
    assert [finding.tier.rank for finding in findings] == sorted(finding.tier.rank for finding in findings)
    assert all(finding.reason and finding.respond_minutes > 0 for finding in findings)


@given(HISTORIES, st.integers(-10, 400), PAIN, CODES)
def test_a_reported_symptom_is_never_judged_below_its_tier(history, day, pain, codes):
    findings = assess([*history, reading(day, pain, *codes)], facts(), RULES, LATER)
    raised = {finding.inputs.get("symptom"): finding.tier for finding in findings}
    for code in codes:
        assert raised[code] is SYMPTOM_TIERS[code] if code in SYMPTOM_TIERS else "RF-OTHER" in rules_of(findings)


@given(HISTORIES, PAIN, CODES, CODES)
def test_one_more_symptom_never_lowers_what_is_found(history, pain, codes, more):
    fewer = assess([*history, reading(5, pain, *codes)], facts(), RULES, LATER)
    greater = assess([*history, reading(5, pain, *codes, *more)], facts(), RULES, LATER)
    if fewer:
        assert greater[0].tier.rank <= fewer[0].tier.rank


@given(st.lists(st.integers(0, 4), min_size=3, max_size=40), st.integers(0, 30), st.integers(8, 10))
def test_whoever_lives_with_mild_pain_and_is_severe_twice_is_flagged_urgently(pains, gap, severe):
    findings = judge(*diary(*pains, severe, *[None] * gap, severe))
    assert findings
    assert findings[0].tier is Tier.URGENT


@given(HISTORIES, st.integers(-20, 420), st.booleans())
def test_silence_is_found_only_after_missed_check_ins(history, day, open_flag):
    episode = facts(open_flag=open_flag)
    for finding in assess_silence(history, episode, RULES, PROCEDURE_ON + timedelta(days=day)):
        missed = finding.inputs["missed_days"]
        assert missed == sorted(missed)
        assert set(missed) <= episode.check_in_days
        assert max(missed) < day
        assert not any(min(missed) <= reading.day <= day for reading in history)


@given(HISTORIES, st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_silence_takes_any_day(history, today):
    assess_silence(history, facts(), RULES, today)
