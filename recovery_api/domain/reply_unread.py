"""Tells whether a reply says something that was not understood, so that a person reads it."""

from recovery_api.domain.reply_dangers import Dangers
from recovery_api.domain.reply_lexicon import Lexicon, Words

_TOO_LONG = 8  # words of which nothing was made are more than "better today, thank you"
_A_STORY = 2  # so many strange words beside a saved score are more than a name


class UnreadReader:
    """Looks for words that are neither those of plain answers and of daily life nor a symptom that is denied."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._plain = lexicon.numeric | frozenset(lexicon.chars("PLAIN")) | lexicon.marks
        self._telling = frozenset(lexicon.chars("TELLING"))

    def says_more(self, words: Words, dangers: Dangers, *, scored: bool) -> bool:
        """Whether words of the reply are left over, or a danger in it was held to be over, past or feared.

        Where an amount was saved, a name or a greeting may be left: one word of the body, or two of any kind, is more.
        """
        if dangers.doubted:
            return True
        if self._plain.issuperset(words.codes):
            return not scored and len(words.pieces) >= _TOO_LONG
        left = [code for i, code in enumerate(words.codes) if code not in self._plain and i not in dangers.settled]
        return bool(left) and (not scored or len(left) >= _A_STORY or left[0] in self._telling)
