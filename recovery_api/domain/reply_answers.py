"""Reads the answers to the open question that are no pain score: letters, minutes walked, pills taken."""

import math
import re

from recovery_api.domain.reply_lexicon import Words
from recovery_api.domain.reply_lists import ListReader
from recovery_api.domain.reply_patterns import PatternIndex, PatternSet, named_patterns
from recovery_api.domain.reply_vocabulary import Packs
from recovery_api.domain.reply_words import QUESTION, STOP
from recovery_api.domain.symptoms import LETTERS

COUNTED = ("activity", "medication")  # the questions that are answered with an amount

_MOST_MINUTES, _MOST_PILLS = 600, 40
_UNMISTAKEN = frozenset("bcdf")  # neither an article nor a Spanish "and"
_SHORT_LIST = 3  # "yes B" answers the symptom question alone, a longer list answers it late too
_JOINED = re.compile(r"(?=[a-f]{2,4}$)a?b?c?d?e?f?")
_SCORED = ("pain", "symptoms", "any")
_JOIN = re.compile(r"\b(?:and|or|plus|y)\b")
_MORE = r"(?i:(?:\s*[,;/&+]\s*|\s+)(?:(?:and|or|y|plus)\s+)?[a-f])"
_IN_A_ROW = r"(?=[A-F]{2})A?B?C?D?E?F?"
_SCORE = r"(?:10|\d)(?:\s*/\s*10)?"
_LEAD = r"(?i:(?:and|y|plus|with)\s+|(?:(?:none|no|n|nada)\s+)?(?:but|except|pero|menos|excepto)\s+(?:la\s+)?)?"
_BEHIND_A_SCORE = re.compile(rf"\s*{_SCORE}\s*[,;.:/&+-]*\s*{_LEAD}(?P<letters>(?i:[a-f]){_MORE}*|{_IN_A_ROW})[\s.!]*")
_BEFORE_A_SCORE = re.compile(
    rf"\s*(?P<letters>(?i:[b-df])|[BE]|(?i:[a-f]){_MORE}+|{_IN_A_ROW})(?:\s*[,;.:/&+]\s*|\s+)(?:and\s+|y\s+)?{_SCORE}[\s.!]*"
)
_OPENS_SO = re.compile(r"[\s.!?;]*(?:\d|[A-Fa-f]+(?![A-Za-z]))")  # as any of both does
_MORNING = re.compile(r"(?i:\ba\.?\s?m\b)")
_HOUR = 60
_SENTENCE = re.compile(r"[.!?;\n\s]*[^.!?;\n]*[.!?;\n]+(?:\s|$)")


def _beside_a_score(said: str) -> re.Match[str] | None:
    return _BEHIND_A_SCORE.fullmatch(said) or _BEFORE_A_SCORE.fullmatch(said)


class AnswerReader:
    """Answers to the symptom, activity and medication questions."""

    def __init__(self, index: PatternIndex, packs: Packs) -> None:
        lexicon = index.lexicon
        self._lists = ListReader(packs)
        self._letters = PatternSet(index, named_patterns(packs, "letters"))
        self._doses = PatternSet(PatternIndex(lexicon), named_patterns(packs, "one_dose"))
        self._denials = frozenset(lexicon.chars("NOT"))
        self._joins = frozenset(w for pack in packs.values() for w in pack["letter_joins"].split())
        self._feverish = frozenset(lexicon.chars("HOT"))
        self._real_words = frozenset(w for pack in packs.values() for w in pack["letter_words"].split())
        self._clock, self._am_pm = frozenset(lexicon.chars("CLOCK")), frozenset(lexicon.chars("AM_PM"))
        self._strength, self._hours = frozenset(lexicon.chars("STRENGTH")), frozenset(lexicon.chars("HOURS"))
        self._pain = frozenset(lexicon.chars("PAIN_WORD"))
        self._half, self._article = frozenset(lexicon.chars("HALF")), frozenset(lexicon.chars("ARTICLE"))

    def symptoms(self, words: Words, question: str, possible: int | None = None) -> frozenset[str]:
        """The symptom codes of the letters A to F; bare letters answer late too, whatever question is open by then."""
        if question == "symptoms" and words.codes in self._feverish:
            return frozenset({"fever"})
        listed = self._lists.read(words.pieces)
        if listed is not None and (question == "symptoms" or len(words.pieces) > _SHORT_LIST):
            return frozenset(LETTERS[letter.upper()] for letter in listed)
        letters = self._bare_letters(words)
        if not letters and question in _SCORED:
            letters = self._letters_beside_a_score(words)
        if not letters and question == "symptoms":
            letters = self._joined_letters(words) | {
                words.pieces[match.number] for match in self._letters.search(words.codes, possible)
            }
        return frozenset(LETTERS[letter.upper()] for letter in letters)

    def leaves_letter(self, words: Words, question: str) -> bool:
        """Whether a letter stands in a reply to the symptom question, behind a late "N" or behind a "but"."""
        if _UNMISTAKEN.isdisjoint(words.pieces):
            return False
        late = words.pieces[0] == "n" or self._lists.turns_to(words.pieces, _UNMISTAKEN)
        return late or question == "symptoms"

    def denies_all(self, words: Words) -> bool:
        """Whether a reply says no to letters of the symptom question, one by one or together, and yes to none."""
        return self._lists.read(words.pieces) == frozenset()

    def _bare_letters(self, words: Words) -> set[str]:
        """The letters of a message that is nothing else, or begins with them as a sentence of their own."""
        pieces = words.pieces
        while pieces and pieces[0] in (STOP, QUESTION):
            pieces = pieces[1:]
        if not pieces or (len(pieces[0]) > 1 and pieces[0] not in self._joins):
            return set()
        ends = [i for i, piece in enumerate(pieces) if piece in (STOP, QUESTION)]
        first = pieces[: ends[0]] if ends and _SENTENCE.match(words.text) else pieces
        letters = {piece for piece in first if len(piece) == 1 and piece.upper() in LETTERS}
        return letters if letters.union(self._joins, STOP, QUESTION).issuperset(first) else set()

    def _letters_beside_a_score(self, words: Words) -> set[str]:
        """ "7, B and C" or "AC 5": letters and one score as a message or its first sentence; "a 5" is an article."""
        if not _OPENS_SO.match(words.raw):
            return set()
        whole, sentence = words.raw, _SENTENCE.match(words.raw)
        first = sentence[0].strip(" \n.!?;") if sentence is not None else whole
        said = next((s for s in map(_beside_a_score, (whole, first)) if s is not None), None)
        if said is None or said["letters"].lower() in {*self._real_words, "am"}:
            return set()
        if said["letters"].lower() == "a" and _MORNING.search(whole):  # "7 a. m. or so"
            return set()
        return {char for char in _JOIN.sub(" ", said["letters"].lower()) if char.upper() in LETTERS}

    def _joined_letters(self, words: Words) -> set[str]:
        """ "AC" as a message or its first sentence: letters in their order that make no word."""
        sentence = _SENTENCE.match(words.text)
        for text in (words.text, sentence[0] if sentence is not None else ""):
            letters = text.strip(" \n.,!?;")
            if _JOINED.fullmatch(letters) and letters not in self._real_words:
                return set(letters)
        return set()

    def amount(self, words: Words, question: str, requests: frozenset[str], theirs: frozenset[int]) -> int | None:
        """Minutes walked or pills taken, as `question` asks; None for other questions or where no amount is given.

        `theirs` are the places of numbers that somebody else was given.
        """
        counts = {"activity": self._minutes, "medication": self._pills}.get(question)
        if counts is None or self._pain.intersection(words.codes):
            return None
        found = counts(words, theirs)
        return 0 if found is None and "nothing_done" in requests else found

    def _minutes(self, words: Words, theirs: frozenset[int]) -> int | None:
        """The longest time that a reply names."""
        values = [(place, value) for place, value in words.values.items() if place not in theirs]
        found = [self._minutes_at(words, place, value) for place, value in values]
        amount = max(found) if found else self._minutes_in_words(words)
        return None if amount is None or amount > _MOST_MINUTES else amount

    def _minutes_at(self, words: Words, place: int, value: float) -> int:
        after = words.codes[place + 1 : place + 2]
        return math.ceil(value * _HOUR) if after and after in self._hours else math.ceil(value)

    def _minutes_in_words(self, words: Words) -> int | None:
        """ "an hour", "half an hour"."""
        places = [i for i, code in enumerate(words.codes) if code in self._hours]
        if not places:
            return None
        before = words.codes[: places[0]]
        return _HOUR // 2 if self._half.intersection(before) else _HOUR

    def _pills(self, words: Words, theirs: frozenset[int]) -> int | None:
        """All counts together, without the times of day and strengths between them."""
        places = [place for place in words.values if place not in theirs]
        counts = [words.values[place] for place in places if not self._is_time_or_strength(words, place)]
        if not counts and self._half.intersection(words.codes):
            counts = [0.5]
        if not counts and self._denials.isdisjoint(words.codes):
            counts = [1.0 for _ in self._doses.search(words.codes)]
        total = math.ceil(sum(counts))
        return total if counts and total <= _MOST_PILLS else None

    def _is_time_or_strength(self, words: Words, place: int) -> bool:
        before, after = words.codes[:place][-1:], words.codes[place + 1 : place + 2]
        return before in self._clock or after in self._am_pm or after in self._strength
