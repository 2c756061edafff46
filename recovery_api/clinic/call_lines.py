"""A call as the thread of a patient shows it: how it ended, and what was answered by keys."""

from recovery_api.clinic.languages import chosen_language
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.domain.symptom_words import SYMPTOM_WORDS
from recovery_api.services.read_calls import Call

_ENDS = {
    "finished": N_("answered to the end"),
    "hung_up": N_("hung up"),
    "machine": N_("an answering machine heard the clinic's name and number"),
    "busy": N_("busy"),
    "no_answer": N_("no answer"),
    "failed": N_("could not be connected"),
    "no_keys": N_("nobody pressed a key"),
    "not_there": N_("the patient was not there"),
    "wrong_number": N_("said to be the wrong number"),
    "stopped": N_("asked for no more calls"),
    "to_a_person": N_("could not be answered by keys"),
    "put_through": N_("put through to the clinic"),
    "nobody_took_it": N_("asked for the clinic, and nobody took the call"),
}
MISSED = ("machine", "busy", "no_answer", "failed", "no_keys", "not_there", "wrong_number", "stopped", "nobody_took_it")


def call_words(call: Call) -> str:
    """What a call brought, in a sentence or two."""
    language = chosen_language()
    said = [_("Check-in call") if call.direction == "out" else _("Call to the clinic")]
    if call.pain is not None:
        said.append(_("pain %(score)s by keys", score=call.pain))
    if call.symptoms:
        said.append(_("new: %(symptoms)s", symptoms="; ".join(SYMPTOM_WORDS[code][language] for code in call.symptoms)))
    elif call.is_answered and call.outcome == "finished":
        said.append(_("nothing new"))
    return ", ".join(said)


def call_end(call: Call) -> str:
    """How a call ended, in words."""
    if call.outcome is not None:
        return str(_(_ENDS[call.outcome]))
    if call.state == "rejected":
        refused = str(_("refused by the carrier"))
        return f"{refused} ({call.error_code})" if call.error_code else refused
    return str(_("under way"))


def has_failed(call: Call) -> bool:
    """Whether nobody was reached."""
    return call.outcome in MISSED or call.state == "rejected"
