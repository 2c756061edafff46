"""File a text that belongs to nobody for certain: kept for a person, its danger flagged, never guessed."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.replies import Reply
from recovery_api.domain.tiers import Tier
from recovery_api.services.answer_text import Answered, Arrival
from recovery_api.services.change_contact import stop_texts
from recovery_api.services.find_contacts import Contact
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.queue_texts import Outgoing, queue_texts
from recovery_api.services.raise_flags import FlagSubject, raise_flags

_MINUTES = {Tier.EMERGENCY: 15, Tier.URGENT: 120, Tier.TODAY: 24 * 60}
SEVERE_PAIN = 8


def file_unattributed(
    scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], reply: Reply, now: datetime
) -> Answered:
    """An unknown phone is answered by nobody but the clinic; a shared one is asked who is speaking."""
    tier = reply.tier or (Tier.URGENT if contacts and (reply.pain or 0) >= SEVERE_PAIN else None)
    if tier is not None:
        _flag(scope, arrival, contacts, reply, tier, now)
    if not contacts:
        return Answered("unknown_sender", needs_person=True)
    if reply.intent == "opt_out":
        stop_texts(scope, contacts[0], "opted_out", arrival.message_id, now)
        return Answered("opted_out", needs_person=True)
    _answer_shared_phone(scope, arrival, contacts, tier, now)
    return Answered("shared_phone", needs_person=True)


def _flag(
    scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], reply: Reply, tier: Tier, now: datetime
) -> None:
    whose = "a phone that several patients share" if contacts else "a number that no patient has"
    finding = Finding(
        rule="unattributed",
        rule_version="1",
        family="red_flag",
        tier=tier,
        reason=f"Text from {whose}: {reply.because or 'high pain score'}",
        respond_minutes=_MINUTES.get(tier, 24 * 60),
        inputs={"pain": reply.pain, "symptoms": sorted(reply.symptoms), "people": len(contacts)},
    )
    subject = FlagSubject(
        phone_digest=scope.phone_digest(arrival.phone), message_id=arrival.message_id, quote=arrival.body
    )
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)


def _answer_shared_phone(
    scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], tier: Tier | None, now: datetime
) -> None:
    labels = ", ".join(contact.label for contact in contacts)
    danger = tier is Tier.EMERGENCY
    text = Outgoing(
        recipient=contacts[0].recipient(),
        purpose="safety" if danger else "conversation",
        text_key="emergency" if danger else "who_is_answering",
        values={} if danger else {"labels": labels, "first": contacts[0].label},
        in_reply_to_id=arrival.message_id,
    )
    queue_texts(scope, [text], now)
