"""Say how soon somebody calls: the hours in a patient's words are those of the flag's own clock."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.response_time import USUAL_MINUTES, ResponseTimes
from recovery_api.domain.tiers import Tier
from recovery_api.domain.triage import BREAKS
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.find_ladder import ClinicLadder, find_ladder


def response_times(scope: ClinicScope, ladder: ClinicLadder | None = None) -> ResponseTimes:
    """The clinic's own clock: the times of its rules, in the working hours of its ladder.

    Where the rules cannot be read a flag is raised all the same, by the usual times.
    """
    hours = (ladder or find_ladder(scope)).hours
    try:
        rules = rules_of(scope)
    except BREAKS:
        return ResponseTimes(USUAL_MINUTES, {}, hours)
    return ResponseTimes(rules.respond_minutes, rules.out_of_hours_minutes, hours)


def waiting_since(finding: Finding, now: datetime) -> datetime:
    """Since when the patient waits: what a second question took is not lost."""
    return now - finding.waited


def hours_until_call(scope: ClinicScope, tier: Tier, findings: Sequence[Finding], now: datetime) -> str:
    """In how many hours somebody calls about those of the findings that have this tier, the soonest of them.

    Where none has it, the words alone called for the tier, and its usual time counts.
    """
    times = response_times(scope)
    left = [
        times.hours_left(tier, one.respond_minutes, waiting_since(one, now), now)
        for one in findings
        if one.tier is tier
    ]
    return str(min(left, default=times.hours_left(tier, times.minutes[tier], now, now)))
