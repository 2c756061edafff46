"""A rule pack that is unfit is refused, and the refusal names the file, the rule and the reason."""

import copy
from collections.abc import Callable
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.conditions import CONDITIONS
from recovery_api.domain.errors import PackError
from recovery_api.domain.escalation import Reading, assess
from recovery_api.domain.rule_file import DETECTOR_BOUNDS, read_rule_pack
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.packs import load_yaml
from recovery_api.packs.rule_pack import SHIPPED, rule_pack
from tests.domain.diary_builder import LATER, diary, facts, reading

Content = dict[str, Any]


def edited(change: Callable[[Content], object]) -> Content:
    content = copy.deepcopy(load_yaml(SHIPPED))
    change(content)
    return content


def rule(content: Content, rule_id: str) -> Content:
    return next(item for item in content["rules"] if item["id"] == rule_id)


def without(content: Content, rule_id: str) -> None:
    content["rules"].remove(rule(content, rule_id))


def refusal(change: Callable[[Content], object]) -> PackError:
    with pytest.raises(PackError) as caught:
        read_rule_pack(edited(change), "mine.yaml")
    return caught.value


def test_the_shipped_pack_is_fit_and_says_who_has_not_signed_it():
    pack = rule_pack()
    assert (pack.name, pack.version) == ("vertebroplasty", "3.2")
    assert "not yet signed" in pack.signed_off_by
    assert pack is rule_pack()


def test_every_symptom_has_its_default_tier():
    rules = {code: rule_pack().symptom_rule(code) for code in SYMPTOM_TIERS}
    assert {code: rule and rule.tier for code, rule in rules.items()} == SYMPTOM_TIERS
    assert rule_pack().symptom_rule("unheard_of") is None


def test_every_rule_names_its_source_and_every_number_lies_well_within_its_bounds():
    for item in rule_pack().rules:
        assert item.source
        for name, value in item.parameters.items():
            bounds = CONDITIONS[item.condition].parameters[name]
            assert bounds.low <= value < bounds.high


def test_shipped_sentences_use_only_words_that_their_condition_offers():
    for item in rule_pack().rules:
        used = {name for _, name, _, _ in Formatter().parse(item.sentence) if name}
        assert used <= CONDITIONS[item.condition].words


def test_a_clinic_may_move_a_symptom_to_another_tier():
    def fever_is_an_emergency(content: Content) -> None:
        rule(content, "RF-C")["tier"] = "emergency"

    pack = read_rule_pack(edited(fever_is_an_emergency), "mine.yaml")
    findings = assess([reading(4, 3, "fever")], facts(), pack, LATER)
    assert (findings[0].tier, findings[0].respond_minutes) == (Tier.EMERGENCY, 15)


def test_a_clinic_may_change_a_threshold():
    def severe_from_6(content: Content) -> None:
        rule(content, "PW-03")["parameters"]["pain"] = 6

    pack = read_rule_pack(edited(severe_from_6), "mine.yaml")
    findings = assess(diary(2, 2, 2, 6, 6), facts(), pack, LATER)
    assert findings[0].rule == "PW-03"
    assert findings[0].inputs["thresholds"]["pain"] == 6


def test_a_clinic_may_arm_a_pain_rule_later():
    def armed_from_day_10(content: Content) -> None:
        rule(content, "PW-03")["arming"] = {"from_day": 10, "from_answer": 8}

    pack = read_rule_pack(edited(armed_from_day_10), "mine.yaml")

    def fires(history: list[Reading]) -> bool:
        return "PW-03" in [finding.rule for finding in assess(history, facts(), pack, LATER)]

    assert not fires(diary(*[2] * 7, 8, 8))
    assert fires(diary(*[2] * 8, 8, 8))
    assert not fires(diary(*[2] * 5, 8, 8, first_day=8))


REFUSALS = {
    "no version": (lambda c: c.pop("version"), "pack", "version is missing"),
    "a version without quotes": (lambda c: c.update(version=1.1), "pack", "in quotes"),
    "no rules": (lambda c: c.update(rules=[]), "pack", "at least one"),
    "an unknown entry": (lambda c: c.update(author="x"), "pack", "does not know author"),
    "a rule that is no mapping": (lambda c: c["rules"].append("PW-09"), "rule 39", "named values"),
    "a rule without an id": (lambda c: rule(c, "PW-01").pop("id"), "rule 16", "id is missing"),
    "a rule without a source": (lambda c: rule(c, "PW-01").pop("source"), "rule PW-01", "source is missing"),
    "a tier that is none": (lambda c: rule(c, "PW-01").update(tier="red"), "rule PW-01", "one of emergency"),
    "a family that is none": (lambda c: rule(c, "PW-01").update(family="pain"), "rule PW-01", "family"),
    "a condition that is none": (lambda c: rule(c, "PW-01").update(condition="eval"), "rule PW-01", "condition"),
    "a misspelt key": (lambda c: rule(c, "PW-01").update(teir="today"), "rule PW-01", "does not know teir"),
    "a threshold out of bounds": (
        lambda c: rule(c, "PW-03")["parameters"].update(pain=11),
        "rule PW-03, parameters",
        "pain is 11; it must be a whole number from 0 to 10",
    ),
    "a threshold that is text": (
        lambda c: rule(c, "PW-03")["parameters"].update(pain="8"),
        "rule PW-03, parameters",
        "whole number",
    ),
    "a threshold that is yes": (
        lambda c: rule(c, "PW-03")["parameters"].update(times=True),
        "rule PW-03, parameters",
        "whole number",
    ),
    "a threshold left out": (
        lambda c: rule(c, "PW-03")["parameters"].pop("times"),
        "rule PW-03, parameters",
        "times is missing",
    ),
    "more times than answers": (
        lambda c: rule(c, "PW-03")["parameters"].update(times=4),
        "rule PW-03, parameters",
        "times must not be more",
    ),
    "arming of the trend": (lambda c: rule(c, "PW-01").update(arming={}), "rule PW-01", "does not know arming"),
    "a word that the condition does not offer": (
        lambda c: rule(c, "PW-03").update(sentence="Pain {pressure}"),
        "rule PW-03",
        "sentence uses {pressure}; this condition offers severe, usual",
    ),
    "a word with a way inside": (
        lambda c: rule(c, "PW-03").update(sentence="{usual.__class__}"),
        "rule PW-03",
        "sentence uses",
    ),
    "a word in a format": (lambda c: rule(c, "PW-03").update(sentence="{usual!r:>99}"), "rule PW-03", "sentence"),
    "an open brace": (lambda c: rule(c, "PW-03").update(sentence="Pain {usual"), "rule PW-03", "not readable"),
    "a red flag left out": (lambda c: without(c, "RF-A"), "rules", "leg_weakness must have exactly one rule, found 0"),
    "words left out": (lambda c: without(c, "RF-WORDS"), "rules", "words must have exactly one rule"),
    "unknown symptoms left out": (lambda c: without(c, "RF-OTHER"), "rules", "unknown_symptom must have"),
    "a red flag twice": (
        lambda c: c["rules"].append({**rule(c, "RF-A"), "id": "RF-A2"}),
        "rules",
        "leg_weakness must have exactly one rule, found 2",
    ),
    "an id twice": (lambda c: c["rules"].append(rule(c, "PW-01")), "rule PW-01", "more than once"),
    "an emergency made today": (
        lambda c: rule(c, "RF-A").update(tier="today"),
        "rule RF-A",
        "may not be less urgent than urgent",
    ),
    "an urgent one made review": (
        lambda c: rule(c, "RF-C").update(tier="review"),
        "rule RF-C",
        "may not be less urgent than today",
    ),
    "words made review": (lambda c: rule(c, "RF-WORDS").update(tier="review"), "rule RF-WORDS", "less urgent"),
    "an emergency answered tomorrow": (
        lambda c: rule(c, "RF-A").update(respond_minutes=1440),
        "rule RF-A",
        "respond_minutes",
    ),
    "tiers in the wrong order of time": (
        lambda c: c["respond_minutes"].update(urgent=480, today=60),
        "respond_minutes",
        "more time",
    ),
    "an urgent rule hidden by a lesser one": (
        lambda c: rule(c, "PW-01").update(supersedes=["PW-03"]),
        "rule PW-01",
        "not less urgent",
    ),
    "a rule hidden that is not there": (
        lambda c: rule(c, "PW-01u").update(supersedes=["PW-99"]),
        "rule PW-01u",
        "not in the pack",
    ),
    "a detector without a number": (lambda c: c["detector"].pop("slack"), "detector", "slack is missing"),
    "a detector out of bounds": (lambda c: c["detector"].update(own_noise=1), "detector", "own_noise is 1"),
    "a detector that is not a number": (
        lambda c: c["detector"].update(limit=float("nan")),
        "detector",
        "limit is nan",
    ),
}


@pytest.mark.parametrize(("change", "where", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_an_unfit_pack_is_refused(change, where, reason):
    error = refusal(change)
    assert error.file == "mine.yaml"
    assert where in error.where
    assert reason in error.reason


@pytest.mark.parametrize("content", [None, [], "rules", 3, {}])
def test_a_file_that_is_no_pack_at_all_is_refused(content):
    with pytest.raises(PackError, match=r"mine\.yaml"):
        read_rule_pack(content, "mine.yaml")


PLACES = st.sampled_from(
    [(), ("detector",), ("respond_minutes",), *[("rules", n) for n in range(34)], ("rules", 14, "parameters")]
)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({})
)


@given(PLACES, st.data(), ANYTHING)
def test_a_pack_with_anything_in_any_place_is_read_or_refused(place, data, value):
    content = copy.deepcopy(load_yaml(SHIPPED))
    spot = content
    for step in place:
        spot = spot[step]
    spot[data.draw(st.sampled_from(sorted(spot)))] = value
    try:
        pack = read_rule_pack(content, "mine.yaml")
    except PackError:
        return
    assess(diary(3, 3, 3, 3, 8, 8, 8), facts(), pack, LATER)


@given(st.fixed_dictionaries({name: st.floats(b.low, b.high) for name, b in DETECTOR_BOUNDS.items() if not b.whole}))
def test_every_detector_within_bounds_judges_every_diary(numbers):
    pack = read_rule_pack(edited(lambda content: content["detector"].update(numbers)), "mine.yaml")
    for pains in ([0] * 60, [10] * 60, [0, 10] * 30, [3] * 30 + [8] * 30):
        assess(diary(*pains), facts(), pack, LATER)


def test_a_clinics_own_file_is_read_again_once_it_changes(tmp_path: Path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(yaml.safe_dump(edited(lambda content: content.update(version="7"))))
    first = rule_pack(mine)
    assert first.version == "7"
    assert rule_pack(mine) is first
    mine.write_text(yaml.safe_dump(edited(lambda content: content.update(version="8.1"))))
    assert rule_pack(mine).version == "8.1"


BROKEN_FILES = {
    "not YAML": (b"rules: [", "line"),
    "a key twice": (b"pack: a\npack: b\n", "pack stands twice"),
    "not UTF-8": (b"\xff\xfe", "UTF-8"),
    "a control character": (b"pack: \x07", "file"),
    "an object of a program": (b"!!python/object/apply:os.getcwd []", "could not determine a constructor"),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path, content: bytes, reason: str):
    mine = tmp_path / "mine.yaml"
    mine.write_bytes(content)
    with pytest.raises(PackError, match=reason) as caught:
        rule_pack(mine)
    assert str(mine) in caught.value.message


def test_a_file_that_is_not_there_or_a_folder_is_refused_by_name(tmp_path: Path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(PackError, match=path.name):
            rule_pack(path)
