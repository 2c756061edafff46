"""Made-up patients: names that nobody has, and a year of pain in every shape that a recovery takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

GIVEN = {
    "female": [
        "Aldora",
        "Brisela",
        "Corvina",
        "Delphira",
        "Emmarie",
        "Fiorenta",
        "Galatea",
        "Hesper",
        "Ilvira",
        "Jorunda",
        "Kestra",
        "Lorimel",
    ],
    "male": [
        "Alaric",
        "Bertolt",
        "Cassimir",
        "Dorian",
        "Evander",
        "Fabrizio",
        "Gideon",
        "Halvard",
        "Ignace",
        "Jorvik",
        "Kelbern",
        "Leoric",
    ],
}
GIVEN_ES = {
    "female": ["Amarilis", "Brisa", "Celestina", "Dalila", "Esmeralda", "Florinda"],
    "male": ["Anselmo", "Baltasar", "Cipriano", "Dionisio", "Eladio", "Fermin"],
}
FAMILY = [
    "Ambrelle",
    "Bracknow",
    "Calderwyn",
    "Dunmarrow",
    "Eskerby",
    "Fennimark",
    "Galdwyck",
    "Harrowel",
    "Iverstone",
    "Jastrow",
    "Kelmarsh",
    "Lindqvale",
    "Marrowick",
    "Nettleby",
    "Oakhallow",
    "Penderin",
    "Quillfeather",
    "Rosthwick",
    "Sallowby",
    "Thornquist",
    "Underwell",
    "Vantreese",
    "Wexcombe",
    "Yarrowden",
    "Zellmark",
]
FAMILY_ES = ["Aldarriba", "Belmontera", "Cortavia", "Duramonte", "Espinelar", "Fuentrosa", "Granavida", "Hontalba"]
LEVELS = ("T7", "T8", "T11", "T12", "L1", "L2", "L3", "L4")
SHAPES = ("normal",) * 56 + ("slow",) * 12 + ("nonresponder",) * 14 + ("fracture",) * 7 + ("decline",) * 5
ACTIVITY = ("in_bed", "mostly_resting", "short_walks", "light_chores", "usual_day")


@dataclass(frozen=True, slots=True)
class MadeUpAnswer:
    """What a made-up patient answers on one day."""

    day: int
    pain: int
    activity: str
    symptoms: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class MadeUpPatient:
    """One made-up patient with the answers of the recovery so far."""

    given_name: str
    family_name: str
    sex: str
    born_on: date
    language: str
    phone: str
    days_ago: int
    levels: tuple[str, ...]
    baseline: int
    answers: tuple[MadeUpAnswer, ...]
    fate: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one patient in the last days, so that a Monday has its share of trouble."""

    name: str
    days_ago: int
    language: str = "en"
    last: tuple[tuple[int, int, tuple[str, ...], str], ...] = ()  # days before today, pain, symptoms, words
    silent_days: int = 0
    shape: str = "normal"


_WEAK = "6, my legs feel weak since last night and I cant lift the right one"
_CLIMB = ((2, 5, (), "5"), (1, 5, (), "about 5"), (0, 6, (), "6"))
FATES = (
    Fate("weakness", 9, last=((0, 6, ("leg_weakness",), _WEAK),)),
    Fate("fever", 6, last=((0, 6, ("fever",), "temp 38.4 and the spot is red, pain 6"),)),
    Fate("taken", 24, last=((0, 7, ("new_pain",), "heard a pop when I bent over 7"),)),
    Fate("severe", 12, "es", last=((1, 8, (), "8"), (0, 9, (), "9"))),
    Fate("climbs", 17, last=_CLIMB),
    Fate("climbs", 10, last=_CLIMB),
    Fate("taken", 8, last=_CLIMB),
    Fate("silent", 11, silent_days=4),
    Fate("silent", 13, "es", silent_days=5),
    Fate("landline", 5, silent_days=4),
    Fate("opted_out", 28, "es", silent_days=11),
    Fate("seen_to", 8, last=((0, 7, ("wound",), "the spot is red and leaking a bit 7"),)),
    Fate("steady", 8),
    Fate("steady", 21),
)


def made_up_patients(number: int, seed: int, today: date) -> list[MadeUpPatient]:
    """`number` patients, the same for the same seed and day; the first are those in trouble."""
    rng = Random(f"recovery {seed}")
    names: set[tuple[str, str]] = set()
    return [_patient(rng, place, FATES[place] if place < len(FATES) else None, today, names) for place in range(number)]


def _patient(rng: Random, place: int, fate: Fate | None, today: date, names: set[tuple[str, str]]) -> MadeUpPatient:
    language = fate.language if fate else rng.choices(("en", "es"), (4, 1))[0]
    sex = rng.choices(("female", "male"), (7, 3))[0]
    given_name, family_name = _name(rng, language, sex, names)
    days_ago = fate.days_ago if fate else _days_ago(rng)
    baseline = min(10, max(4, round(rng.gauss(7.7, 1.4))))
    shape = fate.shape if fate else rng.choice(SHAPES)
    return MadeUpPatient(
        given_name=given_name,
        family_name=family_name,
        sex=sex,
        born_on=today - timedelta(days=rng.randint(65 * 365, 90 * 365)),
        language=language,
        phone=f"+1{212 + place // 40 * 5}555{100 + place % 100:04d}",
        days_ago=days_ago,
        levels=tuple(sorted(rng.sample(LEVELS, rng.choices((1, 2), (4, 1))[0]))),
        baseline=baseline,
        answers=tuple(_answers(rng, shape, baseline, days_ago, fate)),
        fate=fate.name if fate else "",
    )


def _name(rng: Random, language: str, sex: str, names: set[tuple[str, str]]) -> tuple[str, str]:
    given, family = (GIVEN_ES, FAMILY_ES) if language == "es" else (GIVEN, FAMILY)
    while True:
        name = rng.choice(given[sex]), rng.choice(family)
        if name not in names:
            names.add(name)
            return name


def _days_ago(rng: Random) -> int:
    """Most are in their first weeks; some are near the end of the year."""
    return rng.choices(
        (rng.randint(1, 14), rng.randint(15, 45), rng.randint(46, 120), rng.randint(121, 355)), (30, 30, 22, 18)
    )[0]


def asked_days(until: int) -> list[int]:
    """The days on which a question came: daily, then twice a week, weekly, monthly."""
    days = [*range(1, 15), *(d for d in range(15, 43) if d % 7 in (3, 0)), *range(49, 91, 7), *range(120, 366, 30)]
    return [day for day in days if day <= until]


@dataclass(slots=True)
class _Course:
    """The latent pain of one recovery; shapes and figures as in the published courses."""

    rng: Random
    shape: str
    baseline: int
    floor: float = field(init=False)
    early: float = field(init=False)
    tau: float = field(init=False)
    onset: int = field(init=False)

    def __post_init__(self) -> None:
        rng = self.rng
        floors = {"slow": rng.uniform(1, 4), "nonresponder": max(2.0, self.baseline - rng.uniform(0, 2))}
        self.floor = min(self.baseline, floors.get(self.shape, rng.uniform(0, 3)))
        self.early = rng.betavariate(2, 8) if self.shape == "slow" else rng.betavariate(4.2, 1.9)
        self.tau = 26.0 if self.shape == "slow" else 11.0
        self.onset = rng.randint(15, 60)

    def pain(self, day: int) -> int:
        """The score of one day, with a person's own noise."""
        latent = self.floor + (self.baseline - self.floor) * (1 - self.early) * math.exp(-day / self.tau)
        since = day - self.onset
        if self.shape == "fracture" and since >= 0:
            latent += 3.5 * math.exp(-since / 30)
        if self.shape == "decline" and since >= 0:
            latent += 0.12 * min(since, 35)
        shrink = min(1.0, 0.25 + 0.75 * min(latent, 10 - latent) / 3)
        return max(0, min(10, round(latent + self.rng.gauss(0, 0.6) * max(shrink, 0.25))))


def _answers(rng: Random, shape: str, baseline: int, days_ago: int, fate: Fate | None) -> list[MadeUpAnswer]:
    course = _Course(rng, shape, baseline)
    silent = fate.silent_days if fate else 0
    planned: Sequence[tuple[int, int, tuple[str, ...], str]] = fate.last if fate else ()
    forced = {days_ago - before: (pain, symptoms, words) for before, pain, symptoms, words in planned}
    first_forced = min(forced, default=days_ago + 1)
    answers = []
    for day in sorted({*asked_days(days_ago - silent), *forced}):
        pain = min(course.pain(day), 4) if forced else course.pain(day)
        if day in forced:
            pain, symptoms, words = forced[day]
            answers.append(MadeUpAnswer(day, pain, _activity(rng, pain), symptoms, words))
        elif day < first_forced and rng.random() < 0.9:
            answers.append(MadeUpAnswer(day, pain, _activity(rng, pain), (), _said(rng, pain)))
    return answers


def _activity(rng: Random, pain: int) -> str:
    return ACTIVITY[max(0, min(4, round(4 - pain / 2.4 + rng.uniform(-0.7, 0.7))))]


def _said(rng: Random, pain: int) -> str:
    """A score as people text it."""
    return rng.choices((f"{pain}", f"{pain}/10", f"{pain} today", f"about {pain}"), (8, 1, 1, 1))[0]
