"""Kinds of danger that a language pack names, and the places of a reply where one was seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recovery_api.domain.reply_vocabulary import Packs
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier

EXCUSED = "\uf8ff"  # stands for a word that only sounded like a danger


@dataclass(frozen=True, slots=True)
class Danger:
    """One kind of problem that words can report; `symptom` is None where no symptom code fits.

    One that `happened`, such as a fall or a faint, is not taken back by being over. `unless` names the words that
    explain a mere mention in a harmless way.
    """

    symptom: str | None
    tier: Tier
    say: str
    distress: bool = False
    happened: bool = False
    unless: str = "EXPLAINS"


@dataclass(slots=True)
class Sighting:
    """A danger in pieces `start` to `end` (exclusive); `denies` where a denial is part of it ("can't feel my legs").

    `denier` is the place of the word that denies the danger; it `ended` where words behind it say that it is over;
    `in_doubt` where the denial may as well have been of something else.
    """

    danger: Danger
    start: int
    end: int
    denies: bool
    denier: int | None = None
    ended: bool = False
    in_doubt: bool = False
    opens: bool = False


def danger_patterns(packs: Packs, group: str) -> list[tuple[Danger, str]]:
    """The patterns of all packs under one name, each with its kind of danger."""
    kinds = [kind for pack in packs.values() for kind in pack["patterns"].get(group, ())]
    return [(_danger(kind), pattern) for kind in kinds for pattern in kind["patterns"]]


def _danger(kind: Mapping[str, Any]) -> Danger:
    symptom = kind.get("symptom")
    tier = Tier(kind["tier"]) if "tier" in kind else SYMPTOM_TIERS[str(symptom)]
    distress, happened = bool(kind.get("distress")), bool(kind.get("happened"))
    return Danger(symptom, tier, kind["say"], distress, happened, kind.get("unless", "EXPLAINS"))
