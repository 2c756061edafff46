"""File a text that belongs to nobody for certain: kept for a person, its danger flagged, never guessed."""

from collections.abc import Sequence
from datetime import datetime

from recovery_api.db import ClinicScope
from recovery_api.domain.readings import Finding
from recovery_api.domain.replies import Reply
from recovery_api.domain.tiers import Tier
from recovery_api.services.change_contact import ask_who, restart_texts, stop_texts
from recovery_api.services.find_contacts import Contact
from recovery_api.services.notify_clinicians import page_clinicians
from recovery_api.services.queue_texts import Outgoing, queue_texts
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from recovery_api.services.turn import MINUTES, OPTED_OUT, URGENT_HOURS, Answered, Arrival

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
        _flag_opt_outs(scope, arrival, contacts, now)
        _say_safety(scope, arrival, contacts[0], reply.tier, now)
        return Answered("opted_out", needs_person=True)
    if reply.intent == "opt_in":
        restart_texts(scope, contacts[0], arrival.message_id, now)
        return Answered("opted_in")
    if not _say_safety(scope, arrival, contacts[0], reply.tier, now):
        _ask_who(scope, arrival, contacts, now)
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
        respond_minutes=MINUTES[tier],
        inputs={"pain": reply.pain, "symptoms": sorted(reply.symptoms), "people": len(contacts)},
    )
    subject = FlagSubject(
        phone_digest=scope.phone_digest(arrival.phone), message_id=arrival.message_id, quote=arrival.body
    )
    page_clinicians(scope, raise_flags(scope, subject, [finding], now), now)


def _flag_opt_outs(scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], now: datetime) -> None:
    """Everybody in a recovery on this phone has to be called from now on."""
    finding = Finding("opted_out", "1", "delivery", Tier.TODAY, OPTED_OUT, MINUTES[Tier.TODAY], {})
    for recovery in {contact.patient_id: contact.recovery for contact in contacts if contact.recovery}.values():
        subject = FlagSubject(
            recovery.episode_id, recovery.patient_id, message_id=arrival.message_id, quote=arrival.body
        )
        raise_flags(scope, subject, [finding], now)


def _say_safety(scope: ClinicScope, arrival: Arrival, contact: Contact, tier: Tier | None, now: datetime) -> bool:
    """Tell whoever holds the phone what to do about danger in their words; False where there is none."""
    if tier not in (Tier.EMERGENCY, Tier.URGENT):
        return False
    values = {} if tier is Tier.EMERGENCY else {"h": URGENT_HOURS}
    text = Outgoing(
        contact.recipient(), "safety", text_key=tier.value, values=values, in_reply_to_id=arrival.message_id
    )
    queue_texts(scope, [text], now)
    return True


def _ask_who(scope: ClinicScope, arrival: Arrival, contacts: Sequence[Contact], now: datetime) -> None:
    """Ask whose text it is, and hold it until then where its meaning does not hang on what was asked."""
    plain = all(contact.open_question(now) in (None, "pain", "symptoms", "who") for contact in contacts)
    ask_who(scope, contacts, arrival.message_id if plain and not arrival.media else None, now)
    labels = ", ".join(contact.label for contact in contacts)
    text = Outgoing(
        contacts[0].recipient(),
        "conversation",
        text_key="who_is_answering",
        values={"labels": labels, "first": contacts[0].label},
        in_reply_to_id=arrival.message_id,
    )
    queue_texts(scope, [text], now)
