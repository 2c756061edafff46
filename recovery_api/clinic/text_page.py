"""The pages of the clinic's texts as plain frozen values: what each says and costs, and who signed it."""

from dataclasses import dataclass
from datetime import datetime

from recovery_api.clinic.frame import Frame
from recovery_api.clinic.retold import retold
from recovery_api.clinic.text_titles import TITLES
from recovery_api.clinic.tongue import gettext as _
from recovery_api.clinic.tongue import ngettext
from recovery_api.clinic.words import N_, language_word
from recovery_api.domain.wording import untwinned

STATE_WORDS = {
    "waiting": N_("waits for a second signature"),
    "in_effect": N_("in use, signed by"),
    "replaced": N_("was in use, signed by"),
    "refused": N_("turned down by"),
}


@dataclass(frozen=True, slots=True)
class TextLine:
    """One text in one language: as it is sent, with the longest values, and what that costs."""

    key: str
    language: str
    shown: str
    body: str
    encoding: str
    segments: int
    characters: int
    grade: float | None = None
    is_own: bool = False
    is_waiting: bool = False

    @property
    def language_word(self) -> str:
        """The language in words."""
        return language_word(self.language)

    @property
    def title(self) -> str:
        """The key as words."""
        return title_of(self.key)

    @property
    def cost(self) -> str:
        """Segments and characters in words."""
        return cost_of(self.segments, self.characters, self.encoding)


@dataclass(frozen=True, slots=True)
class TextGroup:
    """One text in every language."""

    key: str
    lines: tuple[TextLine, ...]

    @property
    def title(self) -> str:
        """The key as words."""
        return title_of(self.key)


@dataclass(frozen=True, slots=True)
class TextsPage:
    """Every text that the clinic sends."""

    frame: Frame
    groups: tuple[TextGroup, ...]
    own: int

    @property
    def waiting_lines(self) -> tuple[TextLine, ...]:
        """The texts whose new words nobody has signed yet."""
        return tuple(line for group in self.groups for line in group.lines if line.is_waiting)

    @property
    def waiting(self) -> int:
        """How many those are."""
        return len(self.waiting_lines)


@dataclass(frozen=True, slots=True)
class WordingLine:
    """Words that somebody proposed, and what became of them."""

    wording_id: str
    body: str
    shown: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    is_mine: bool = False
    two_segments: bool = False
    cost: str = ""

    @property
    def state_words(self) -> str:
        """What became of them, in words."""
        return _(STATE_WORDS[self.state]) if self.state in STATE_WORDS else self.state


@dataclass(frozen=True, slots=True)
class TextPage:
    """One text in one language: its words, its history, and the form that proposes others."""

    frame: Frame
    line: TextLine
    shipped: str
    history: tuple[WordingLine, ...] = ()
    may_propose: bool = False
    may_sign: bool = False
    draft: str = ""
    two_segments: bool = False
    errors: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The key as words."""
        return title_of(self.line.key)

    @property
    def waiting(self) -> WordingLine | None:
        """The words that wait for a second signature."""
        return next((one for one in self.history if one.state == "waiting"), None)


def cost_of(segments: int, characters: int, encoding: str) -> str:
    """What a text costs, in words."""
    said = ngettext("1 segment", "%(num)s segments", segments)
    return f"{said}, {ngettext('1 character', '%(num)s characters', characters)}, {encoding}"


def title_of(key: str) -> str:
    """What a text is called: check_in_pain is Check-in: pain now."""
    patients = untwinned(key)
    if patients is not None:
        return _("%(text)s, to a caregiver", text=title_of(patients))
    plain = key.replace("_", " ").capitalize()
    told = retold(plain)
    return TITLES.get(key, plain) if told == plain else told
