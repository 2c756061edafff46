"""The script of a check-in by telephone: keys in, the next words out, and what is to be done; pure, and always ending.

Every place repeats itself at most twice on silence or a key that means nothing, then hands over to a person. A pain
score counts only once it was read back and confirmed. What a danger calls for is said at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from recovery_api.domain.symptoms import LETTERS
from recovery_api.domain.tiers import Tier, worst

REPEATS = 2
QUESTIONS = tuple(LETTERS.values())
AGAIN, TO_CLINIC, STOP = "*", "0", "9"
_SCORES = frozenset(str(score) for score in range(11))


class Place(StrEnum):
    """Where a conversation stands."""

    GREET = "greet"
    WHO = "who"
    WHOM = "whom"
    MENU = "menu"
    PAIN = "pain"
    CONFIRM = "confirm"
    SYMPTOM = "symptom"
    DANGER = "danger"
    OFFER = "offer"
    TRANSFER = "transfer"
    END = "end"


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation: `said` are the words before the next question, `pain` a score that awaits its confirmation.

    `hours` are those within which somebody calls, as of the answer that called for it. `listed` are the links of a
    shared phone in the order of the keys that they were given.
    """

    place: Place
    inbound: bool = False
    said: tuple[str, ...] = ()
    tries: int = 0
    changes: int = 0
    pain: int | None = None
    asked: int = 0
    people: int = 1
    person: int = 0
    tier: Tier | None = None
    hours: int = 0
    has_saved: bool = False
    has_symptom: bool = False
    outcome: str | None = None
    listed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The conversation as it is kept."""
        return {**asdict(self), "said": list(self.said), "listed": list(self.listed)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Talk":
        """The conversation as it was kept."""
        tier = Tier(kept["tier"]) if kept["tier"] else None
        lists = {"said": tuple(kept["said"]), "listed": tuple(kept.get("listed", ()))}
        return cls(**{**kept, **lists, "place": Place(kept["place"]), "tier": tier})


@dataclass(frozen=True, slots=True)
class Deed:
    """What must be done before the next words: save_pain, save_symptom, save_none, wrong_number, stop, tell_person."""

    kind: str
    value: int | str | None = None


Heard = tuple[Talk, Deed | None]


def begin_out(answered_by: str) -> Talk:
    """The beginning of a call from us: a machine hears the clinic's name and number alone, and so may "unknown"."""
    if answered_by.startswith(("machine", "fax")):
        return Talk(Place.END, said=("machine",), outcome="machine")
    return Talk(Place.WHO if answered_by == "human" else Place.GREET)


def begin_in(people: int) -> Talk:
    """The beginning of a call to us, from the phone of so many patients; a stranger is put through."""
    if people == 0:
        return Talk(Place.TRANSFER, inbound=True, said=("stranger",), people=0)
    return Talk(Place.MENU if people == 1 else Place.WHOM, inbound=True, people=people)


def hear(talk: Talk, keys: str) -> Heard:
    """What `keys` (without the closing pound key; empty for silence) make of a conversation."""
    if talk.place in (Place.END, Place.TRANSFER):
        return talk, None
    if keys == AGAIN:
        return _once_more(talk, ())
    if keys == TO_CLINIC and talk.place not in (Place.PAIN, Place.GREET):
        return _go(talk, Place.TRANSFER, "connecting"), None
    return _HEARERS[talk.place](talk, keys)


def hear_dialed(talk: Talk, was_answered: bool) -> Heard:
    """The end of an attempt to put somebody through to the clinic."""
    if talk.place is not Place.TRANSFER:
        return talk, None
    if was_answered:
        return _end(talk, "put_through"), None
    words = ("danger", "no_one") if talk.tier is Tier.EMERGENCY else ("no_one",)
    return _end(talk, "nobody_took_it", *words), Deed("tell_person", talk.pain)


def judge(talk: Talk, tier: Tier | None) -> Talk:
    """The conversation after its deed was judged; danger turns it aside, and is told what to do at once."""
    if tier is Tier.EMERGENCY:
        return _go(replace(talk, tier=tier), Place.DANGER, "danger")
    first_urgent = tier is Tier.URGENT and talk.tier is not Tier.URGENT
    talk = replace(talk, tier=worst(talk.tier, tier), said=("urgent", *talk.said) if first_urgent else talk.said)
    is_through = talk.place is Place.SYMPTOM and talk.asked >= len(QUESTIONS)
    return _close(talk) if is_through else talk


def _close(talk: Talk) -> Talk:
    if talk.tier is Tier.URGENT:
        return _go(talk, Place.OFFER, *talk.said)
    words = "thanks_today" if talk.tier is Tier.TODAY else "thanks"
    return _end(talk, "finished", words)


def _greet(talk: Talk, keys: str) -> Heard:
    return (_go(talk, Place.WHO), None) if keys == "1" else _once_more(talk)


def _who(talk: Talk, keys: str) -> Heard:
    if keys == "1":
        return _go(talk, Place.PAIN), None
    if keys == "2":
        return _end(talk, "not_there", "not_there"), None
    if keys == "3":
        return _end(talk, "wrong_number", "wrong_number"), Deed("wrong_number")
    if keys == STOP:
        return _end(talk, "stopped", "stopped"), Deed("stop")
    return _once_more(talk)


def _whom(talk: Talk, keys: str) -> Heard:
    if keys.isascii() and keys.isdigit() and 1 <= int(keys) <= talk.people:
        return _go(replace(talk, person=int(keys)), Place.MENU), None
    return _once_more(talk)


def _menu(talk: Talk, keys: str) -> Heard:
    if keys == "1":
        return _go(talk, Place.PAIN), None
    if keys == "2":
        return _go(talk, Place.SYMPTOM, "symptoms"), None
    return _once_more(talk)


def _pain(talk: Talk, keys: str) -> Heard:
    if keys in _SCORES:
        return _go(replace(talk, pain=int(keys)), Place.CONFIRM), None
    return _once_more(talk)


def _confirm(talk: Talk, keys: str) -> Heard:
    if keys == "1":
        score = talk.pain
        return _go(replace(talk, pain=None, has_saved=True), Place.SYMPTOM, "symptoms"), Deed("save_pain", score)
    if keys == "2" and talk.changes < REPEATS:
        return _go(replace(talk, changes=talk.changes + 1), Place.PAIN), None
    return _give_up(talk) if keys == "2" else _once_more(talk)


def _symptom(talk: Talk, keys: str) -> Heard:
    if keys not in ("1", "2"):
        return _once_more(talk)
    code, is_last = QUESTIONS[talk.asked], talk.asked + 1 == len(QUESTIONS)
    then = _go(replace(talk, asked=talk.asked + 1), Place.SYMPTOM)
    if keys == "1":
        return replace(then, has_saved=True, has_symptom=True), Deed("save_symptom", code)
    if is_last and not talk.has_symptom:
        return replace(then, has_saved=True), Deed("save_none")
    return then, None


def _danger(talk: Talk, keys: str) -> Heard:
    if keys == "1":
        return _go(talk, Place.TRANSFER, "connecting"), None
    return (_end(talk, "finished", "danger_goodbye"), None) if keys == "2" else _once_more(talk, ("danger",))


def _offer(talk: Talk, keys: str) -> Heard:
    if keys == "1":
        return _go(talk, Place.TRANSFER, "connecting"), None
    return (_end(talk, "finished", "thanks"), None) if keys == "2" else _once_more(talk)


_HEARERS: dict[Place, Callable[[Talk, str], Heard]] = {
    Place.GREET: _greet,
    Place.WHO: _who,
    Place.WHOM: _whom,
    Place.MENU: _menu,
    Place.PAIN: _pain,
    Place.CONFIRM: _confirm,
    Place.SYMPTOM: _symptom,
    Place.DANGER: _danger,
    Place.OFFER: _offer,
}


def _once_more(talk: Talk, words: tuple[str, ...] = ("again",)) -> Heard:
    """The same question again, twice at most; then a person."""
    if talk.tries >= REPEATS:
        return _give_up(talk)
    return replace(talk, tries=talk.tries + 1, said=words), None


def _give_up(talk: Talk) -> Heard:
    """Keys do not do: whoever calls us is put through, whom we call is called by a person."""
    if talk.place in (Place.GREET, Place.WHO):
        return _end(talk, "no_keys", "machine"), None
    if talk.place is Place.DANGER:
        return _end(talk, "finished", "danger_goodbye"), None
    if talk.place is Place.OFFER:
        return _end(talk, "finished", "thanks"), None
    if talk.inbound:
        return _go(talk, Place.TRANSFER, "connecting"), None
    return _end(talk, "to_a_person", "to_a_person"), Deed("tell_person", talk.pain)


def _go(talk: Talk, place: Place, *words: str) -> Talk:
    return replace(talk, place=place, tries=0, said=words)


def _end(talk: Talk, outcome: str, *words: str) -> Talk:
    return replace(talk, place=Place.END, tries=0, said=words, outcome=outcome)
