"""What happened, in sentences: flag events and deliveries as a nurse would tell them."""

from collections.abc import Callable

from recovery_api.services.read_flags import FlagEventFacts
from recovery_api.services.read_patient import Text

_SENTENCES: dict[str, Callable[[FlagEventFacts], str]] = {
    "opened": lambda e: (
        f"Rule {e.detail.get('rule', '')} raised a flag ({e.detail.get('tier', '')}): {e.detail.get('reason', '')}"
    ),
    "repeated": lambda e: f"Again: {e.detail.get('reason', '')}",
    "raised": lambda e: f"Raised to {e.detail.get('tier', '')}: {e.detail.get('reason', '')}",
    "woken": lambda e: f"Back on the list: {e.detail.get('reason', '')}",
    "paged": lambda e: _paged(e),
    "acknowledged": lambda e: f"{e.by or 'Somebody'} acknowledged the flag",
    "assigned": lambda e: f"{e.by or 'Somebody'} gave the flag to a colleague",
    "snoozed": lambda e: f"{e.by or 'Somebody'} put the flag off: {e.note or ''}",
    "resolved": lambda e: f"{e.by or 'Somebody'} resolved the flag ({_outcome(e)}): {e.note or ''}",
    "could_not_reach": lambda e: f"{e.by or 'Somebody'} could not reach the patient: {e.note or ''}",
    "reopened": lambda e: f"{e.by or 'Somebody'} opened the flag again",
    "nobody_told": lambda e: "Nobody could be paged: no phone or address is known",
    "page_failed": lambda e: f"A page by {e.detail.get('channel', '')} did not go out",
    "patient_told": lambda e: "The patient is told that a nurse has read the report",
    "rung_moved": lambda e: "Told together with another flag of the same answer",
    "noted": lambda e: f"{e.by or 'Somebody'} noted: {e.note or ''}",
}


_RUNGS = ("The clinician on duty was", "The one on call was", "The lead was")


def _paged(event: FlagEventFacts) -> str:
    rung, channel = event.detail.get("rung", 0), event.detail.get("channel", "sms")
    who = _RUNGS[rung] if isinstance(rung, int) and rung < len(_RUNGS) else "Still nobody: everybody was"
    return f"{who} paged by {'text' if channel == 'sms' else channel}"


def told_by(event: FlagEventFacts) -> str:
    """One event as a sentence."""
    return _SENTENCES[event.kind](event)


def _outcome(event: FlagEventFacts) -> str:
    return str(event.detail.get("outcome", "")).replace("_", " ")


DELIVERY_WORDS = {
    "planned": "waiting to leave",
    "sending": "leaving",
    "unknown": "being checked with the carrier",
    "throttled": "waiting for the carrier",
    "accepted": "with the carrier",
    "queued": "with the carrier",
    "sent": "sent, not confirmed",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "not delivered",
    "failed": "failed",
    "canceled": "cancelled",
    "rejected": "refused by the carrier",
    "expired": "too late, not sent",
    "suppressed": "held back",
    "received": "",
}
FAILED = ("undelivered", "failed", "rejected", "expired", "suppressed", "canceled")


def delivery_words(text: Text) -> str:
    """How far a text got, in words, with the carrier's code where it failed."""
    said = DELIVERY_WORDS[text.state]
    return f"{said} ({text.error_code})" if text.error_code and text.state in FAILED else said
