"""What happened, in sentences: flag events, deeds and deliveries as a nurse would tell them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from recovery_api.clinic.retold import retold
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_, Group, channel_word
from recovery_api.services.answer_page_call import NOBODY
from recovery_api.services.read_deeds import PatientDeed
from recovery_api.services.read_flags import FlagEventFacts
from recovery_api.services.read_thread import Text

_SENTENCES: dict[str, str] = {
    "opened": N_("Rule %(rule)s raised a flag (%(tier)s): %(reason)s"),
    "repeated": N_("Again: %(reason)s"),
    "raised": N_("Raised to %(tier)s: %(reason)s"),
    "woken": N_("Back on the list: %(reason)s"),
    "acknowledged": N_("%(by)s acknowledged the flag"),
    "assigned": N_("%(by)s gave the flag to a colleague"),
    "snoozed": N_("%(by)s put the flag off: %(note)s"),
    "could_not_reach": N_("%(by)s could not reach the patient: %(note)s"),
    "nobody_told": N_("Nobody could be paged: no phone or address is known"),
    "patient_told": N_("The patient is told that a nurse has read the report"),
    "noted": N_("%(by)s noted: %(note)s"),
}
_RUNGS = (
    N_("The clinician on duty was paged by %(channel)s"),
    N_("The one on call was paged by %(channel)s"),
    N_("The lead was paged by %(channel)s"),
)


OUTCOME_WORDS = {
    "advised": N_("Called, advised at home"),
    "visit_booked": N_("Visit booked"),
    "imaging": N_("Imaging ordered"),
    "sent_to_emergency": N_("Sent to the emergency department"),
    "new_fracture": N_("New fracture found"),
    "could_not_reach": N_("Could not reach"),
    "false_alarm": N_("False alarm"),
    "other": N_("Something else"),
}


PAGES = ("paged", "page_failed")


def outcome_word(outcome: str | None) -> str:
    """What came of a flag, in words."""
    return _(OUTCOME_WORDS[outcome]) if outcome in OUTCOME_WORDS else ""


def told_by(event: FlagEventFacts, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """One event as a sentence; `names` are those of clinicians by id, for whom was paged."""
    special = _SPECIAL.get(event.kind)
    if special is not None:
        who = names.get(str(event.detail.get("clinician_id"))) if event.kind in PAGES else None
        return f"{special(event)}: {who}" if who else special(event)
    known = ("rule", "tier", "reason")
    values = {name: str(event.detail.get(name, "")) for name in known}
    values["reason"] = retold(values["reason"])
    if values["tier"]:
        values["tier"] = Group(values["tier"]).word
    return _(_SENTENCES[event.kind], by=event.by or _("Somebody"), note=event.note or "", **values)


def _paged(event: FlagEventFacts) -> str:
    rung, channel = event.detail.get("rung", 0), str(event.detail.get("channel", "sms"))
    known = isinstance(rung, int) and rung < len(_RUNGS)
    said = _RUNGS[rung] if known else N_("Still nobody: everybody was paged by %(channel)s")
    told = _(said, channel=channel_word(channel))
    return f"{told} ({_(DELIVERY_WORDS['planned'])})" if event.detail.get("waits") else told


def _resolved(event: FlagEventFacts) -> str:
    outcome = outcome_word(str(event.detail.get("outcome", "")))
    by, note = event.by or _("Somebody"), event.note or ""
    return _("%(by)s resolved the flag (%(outcome)s): %(note)s", by=by, outcome=outcome, note=note)


def _reopened(event: FlagEventFacts) -> str:
    by = event.by or _("Somebody")
    if event.detail.get("undone"):
        return _("%(by)s took the acknowledgement back", by=by)
    return _("%(by)s opened the flag again", by=by)


def _rung_moved(event: FlagEventFacts) -> str:
    """Two things move a rung: another flag of the same answer, and a clock that was put back."""
    if event.detail.get("with"):
        return _("Told together with another flag of the same answer")
    return _("The clock was put back: the next page keeps what is left of its wait")


def _page_failed(event: FlagEventFacts) -> str:
    """A call that rang and was taken by nobody went out all the same."""
    channel = channel_word(str(event.detail.get("channel", "sms")))
    if event.detail.get("why") in NOBODY.values():
        return _("Nobody took the page by %(channel)s", channel=channel)
    return _("A page by %(channel)s did not go out", channel=channel)


_SPECIAL: dict[str, Callable[[FlagEventFacts], str]] = {
    "paged": _paged,
    "resolved": _resolved,
    "reopened": _reopened,
    "rung_moved": _rung_moved,
    "page_failed": _page_failed,
}

_DEEDS = {
    "check_in.recorded": N_("%(by)s entered a check-in for the patient"),
    "check_in.corrected": N_("%(by)s corrected a check-in for the patient"),
    "episode.held": N_("%(by)s put the texts on hold"),
    "episode.hold_lifted": N_("%(by)s ended the hold: texts go on"),
    "episode.changed": N_("%(by)s changed the recovery or its plan"),
    "appointment.booked": N_("%(by)s booked a visit"),
    "appointment.changed": N_("%(by)s changed a visit"),
    "patient.changed": N_("%(by)s changed the patient's details"),
    "message.placed": N_("%(by)s filed a text under this patient"),
    "message.handled": N_("%(by)s dealt with a text from the inbox"),
}
_CALLS = {
    "started": N_("%(by)s began a call to the patient"),
    "reached": N_("%(by)s called and reached the patient"),
    "left_message": N_("%(by)s called and left a message"),
    "no_answer": N_("%(by)s called: no answer"),
}


def told_deed(deed: PatientDeed) -> str:
    """What a clinician did, as a sentence."""
    if deed.action == "patient.called":
        return _(_CALLS.get(str(deed.detail.get("result")), _CALLS["started"]), by=deed.by)
    again = deed.action == "check_in.recorded" and deed.detail.get("version", 1) != 1
    return _(_DEEDS["check_in.corrected" if again else deed.action], by=deed.by)


DELIVERY_WORDS = {
    "planned": N_("waiting to leave"),
    "sending": N_("leaving"),
    "unknown": N_("being checked with the carrier"),
    "throttled": N_("waiting for the carrier"),
    "accepted": N_("with the carrier"),
    "queued": N_("with the carrier"),
    "sent": N_("sent, not confirmed"),
    "delivered": N_("delivered"),
    "read": N_("read"),
    "undelivered": N_("not delivered"),
    "failed": N_("failed"),
    "canceled": N_("cancelled"),
    "rejected": N_("refused by the carrier"),
    "expired": N_("too late, not sent"),
    "suppressed": N_("held back"),
    "received": "",
}
FAILED = ("undelivered", "failed", "rejected", "expired", "suppressed", "canceled")


def delivery_words(text: Text) -> str:
    """How far a text got, in words: whether it may have come twice, and the carrier's code where it failed."""
    known = DELIVERY_WORDS[text.state]
    parts = [_(known)] if known else []
    if text.is_end_unknown:
        parts.append(_("the carrier never said whether it arrived"))
    if text.maybe_repeat:
        parts.append(_("possible repeat"))
    said = ", ".join(parts)
    return f"{said} ({text.error_code})" if text.error_code and text.state in FAILED else said
