"""Counts what a reading of labelled replies got wrong, and prints it as a table with every wrong reading."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from recovery_api.domain.replies import Reply
from recovery_api.packs.reading import reply_reader

DATA = Path(__file__).parent.parent / "data"
_RANKS = {"": 3, "review": 3, "today": 2, "urgent": 1, "emergency": 0}
_SERIOUS = ("emergency", "urgent")
_SEEN_BY_A_PERSON = ("opt_out", "deceased", "wrong_person", "call_me", "help")


@dataclass(frozen=True)
class Labelled:
    """One reply and what a person says it means; blanks are None or no tier."""

    text: str
    question: str
    pain: str
    suggest: str
    intent: str
    tier: str

    def read(self) -> Reply:
        return reply_reader().read(self.text, self.question or "any")


def labelled(name: str) -> list[Labelled]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [
            Labelled(row["text"], row["question"], row["pain"], row["suggest"], row["intent"], row["tier"])
            for row in csv.DictReader(file)
        ]


def personal_texts() -> list[str]:
    with (DATA / "personal_texts.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def mistakes(label: Labelled, reply: Reply) -> list[str]:
    """The names of the figures that this reading spoils."""
    pain, tier = _cell(reply.pain), _cell(reply.tier)
    serious = label.tier in _SERIOUS
    found = {
        "silent misread": reply.pain is not None and pain not in (label.pain, label.suggest),
        "missed flag": serious and _RANKS[tier] > _RANKS[label.tier],
        "nobody looks": serious and not _is_looked_at(reply),
        "false flag": not serious and tier in _SERIOUS,
        "needless question": label.pain != "" and reply.intent == "ask_again",
        "opt_out wrong": (label.intent == "opt_out") != (reply.intent == "opt_out"),
    }
    return [name for name, wrong in found.items() if wrong]


def _is_looked_at(reply: Reply) -> bool:
    """Whether a flag, a task or the inbox brings the text before a person."""
    return reply.unread or _cell(reply.tier) not in ("", "review") or reply.intent in _SEEN_BY_A_PERSON


def exact(label: Labelled, reply: Reply) -> bool:
    made = (_cell(reply.pain), _cell(reply.suggest), reply.intent, _cell(reply.tier))
    return made == (label.pain, label.suggest, label.intent, label.tier)


def _cell(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Figures:
    """The figures of one corpus, as counts and as shares of the replies they can spoil."""

    name: str
    counts: Counter[str]
    of: dict[str, int]
    wrong: list[str]

    def share(self, figure: str) -> float:
        return self.counts[figure] / max(self.of[figure], 1)

    def line(self) -> str:
        """All of it in a line."""
        shares = ", ".join(f"{figure} {100 * self.share(figure):.2f} %" for figure in self.of)
        return f"{self.name}: {self.of['exact']:,} replies: {shares}"

    def table(self) -> str:
        rows = [f"{f:18} {self.counts[f]:5} of {n:5} = {100 * self.share(f):.2f} %" for f, n in self.of.items()]
        return "\n".join([f"{self.name}:", *rows, *self.wrong])


def figures(name: str) -> Figures:
    rows = [(label, label.read()) for label in labelled(name)]
    counts: Counter[str] = Counter()
    wrong = []
    for label, reply in rows:
        spoiled = mistakes(label, reply)
        counts.update(spoiled)
        counts["exact"] += exact(label, reply)
        if spoiled or not exact(label, reply):
            made = (reply.pain, reply.suggest, reply.intent, reply.tier)
            wrong.append(f"  {', '.join(spoiled) or 'differs'}: {label} was read as {made}: {reply.because}")
    serious = sum(label.tier in _SERIOUS for label, _ in rows)
    of = {
        "silent misread": len(rows),
        "missed flag": serious,
        "nobody looks": serious,
        "false flag": len(rows) - serious,
        "needless question": sum(label.pain != "" for label, _ in rows),
        "opt_out wrong": len(rows),
        "exact": len(rows),
    }
    return Figures(name, counts, of, wrong)
