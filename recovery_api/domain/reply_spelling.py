"""Finds the word of the field that a mistyped word was meant to be: one slip of the finger, never a guess beyond it."""

from recovery_api.domain.reply_vocabulary import Packs, concept_words

_SHORT, _LONG = 4, 5


class Spelling:
    """The words that may be mistyped, and the ordinary words that only look like them."""

    def __init__(self, packs: Packs) -> None:
        self._short: set[str] = set()
        self._by_shortened: dict[str, list[str]] = {}
        self._ordinary = frozenset(w for pack in packs.values() for w in pack["not_typos"].split())
        for pack in packs.values():
            named = [word for concept in pack["spelling"].split() for word in concept_words(pack, concept)]
            for word in named + [words.split()[0] for words in pack["numbers"].values()]:
                self._learn(word)

    def _learn(self, word: str) -> None:
        if len(word) == _SHORT:
            self._short.add(word)
        elif len(word) >= _LONG and word not in self._by_shortened.get(word, ()):
            for shortened in _shortened(word):
                self._by_shortened.setdefault(shortened, []).append(word)

    def correct(self, word: str) -> str | None:
        """The word that `word` is one slip away from, or None where there is none."""
        if word in self._ordinary or len(word) < _SHORT:
            return None
        for shortened in _shortened(word):
            for target in self._by_shortened.get(shortened, ()):
                if _one_slip_apart(word, target):
                    return target
        for candidate in _swapped_or_doubled(word):
            if candidate in self._short:
                return candidate
        return None


def _shortened(word: str) -> list[str]:
    return [word, *[word[:i] + word[i + 1 :] for i in range(len(word))]]


def _swapped_or_doubled(word: str) -> list[str]:
    swapped = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    return swapped + [word[:i] + word[i + 1 :] for i in range(len(word) - 1) if word[i] == word[i + 1]]


def _one_slip_apart(word: str, target: str) -> bool:
    if word[0] != target[0] and word[:2] != target[1::-1]:
        return False
    if abs(len(word) - len(target)) == 1:
        longer, shorter = (word, target) if len(word) > len(target) else (target, word)
        return shorter in _shortened(longer)
    wrong = [i for i, (a, b) in enumerate(zip(word, target, strict=False)) if a != b]
    if len(word) != len(target) or len(wrong) > 2:
        return False
    if len(wrong) == 2:
        i, j = wrong
        return j == i + 1 and word[i] == target[j] and word[j] == target[i]
    return True
