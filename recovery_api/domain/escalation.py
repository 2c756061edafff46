"""The judgement: which rules the last reading of an episode, or its silence, calls into action."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from recovery_api.domain import (
    activity_rules,
    medication_rules,
    recovery_rules,
    red_flag_rules,
    silence_rules,
    worsening_rules,
)
from recovery_api.domain.course import FIRST_DAY, Course
from recovery_api.domain.readings import EpisodeFacts, Finding, Grounds, Reading
from recovery_api.domain.rules import Rule, RulePack
from recovery_api.domain.silence_rules import Silence
from recovery_api.domain.tiers import worst

__all__ = ["EpisodeFacts", "Finding", "Reading", "assess", "assess_event", "assess_silence", "replay", "replay_silence"]

_NOTHING: Mapping[str, Any] = {}
_Decision = Callable[[Rule, Course, Reading], Grounds | None]
_REPORT: dict[str, _Decision] = {
    "symptom": red_flag_rules.symptom,
    "unknown_symptom": red_flag_rules.unknown_symptom,
    "words": red_flag_rules.words,
    "urgent_symptom_with_pain": red_flag_rules.urgent_symptom_with_pain,
}
_PAIN: dict[str, _Decision] = {
    "trend": worsening_rules.trend,
    "trend_with_danger": worsening_rules.trend_with_danger,
    "severe_again": worsening_rules.severe_again,
    "jump_confirmed": worsening_rules.jump_confirmed,
    "jump_that_stays": worsening_rules.jump_that_stays,
    "rebound": worsening_rules.rebound,
    "above_baseline": recovery_rules.above_baseline,
    "not_recovering": recovery_rules.not_recovering,
    "severe_on_average": recovery_rules.severe_on_average,
}
_ACTIVITY: dict[str, _Decision] = {
    "walks_less": activity_rules.walks_less,
    "walks_less_in_pain": activity_rules.walks_less_in_pain,
    "walks_nothing": activity_rules.walks_nothing,
}
_MEDICATION: dict[str, _Decision] = {
    "prescribed_late": medication_rules.prescribed_late,
    "pills_rising": medication_rules.pills_rising,
    "too_much_acetaminophen": medication_rules.too_much_acetaminophen,
}
_SILENCE: dict[str, Callable[[Rule, Silence], Grounds | None]] = {
    "missed_after_jump": silence_rules.missed_after_jump,
    "missed_check_ins": silence_rules.missed_check_ins,
    "missed_after_concern": silence_rules.missed_after_concern,
}


def assess(history: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, now: datetime) -> tuple[Finding, ...]:
    """The findings that the last reading of a history calls for, the soonest wanted first; none for an empty history.

    The history is oldest first, in its latest versions. Takes about a millisecond for a year of daily readings.
    """
    course = Course(facts, rules)
    for reading in history:
        course.take(reading, now)
    return _judge(course)


def replay(
    history: Iterable[Reading], facts: EpisodeFacts, rules: RulePack, now: datetime
) -> Iterator[tuple[Finding, ...]]:
    """For each reading in turn, what `assess` says of the history up to it, in constant time a reading.

    A reading that arrives late, or a corrected one, changes what follows it: judge those again by this.
    """
    course = Course(facts, rules)
    for reading in history:
        course.take(reading, now)
        yield _judge(course)


def assess_silence(
    history: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, today: date
) -> tuple[Finding, ...]:
    """The findings that the patient's silence calls for on the patient's own calendar day `today`.

    They are found anew on every day that the silence lasts; check-ins of `today` itself are not yet missed.
    """
    silence = silence_rules.silence_of(history, facts, rules, today)
    if not silence.missed:
        return ()
    return _ordered(rules, ((rule, _SILENCE[rule.condition](rule, silence)) for rule in rules.about_silence))


def replay_silence(
    history: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, last_day: int
) -> Iterator[tuple[int, Finding]]:
    """What each stretch of silence up to `last_day` calls for: every rule once, with the day on which it is found."""
    for place in range(len(history) + 1):
        heard = history[place - 1].day if place else 0
        until = history[place].day if place < len(history) else last_day
        said: set[str] = set()
        for due in sorted(day for day in facts.check_in_days if heard < day < until):
            today = facts.procedure_on + timedelta(days=due + 1)
            new = [one for one in assess_silence(history[:place], facts, rules, today) if one.rule not in said]
            said |= {finding.rule for finding in new}
            yield from ((due + 1, finding) for finding in new)


def assess_event(rules: RulePack, condition: str, grounds: Grounds) -> Finding:
    """The finding for an event that the program itself saw: a low mood, a missed visit, texts that do not arrive."""
    return _finding(rules, rules.event_rule(condition), grounds)


def _judge(course: Course) -> tuple[Finding, ...]:
    reading, rules = course.reading, course.rules
    if reading is None:
        return ()
    called: list[tuple[Rule, Grounds | None]] = []
    if reading.symptoms or reading.words_tier is not None:
        called += [(rule, _REPORT[rule.condition](rule, course, reading)) for rule in rules.about_report]
    if reading.pain is not None and reading.day >= FIRST_DAY:
        armed = [rule for rule in rules.about_pain if _armed(rule, course, reading)]
        called += [(rule, _PAIN[rule.condition](rule, course, reading)) for rule in armed]
    if reading.minutes_walked is not None and reading.day >= FIRST_DAY:
        called += [(rule, _ACTIVITY[rule.condition](rule, course, reading)) for rule in rules.about_activity]
    if reading.pills is not None and reading.day >= FIRST_DAY:
        called += [(rule, _MEDICATION[rule.condition](rule, course, reading)) for rule in rules.about_medication]
    about = {"day": reading.day, "baseline": course.facts.baseline_pain}  # as they stood: both may be mended later
    return _ordered(rules, called, about)


def _armed(rule: Rule, course: Course, reading: Reading) -> bool:
    return reading.day >= rule.arming.from_day and len(course.pains) >= rule.arming.from_answer


def _ordered(
    rules: RulePack, called: Iterable[tuple[Rule, Grounds | None]], about: Mapping[str, Any] = _NOTHING
) -> tuple[Finding, ...]:
    """Findings of the rules that fire, the soonest wanted first, without those that a more urgent one stands for."""
    fired = [(rule, grounds) for rule, grounds in called if grounds is not None]
    if not fired:
        return ()
    covered = frozenset[str]().union(*(rule.supersedes for rule, _ in fired))
    findings = [_finding(rules, rule, grounds, about) for rule, grounds in fired if rule.id not in covered]
    return tuple(sorted(findings, key=lambda finding: (finding.tier.rank, finding.respond_minutes)))


def _finding(rules: RulePack, rule: Rule, grounds: Grounds, about: Mapping[str, Any] = _NOTHING) -> Finding:
    tier = worst(rule.tier, grounds.tier) or rule.tier
    return Finding(
        rule=rule.id,
        rule_version=rule.version,
        family=rule.family,
        tier=tier,
        reason=rule.sentence.format_map(grounds.words),
        respond_minutes=rule.respond_minutes if tier is rule.tier else rules.respond_minutes[tier],
        inputs={
            **about,
            **grounds.inputs,
            "thresholds": dict(rule.parameters),
            "pack": f"{rules.name} {rules.version}",
            "says": rule.sentence,  # as it stood: the next version of the pack may say something else
            "source": rule.source,
        },
        waited_minutes=grounds.waited_minutes,
    )
