"""What one screen of a questionnaire shows."""

from dataclasses import dataclass

from recovery_api.domain.form_answers import SAFETY, instrument_of, items_of
from recovery_api.packs.questionnaire_pack import Wording, questionnaire_pack
from recovery_api.patient.words import say
from recovery_api.services.fill_in_form import FormRead


@dataclass(frozen=True, slots=True)
class FormScreen:
    """Sentences to tick, one question on mood, or the question on safety."""

    step: str
    language: str
    read: FormRead

    @property
    def number(self) -> int:
        """Which screen this is, from 1."""
        return self.read.steps.index(self.step) + 1 if self.step in self.read.steps else 0

    @property
    def count(self) -> int:
        """How many screens there are."""
        return len(self.read.steps)

    @property
    def back(self) -> str | None:
        """The screen before, while its answers may still be changed."""
        at = self.read.open_steps.index(self.step)
        return self.read.open_steps[at - 1] if at else None

    @property
    def is_ticked(self) -> bool:
        """Whether sentences are ticked, where elsewhere one answer is pressed."""
        return instrument_of(self.step) == "rmdq"

    @property
    def asked(self) -> str:
        """The heading: what the screen asks."""
        if self.step == SAFETY:
            return say("form_safety", self.language)
        words = self._words
        return words.title if self.is_ticked else words.items[items_of(self.step)[0]]

    @property
    def hint(self) -> str:
        """How to answer."""
        return "" if self.step == SAFETY else self._words.ask

    @property
    def sentences(self) -> tuple[tuple[int, str, bool], ...]:
        """Each item with its number, its words, and whether it is ticked."""
        kept = self.read.answers.given.get(self.step) or []
        ticked = dict(zip(items_of(self.step), kept, strict=False))
        return tuple((item, self._words.items[item], bool(ticked.get(item))) for item in items_of(self.step))

    @property
    def choices(self) -> tuple[tuple[str, str, bool], ...]:
        """What may be pressed: value, words, and whether it was pressed before."""
        words: tuple[tuple[str, str], ...]
        if self.step == SAFETY:
            words = (("no", say("no", self.language)), ("yes", say("form_safety_yes", self.language)))
        else:
            words = tuple((str(points), said) for points, said in enumerate(self._words.choices))
        kept = str(self.read.answers.given.get(self.step))
        return tuple((value, said, value == kept) for value, said in words)

    @property
    def _words(self) -> Wording:
        return questionnaire_pack()[self.language][instrument_of(self.step)]
