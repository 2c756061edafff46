"""The judgement of a reading that comes after later ones: as of then, and what it changes in those after it."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.domain.escalation import assess, replay
from recovery_api.domain.readings import EpisodeFacts, Finding, Reading
from recovery_api.domain.rules import RulePack


def assess_between(
    history: Sequence[Reading], later: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, now: datetime
) -> tuple[Finding, ...]:
    """What the last reading of `history` calls for, when `later` ones were judged already without it.

    With it, pain that seemed a single bad day may be the second of two. Whatever now fires that did not before is
    found as well, so that in whichever order readings come, no rule stays silent that would have fired in theirs.
    """
    found = assess(history, facts, rules, now)
    if not later:
        return found
    known = {one.rule for one in found}
    known |= {one.rule for one in _of_later([*history[:-1], *later], later, facts, rules, now)}
    new = {one.rule: one for one in _of_later([*history, *later], later, facts, rules, now) if one.rule not in known}
    return (*found, *new.values())


def _of_later(
    whole: Sequence[Reading], later: Sequence[Reading], facts: EpisodeFacts, rules: RulePack, now: datetime
) -> list[Finding]:
    judged = list(replay(whole, facts, rules, now))[-len(later) :]
    return [one for findings in judged for one in findings]
