"""Finds the word that a strange word was meant to be: one slip of the finger away, or the same with another ending."""

import re
from collections.abc import Collection, Mapping

_SHORTEST, _SHORT = 3, 4
_SHORTEST_STEM = 4
_DRAWN_OUT = re.compile(r"([a-z])\1\1")
_VOWELS = frozenset("aeiou")
_KEYS = {key: (r, c) for r, keys in enumerate(("qwertyuiop", "asdfghjkl", "zxcvbnm")) for c, key in enumerate(keys)}


class Spelling:
    """The words of one language that a slip may have hidden, and the ordinary words that only look like them.

    `words` gives each word a weight: where two are equally near, the weightier one was meant. `endings` are those that
    a word takes in its other forms ("hacked" beside "hacking", "hinchadota" beside "hinchada").
    """

    def __init__(self, words: Mapping[str, int], ordinary: Collection[str], endings: Collection[str] = ()) -> None:
        self._weights = words
        self._ordinary = frozenset(ordinary)
        self._ending = re.compile(f"(?:{'|'.join(sorted(endings, key=len, reverse=True))})$") if endings else None
        self._by_stem: dict[str, str] = {}
        for word in sorted(words, key=lambda w: (words[w], w)):
            if word.isalpha() and len(stem := self._stem(word)) >= _SHORTEST_STEM:
                self._by_stem[stem] = word
        self._by_shortened: dict[str, list[str]] = {}
        for word in words:
            if len(word) >= _SHORTEST and word.isalpha():
                for shortened in {word, *_shortened(word)}:
                    self._by_shortened.setdefault(shortened, []).append(word)

    def is_ordinary(self, word: str) -> bool:
        """Whether `word` is a real word that must stay as it is."""
        return word in self._ordinary

    def correct(self, word: str) -> str | None:
        """The word that `word` is one slip away from, or None where it is too short, ordinary, or like no other."""
        if word in self._ordinary or len(word) < _SHORTEST:
            return None
        if word in self._weights:
            return word
        if drawn_out := _DRAWN_OUT.search(word):
            return self._drawn_in(word, drawn_out.group(1))
        near = {target for key in (word, *_shortened(word)) for target in self._by_shortened.get(key, ())}
        ranked = [
            (slip, -self._weights[target], target) for target in near if (slip := _slip(word, target)) is not None
        ]
        return min(ranked)[2] if ranked else self._by_stem.get(self._stem(word))

    def _drawn_in(self, word: str, letter: str) -> str | None:
        """The word behind a drawn-out one ("sooo", "feeeet")."""
        shorter = (re.sub(f"{letter}{{3,}}", letter * times, word) for times in (2, 1))
        return next((found for found in shorter if found in self._weights), None)

    def _stem(self, word: str) -> str:
        """What is left of a word without its ending; a doubled last letter counts once."""
        if self._ending is None:
            return word
        stem = self._ending.sub("", word)
        return stem[:-1] if stem[-2:-1] == stem[-1:] else stem


def _shortened(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _slip(word: str, target: str) -> int | None:
    """How unlikely a slip leads from `target` to `word`: 0 (swapped, doubled) to 2 (a wrong or added letter), or None.

    Three letters are too few to tell, unless they are consonants alone ("nmb").
    """
    if len(word) == len(target):
        return _swap_or_wrong_key(word, target)
    if word[0] != target[0] or abs(len(word) - len(target)) != 1:
        return None
    longer, shorter = (word, target) if len(word) > len(target) else (target, word)
    places = [i for i in range(len(longer)) if longer[:i] + longer[i + 1 :] == shorter]
    if len(places) != 1:
        return 0 if places else None
    if len(shorter) < _SHORT and not _VOWELS.isdisjoint(shorter):
        return None
    return 1 if shorter == word else 2


def _swap_or_wrong_key(word: str, target: str) -> int | None:
    wrong = [i for i, (a, b) in enumerate(zip(word, target, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        i, j = wrong
        return 0 if (word[i], word[j]) == (target[j], target[i]) else None
    if len(wrong) != 1 or wrong[0] == 0 or len(word) < _SHORT:
        return None
    return 1 if _are_neighbours(word[wrong[0]], target[wrong[0]]) else 2


def _are_neighbours(a: str, b: str) -> bool:
    if a not in _KEYS or b not in _KEYS:
        return False
    (row_a, column_a), (row_b, column_b) = _KEYS[a], _KEYS[b]
    return abs(row_a - row_b) <= 1 and abs(column_a - column_b) <= 1
