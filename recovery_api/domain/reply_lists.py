"""Reads a list of yes and no to the letters of the symptom question: "A no B no C yes"."""

from itertools import pairwise

from recovery_api.domain.reply_vocabulary import Packs
from recovery_api.domain.reply_words import QUESTION, STOP
from recovery_api.domain.symptoms import LETTERS

_ENDS = frozenset({STOP, QUESTION})
_LETTERS = frozenset(letter.lower() for letter in LETTERS) | frozenset(LETTERS)
_TURN = "but"  # what follows is not denied any more: "none but C"
_REST = "rest"
_JOINS = frozenset({"-", "=", "/", "+", "&"})


class ListReader:
    """Lists that are nothing but letters and their answers; whatever else is said makes it no list."""

    def __init__(self, packs: Packs) -> None:
        self._yes = frozenset(word for pack in packs.values() for word in pack.get("list_yes", "").split())
        self._no = frozenset(word for pack in packs.values() for word in pack.get("list_no", "").split())
        self._joins = _JOINS | {word for pack in packs.values() for word in pack.get("list_joins", "").split()}
        self._rest = frozenset(word for pack in packs.values() for word in pack.get("list_rest", "").split())
        self._turns = frozenset(word for pack in packs.values() for word in pack.get("list_turns", "").split())
        self._answers = self._yes | self._no

    def read(self, pieces: list[str]) -> frozenset[str] | None:
        """The letters that are reported, in small letters; None where this is no list.

        Behind a list that reports a letter there may be other sentences. Where it is not clear to which letter an
        answer belongs, the letter counts as reported.
        """
        if _LETTERS.isdisjoint(pieces) or self._answers.isdisjoint(pieces):
            return None
        said, fits = self._said(pieces)
        if fits == len(pieces):
            return self._reported(said)
        ends = [place for place in range(fits) if pieces[place] in _ENDS]
        reported = self._reported(self._said(pieces[: ends[-1]])[0]) if ends else None
        return reported or None

    def turns_to(self, pieces: list[str], letters: frozenset[str]) -> bool:
        """Whether one of the letters stands right behind a "but" or an "except", or behind "but maybe for the"."""
        turned = False
        for piece in pieces:
            if turned and piece in letters:
                return True
            turned = piece in self._turns or (turned and (piece in self._joins or piece in self._yes))
        return False

    def _reported(self, said: list[str]) -> frozenset[str] | None:
        if not {"yes", "no"}.intersection(said) or not any(_is_letter(word) for word in said):
            return None
        said = _without_the_rest(said)
        answers = [word for word in said if word not in (",", STOP, _TURN)]
        if answers[-1] in ("yes", "no") and _is_letter(said[0]):
            return frozenset(_answered_behind(said))
        if answers[-1] in ("yes", "no") and said[1] in (",", STOP):
            return frozenset(_answered_behind(said[1:]))
        if said[:2] == ["yes", "no"]:  # it contradicts itself
            return None
        if _ends_in_yes(said):
            first = next(place for place, word in enumerate(said) if _is_letter(word))
            return frozenset(_answered_before(said) | _answered_behind(said[first:]))
        unclear = any(_is_letter(a) and b in ("yes", "no") for a, b in pairwise(said)) and _is_letter(said[0])
        return frozenset(_answered_before(said)) | (_answered_behind(said) if unclear else set())

    def _said(self, pieces: list[str]) -> tuple[list[str], int]:
        """The letters in order with "yes", "no", "but", "," and "." between them, and how many pieces fit a list."""
        found: list[str] = []
        for place, piece in enumerate(pieces):
            if piece in self._yes or piece in self._no:
                found.append("yes" if piece in self._yes else "no")
            elif piece.upper() in LETTERS and not _is_article(pieces, place):
                found.append(piece)
            elif piece in self._turns:
                found.append(_TURN)
            elif piece in self._rest:
                found.append(_REST)
            elif piece == "," or piece in _ENDS:
                found += [] if not found else ["," if piece == "," else STOP]
            elif piece not in self._joins:
                return found, place
        return found, len(pieces)


def _is_letter(word: str) -> bool:
    return word.upper() in LETTERS


def _ends_in_yes(said: list[str]) -> bool:
    """Whether a "yes" stands behind a letter and leads to none: "no a, b yes"."""
    following = zip(said, said[1:], [*said[2:], STOP], strict=False)
    return any(_is_letter(before) and word == "yes" and not _is_letter(after) for before, word, after in following)


def _is_article(pieces: list[str], place: int) -> bool:
    """Whether an "a" belongs to the next word ("no a la B")."""
    return pieces[place] == "a" and pieces[place + 1 : place + 2] in (["la"], ["las"])


def _answered_behind(said: list[str]) -> set[str]:
    """ "a no b yes": letters with the answer behind them; those at the end that have none are reported."""
    found, waiting = set[str](), set[str]()
    for word in said:
        if word in ("yes", "no"):
            found |= waiting if word == "yes" else set()
            waiting = set()
        elif word == _TURN:
            found, waiting = found | waiting, set()
        elif _is_letter(word):
            waiting.add(word)
    return found | waiting


def _answered_before(said: list[str]) -> set[str]:
    """ "no a no b yes c": letters with the answer before them; those that an answer does not lead to are reported."""
    found, denied, leads = set[str](), False, False
    for word in said:
        if word in ("yes", "no"):
            denied, leads = word == "no", True
        elif _is_letter(word):
            leads = False
            found |= set() if denied else {word}
        elif leads or word in (STOP, _TURN):
            denied = False
    return found


def _without_the_rest(said: list[str]) -> list[str]:
    """ "B, the rest no", "B. nothing else": a turn in the place of the rest and of the answer to it."""
    left: list[str] = []
    for place, word in enumerate(said):
        if word == "no" and said[place - 1 : place] == [_REST]:
            continue
        if word == _REST:
            if left and left[-1] == "no" and said[place + 1 : place + 2] != ["no"]:
                left.pop()
            left.append(_TURN)
        else:
            left.append(word)
    return left
