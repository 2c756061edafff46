"""What the inbox shows: texts that need a person, each with its decisions."""

from dataclasses import dataclass
from datetime import datetime

from recovery_api.clinic import words
from recovery_api.clinic.frame import Choice, Frame
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_

MOST_KEYS = 9
_KINDS = {
    "unknown_sender": N_("A number we do not know"),
    "shared_phone": N_("A phone that patients share"),
    "unreadable": N_("A text we did not understand"),
    "opt_out": N_("Asked us to stop texting"),
    "help": N_("Asked for help"),
    "call": N_("Asks for a call"),
    "wrong_person": N_("Says that we have the wrong person"),
    "deceased": N_("Says that the patient has died"),
    "visit": N_("Asks to change a visit"),
}


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A message that needs a person; `kind` is unknown_sender, shared_phone, unreadable or opt_out."""

    message_id: str
    kind: str
    at: datetime
    sender: str
    body: str
    because: str = ""
    candidates: tuple[Choice, ...] = ()
    dispositions: tuple[Choice, ...] = ()
    patient_id: str = ""
    patient_name: str = ""
    is_searched: bool = False  # nobody is offered: the nurse searches whose it is

    @property
    def shown_sender(self) -> str:
        """The number as it is read aloud."""
        return words.phone_of(self.sender)

    @property
    def title(self) -> str:
        """The kind in words."""
        return _(_KINDS.get(self.kind, "A message for a person"))

    @property
    def is_few(self) -> bool:
        """Whether each candidate has a key of their own."""
        return 0 < len(self.candidates) <= MOST_KEYS - len(self.dispositions)


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The messages that need a person, longest waiting first."""

    frame: Frame
    messages: tuple[InboxItem, ...]
