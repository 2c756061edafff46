"""Judge a text of nobody for certain as if it came from whoever it would be worst for."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.check_in import local_day
from recovery_api.domain.readings import Finding, Reading
from recovery_api.domain.replies import Reply
from recovery_api.domain.tiers import Tier, worst
from recovery_api.services.find_contacts import Contact
from recovery_api.services.judge_reading import judge
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.read_history import read_history
from recovery_api.services.turn import MINUTES, Arrival

SEVERE_PAIN = 8
_FLAGGED = (Tier.EMERGENCY, Tier.URGENT, Tier.TODAY)


def worst_tier(
    scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], reply: Reply, now: datetime
) -> Tier | None:
    """The most urgent tier that the words call for, or the rules for any of the people on the phone.

    A severe score is urgent by itself here, where nobody can say whose trend it belongs to (shipped protocol).
    """
    severe = Tier.URGENT if contacts and (reply.pain or 0) >= SEVERE_PAIN else None
    tier = worst(reply.tier, severe, *(_judged(scope, contact, reply, now) for contact in contacts))
    return tier if tier in _FLAGGED else reply.tier


def _judged(scope: ClinicScope, contact: Contact, reply: Reply, now: datetime) -> Tier | None:
    """What the rules would say of this text if it were this person's."""
    recovery = contact.recovery
    if recovery is None or (reply.pain is None and not reply.symptoms):
        return None
    history = read_history(scope, recovery.episode_id) if recovery.history is None else recovery.history
    on = contact.question_on if contact.open_question(now) and contact.question_on else local_day(now, contact.zone)
    reading = Reading(
        day=(on - recovery.procedure_on).days,
        local_on=on,
        recorded_at=now,
        pain=reply.pain,
        symptoms=reply.symptoms,
        activity=None,
        minutes_walked=None,
        words_tier=reply.tier,
        words_because=reply.because,
    )
    return worst(
        *(finding.tier for finding in judge(scope, [*(known.reading for known in history), reading], recovery, now))
    )


def flag_unattributed(
    scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], reply: Reply, tier: Tier, now: datetime
) -> None:
    """Raise a flag of the phone itself, and page people."""
    whose = "a phone that several patients share" if contacts else "a number that no patient has"
    said = reply.because if reply.tier is not None else "a score that would be too high for one of them"
    finding = Finding(
        rule="unattributed",
        rule_version="1",
        family="red_flag",
        tier=tier,
        reason=f"Text from {whose}: {said}",
        respond_minutes=MINUTES[tier],
        inputs={"pain": reply.pain, "symptoms": sorted(reply.symptoms), "people": len(contacts)},
    )
    subject = FlagSubject(
        phone_digest=scope.phone_digest(arrival.phone), message_id=arrival.message_id, quote=arrival.body
    )
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)
