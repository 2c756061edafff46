"""Made-up people of a simulated clinic: how each lives with their phone, and what they answer; the same for a seed."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

TRAITS = (
    "steady", "forgetful", "late", "shared", "traveller", "quits", "falls", "landline", "spanish", "chatty",
    "caregiver", "newphone", "worsens", "hospital", "dies", "moved",
)  # fmt: skip
# A clinic as it may be: most answer, some forget, and each trouble has its people.
MIX = (
    "steady", "forgetful", "moved", "late", "shared", "shared", "traveller", "spanish", "quits", "falls", "landline",
    "chatty-moved", "hospital", "forgetful-spanish", "late-caregiver", "dies-caregiver", "traveller-late-hospital",
    "landline-spanish-moved", "falls-spanish", "newphone",
)  # fmt: skip
_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Phoenix")
_FARTHER = ("Pacific/Honolulu", "Europe/London", "Australia/Lord_Howe")
_WORDS = {
    "en": ("about {n} today", "its a {n}", "{n}/10", "pain is {n} thank you", "{n}"),
    "es": ("hoy {n}", "como {n}", "{n}/10", "dolor {n} gracias", "{n}"),
}
_FALL = {"en": "I fell in the bathroom and felt a pop", "es": "me cai en el bano y senti un tronido"}
_DIED = {"en": "This is her daughter. She passed away last night", "es": "Soy su hija. Mi mama fallecio anoche"}
_SYMPTOM_MARKS = ("\nN n", "Reply F if so, or N", "Responda F si hubo algo, o N")  # the letters, or a fall after a jump
_PAIN_MARKS = ("0 to 10", "De 0 a 10", "de 0 a 10")


@dataclass(frozen=True, slots=True)
class Person:
    """One patient: the place in the clinic, traits, phone, zone, language, and the days of what will happen to them."""

    place: int
    traits: frozenset[str]
    phone: str
    zone: str
    language: str
    procedure_in_days: int
    seed: str

    @property
    def label(self) -> str:
        """The letters that begin a text on a shared phone."""
        return f"{chr(65 + self.place // 26 % 26)}{chr(65 + self.place % 26)}"

    def has(self, trait: str) -> bool:
        """Whether this is one of the person's traits."""
        return trait in self.traits

    def dice(self, *about: object) -> random.Random:
        """Chance that depends on the person and the occasion alone, so that order makes no difference."""
        return random.Random(f"{self.seed}|{self.place}|{'|'.join(map(str, about))}")

    def day_of(self, event: str) -> int | None:
        """The day since the procedure on which something befalls the person; None for what does not."""
        if not self.has(event):
            return None
        least, most = {
            "quits": (4, 30),
            "falls": (3, 40),
            "traveller": (2, 20),
            "newphone": (5, 30),
            "worsens": (6, 30),
            "hospital": (3, 60),
            "dies": (8, 90),
            "moved": (-2, 6),
        }[event]
        return self.dice(event).randint(least, most)

    def journey(self) -> str:
        """The zone that a traveller goes to."""
        return self.dice("journey").choice(_FARTHER)

    @property
    def later_phone(self) -> str:
        """The number of whoever gets another phone."""
        return _phone(self.place, "332")

    def pain(self, day: int) -> int:
        """Pain on one day: down from 7 to 2 within weeks, and up again for some, after a fall or for no reason."""
        base = 2 + 5 * 0.93 ** max(day, 0)
        fell = self.day_of("falls")
        more = 3 if fell is not None and fell <= day < fell + 10 else 0
        worse = self.day_of("worsens")
        more += 5 if worse is not None and worse <= day < worse + 7 else 0
        return max(0, min(10, round(base + more + self.dice("pain", day).gauss(0, 0.8))))


def make_people(count: int, seed: int, persona: str | None, area: str = "646") -> list[Person]:
    """`count` people; those who share a phone do so in pairs. Raises ValueError for a trait that nobody knows."""
    people: list[Person] = []
    for place in range(count):
        traits = frozenset((persona or MIX[place % len(MIX)]).split("-"))
        if not traits <= set(TRAITS):
            raise ValueError(f"must be made of {', '.join(TRAITS)}, joined by hyphens")
        chance = random.Random(f"{seed}|{place}")
        partner = people[-1] if people and "shared" in traits and people[-1].has("shared") and place % 2 else None
        people.append(
            Person(
                place,
                traits,
                partner.phone if partner else _phone(place, area),
                partner.zone if partner else chance.choice(_ZONES),
                partner.language if partner else ("es" if "spanish" in traits else "en"),
                chance.randint(-2, 9),
                str(seed),
            )
        )
    return people


def _phone(place: int, area: str) -> str:
    """A number that belongs to nobody: 555-01XX in one area after another."""
    return f"+1{int(area) + place // 100}55501{place % 100:02}"


def answer_to(person: Person, text: str, day: int, now: datetime) -> tuple[str, timedelta] | None:
    """What the person texts back to one text of ours, and after how long; None where they leave it."""
    said = _said(person, text, day)
    if said is None:
        return None
    chance = person.dice("answer", now.date(), text[:40])
    share = 0.45 if person.has("forgetful") else 0.9
    if chance.random() > share:
        return None
    minutes = chance.randint(600, 1300) if person.has("late") and chance.random() < 0.4 else chance.randint(1, 150)
    prefix = f"{person.label} " if person.has("shared") and said not in ("START", "STOP") else ""
    return prefix + said, timedelta(minutes=minutes)


def _said(person: Person, text: str, day: int) -> str | None:
    if "START" in text and "STOP" in text:
        return "START"
    if text.endswith(("N none", "N nada")) or any(mark in text for mark in _SYMPTOM_MARKS):
        return "N"
    if any(mark in text for mark in _PAIN_MARKS):
        return _score(person, day)
    if "1 to confirm" in text or "1 para confirmar" in text:
        return "1" if person.dice("visit", text).random() < 0.8 else "2"
    if "0 if none" in text or "0 si nada" in text or "0 si ninguna" in text:
        return str(person.dice("count", day).randint(0, 30 if "walk" in text or "caminado" in text else 4))
    return None


def _score(person: Person, day: int) -> str:
    pain = person.pain(day)
    if not person.has("chatty"):
        return str(pain)
    return person.dice("words", day).choice(_WORDS[person.language]).format(n=pain)


def fall_words(person: Person) -> str:
    """What somebody texts who fell."""
    return _as_theirs(person, _FALL[person.language])


def family_words(person: Person) -> str:
    """What the family texts of somebody who died."""
    return _as_theirs(person, _DIED[person.language])


def _as_theirs(person: Person, words: str) -> str:
    return f"{person.label} {words}" if person.has("shared") else words


def caregiver_phone(person: Person) -> str:
    """The phone of whoever cares for the person, where somebody does."""
    return f"+1917555{person.place % 100 + 100:04}"
