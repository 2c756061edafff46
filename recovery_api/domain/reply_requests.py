"""Finds what a reply asks for or announces: to stop, to be called, a wrong number, a death, another appointment."""

import re

from recovery_api.domain.reply_lexicon import Words
from recovery_api.domain.reply_patterns import PatternIndex, PatternSet, named_patterns
from recovery_api.domain.reply_vocabulary import Packs

_EXCEPTIONS = {
    "opt_out": "opt_out_unless",
    "deceased": "deceased_unless",
    "pain_free": "pain_free_unless",
    "zero_words": "pain_free_unless",
    "proxy": "proxy_unless",
}
_LABELS = (
    "opt_out",
    "opt_out_sure",
    "opt_out_unless",
    "opt_in",
    "opt_in_if_idle",
    "help",
    "info",
    "call_me",
    "wrong_person",
    "deceased",
    "deceased_unless",
    "appointment_change",
    "confirm",
    "decline",
    "nothing_done",
    "nothing_new",
    "pain_free",
    "pain_free_unless",
    "zero_words",
    "acknowledgement",
    "set_hour",
    "proxy",
    "proxy_sure",
)
_SURE = frozenset({"opt_out_sure", "proxy_sure"})
_DEATH = {"deceased", "deceased_unless"}
_PM = re.compile(r"\d\s*p")


class RequestReader:
    """Names what the words of a reply ask for; several names may hold at once."""

    def __init__(self, index: PatternIndex, packs: Packs) -> None:
        self._patterns = PatternSet(index, named_patterns(packs, *_LABELS))
        self._own_answers = PatternSet(index, named_patterns(packs, "proxy_unless"))

    def read(self, words: Words, possible: int | None = None) -> frozenset[str]:
        """The names of all requests found, without those that an exception takes back ("death_of_another" for a death).

        `possible` is what the pattern index says of the words, where that is known already.
        """
        found = {match.label for match in self._patterns.search(words.codes, possible)}
        if "proxy" in found and self._own_answers.search(words.codes, possible):
            found.add("proxy_unless")
        if found >= _DEATH:
            found.add("death_of_another")
        for wish in _SURE.intersection(found):
            found = found - {wish.replace("sure", "unless")} | {wish.removesuffix("_sure")}
        return frozenset([name for name in found if _EXCEPTIONS.get(name) not in found])

    @staticmethod
    def hour(words: Words) -> int | None:
        """The hour named in "TIME 10" or "TIME 8 pm", 0 to 23."""
        value = next(iter(words.values.values()), None)
        if value is None or value != int(value) or value > 23:
            return None
        late = bool(_PM.search(words.text)) and value < 12
        return int(value) + (12 if late else 0)
