"""The judgement: which rules the last reading of an episode, or its silence, calls into action."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime

from recovery_api.domain import red_flag_rules, silence_rules, worsening_rules
from recovery_api.domain.course import FIRST_DAY, Course
from recovery_api.domain.readings import EpisodeFacts, Finding, Grounds, Reading
from recovery_api.domain.rules import Rule, RulePack
from recovery_api.domain.silence_rules import Silence
from recovery_api.domain.tiers import worst

__all__ = ["EpisodeFacts", "Finding", "Reading", "assess", "assess_silence", "replay"]

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
}
_SILENCE: dict[str, Callable[[Rule, Silence], Grounds | None]] = {
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
    silence = silence_rules.silence_of(history, facts, today)
    if not silence.missed:
        return ()
    return _ordered(rules, ((rule, _SILENCE[rule.condition](rule, silence)) for rule in rules.about_silence))


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
    return _ordered(rules, called)


def _armed(rule: Rule, course: Course, reading: Reading) -> bool:
    return reading.day >= rule.arming.from_day and len(course.pains) >= rule.arming.from_answer


def _ordered(rules: RulePack, called: Iterable[tuple[Rule, Grounds | None]]) -> tuple[Finding, ...]:
    """Findings of the rules that fire, the soonest wanted first, without those that a more urgent one stands for."""
    fired = [(rule, grounds) for rule, grounds in called if grounds is not None]
    if not fired:
        return ()
    covered = frozenset[str]().union(*(rule.supersedes for rule, _ in fired))
    findings = [_finding(rules, rule, grounds) for rule, grounds in fired if rule.id not in covered]
    return tuple(sorted(findings, key=lambda finding: (finding.tier.rank, finding.respond_minutes)))


def _finding(rules: RulePack, rule: Rule, grounds: Grounds) -> Finding:
    tier = worst(rule.tier, grounds.tier) or rule.tier
    return Finding(
        rule=rule.id,
        rule_version=rule.version,
        family=rule.family,
        tier=tier,
        reason=rule.sentence.format_map(grounds.words),
        respond_minutes=rule.respond_minutes if tier is rule.tier else rules.respond_minutes[tier],
        inputs={**grounds.inputs, "thresholds": dict(rule.parameters), "pack": f"{rules.name} {rules.version}"},
    )
