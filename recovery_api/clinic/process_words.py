"""What a process that stopped means to a clinician; its own name goes along for whoever starts it again."""

from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_

_PROCESSES = {
    "ticker": N_("reminders and rules (ticker)"),
    "sender-alert": N_("pages to staff (sender-alert)"),
    "sender-bulk": N_("texts to patients (sender-bulk)"),
}


def process_word(name: str) -> str:
    """A part of the product in words; one without a word of its own as it is called."""
    return _(_PROCESSES[name]) if name in _PROCESSES else name
