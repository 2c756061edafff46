"""What the rules say of one reading among those that are known of a recovery."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from recovery_api.db import ClinicScope
from recovery_api.domain.late_readings import assess_between
from recovery_api.domain.readings import EpisodeFacts, Finding, Reading
from recovery_api.domain.triage import BREAKS, not_judged
from recovery_api.packs.protocol_pack import check_in_days
from recovery_api.services.clinic_rules import rules_of
from recovery_api.services.keep_band import band_of_answer
from recovery_api.services.read_history import Recovery


def judge_among(
    scope: ClinicScope, before: Sequence[Reading], reading: Reading, recovery: Recovery, now: datetime
) -> list[Finding]:
    """What the rules say of a reading among those that are known, some of which may have been made after it."""
    at = len(before)
    while at and before[at - 1].recorded_at > reading.recorded_at:
        at -= 1
    return judge(scope, [*before[:at], reading], recovery, now, before[at:])


def facts_of(scope: ClinicScope, recovery: Recovery, now: datetime) -> EpisodeFacts:
    """What the rules need to know of the episode; the clinic's band is read where a rule speaks of it."""
    return EpisodeFacts(
        procedure_on=recovery.procedure_on,
        baseline_pain=recovery.baseline_pain,
        check_in_days=check_in_days(),
        band=partial(band_of_answer, scope, recovery.procedure_on, now),
    )


def judge(
    scope: ClinicScope,
    history: Sequence[Reading],
    recovery: Recovery,
    now: datetime,
    later: Sequence[Reading] = (),
) -> list[Finding]:
    """What the rules say of the last reading, `later` ones being known already.

    A rule that breaks is itself a finding: a person must look.
    """
    try:
        return list(assess_between(history, later, facts_of(scope, recovery, now), rules_of(scope), now))
    except BREAKS as broken:
        return [not_judged(broken)]
