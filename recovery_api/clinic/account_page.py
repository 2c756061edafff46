"""What the pages of a clinician's own account show, and the one that asks for a proof."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from recovery_api.clinic import words
from recovery_api.clinic.enrol_page import LABELS
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.words import N_
from recovery_api.services.log_in_sessions import SessionLine
from recovery_api.services.passkeys import PasskeyLine

PROOFS = {
    "totp": N_("password and code"),
    "recovery_code": N_("password and recovery code"),
    "passkey": N_("passkey"),
}
_FIELDS = {
    "note": N_("Note"), "body": N_("Message"), "reason": N_("Why"), "outcome": N_("Outcome"), "why": N_("Why"),
    "about": N_("Staff and roles"), "name": N_("Name"), "email": N_("E-mail"), "role": N_("Role"),
    "is_paged": N_("is paged"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProvePage:
    """Asks who is there: a path to go on to, or a sealed form to be sent after that."""

    name: str
    next_path: str
    sealed: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A form that waited for a proof, as it was filled in; nothing of it was sent yet."""

    path: str
    fields: Mapping[str, str]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What a person wrote, without what the page itself put in."""
        return [(name, value) for name, value in self.fields.items() if value and name not in _OF_THE_PAGE]

    def label(self, name: str) -> str:
        """A field in words."""
        return _(_FIELDS.get(name) or LABELS.get(name) or name.replace("_", " ").capitalize())


_OF_THE_PAGE = {"version", "back", "show", "next", "confirm", "form_id"}


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Sessions, passkeys and recovery codes of one clinician; fresh codes are shown once."""

    name: str
    clinic_name: str
    is_clinical: bool
    reads_audit: bool
    now: datetime
    zone: tzinfo
    sessions: Sequence[SessionLine]
    passkeys: Sequence[PasskeyLine]
    codes_left: int
    fresh_codes: tuple[str, ...] = ()
    notice: str = ""
    warning: str = ""

    def moment(self, at: datetime) -> str:
        """An instant in the clinic's zone."""
        return words.moment_of(at, self.zone, self.now)

    def opened_by(self, line: SessionLine) -> str:
        """What a session was opened by."""
        return _(PROOFS[line.proof]) if line.proof in PROOFS else ""

    def device(self, line: SessionLine) -> str:
        """The kind of browser of a session."""
        browser, _on, system = line.device.partition(" on ")
        named = browser if browser not in ("", "A browser") else _("A browser")
        return _("%(browser)s on %(system)s", browser=named, system=system) if system else named
