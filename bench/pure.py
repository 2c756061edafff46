"""What the rules cost by themselves: reading a reply, judging a year."""

import csv
import gc
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median

from recovery_api.domain.escalation import assess
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.packs.reading import reply_reader
from recovery_api.packs.rule_pack import rule_pack
from tests.domain.reply_figures import figures

DATA = Path(__file__).parents[1] / "tests" / "data"
REPLIES, LONG_NOTES = 20_000, 20
# Each part of the texts counts at its fastest: what the core does while nobody else is on it.
ROUNDS, PART, JUDGED = 9, 250, 400
_DRESSES = (
    "{}",
    "{}.",
    "{}/10",
    " {} ",
    "{}!",
    "{} today",
    "Pain {}",
    "about {}",
    "{} 🙂",
    "un {}",
    "{} thanks",
    "its {}",
)
_SHORT = 18


def measure_reading() -> dict[str, float | str]:
    """Replies read a second on one core by a process already warm, and the figures of the labelled ones."""
    rng, reader = Random(1), reply_reader()
    warm = _replies(Random(2))
    for text, question in warm:
        reader.read(text, question)
    known = {text for text, _ in warm if len(text) > _SHORT}
    texts = [(text, question) for text, question in _replies(rng) if text not in known]
    gc.freeze()  # As a web worker does once it has read its packs.
    rounds = [_seconds_of_each_part(texts) for _ in range(ROUNDS)]
    undisturbed = sum(min(part) for part in zip(*rounds, strict=True))
    notes = [" ".join(rng.sample([text for text, _ in texts], 200))[:2000] for _ in range(LONG_NOTES)]
    started = time.process_time()
    for note in notes:
        reader.read(note, "any")
    long = (time.process_time() - started) / LONG_NOTES
    return {
        "replies a second, one core": round(len(texts) / undisturbed),
        "the same, of the median round": round(len(texts) / median(map(sum, rounds))),
        "mix": f"{len(texts)}: half short answers as they come, half sentences, none twice",
        "CPU ms a note of 2,000 characters": round(long * 1000, 1),
        **_labelled(),
    }


def _seconds_of_each_part(texts: Sequence[tuple[str, str]]) -> list[float]:
    """What reading all texts once costs, part by part; no sentence is remembered from one round to the next."""
    reader, seconds = reply_reader(), []
    for first in range(0, len(texts), PART):
        started = time.process_time()
        for text, question in texts[first : first + PART]:
            reader.read(text, question)
        seconds.append(time.process_time() - started)
    return seconds


def _replies(rng: Random) -> list[tuple[str, str]]:
    """Short answers as patients send them, which come again and again, and sentences of which none is like another."""
    rows = []
    for name in ("replies_corpus.csv", "replies_batches.csv"):
        with (DATA / name).open(newline="", encoding="utf-8") as file:
            rows += [(row["text"], row["question"] or "any") for row in csv.DictReader(file)]
    short = [row for row in rows if len(row[0]) <= _SHORT]
    short += [(dress.format(score), "pain") for dress in _DRESSES for score in range(11)] * 10
    sentences = [row for row in rows if len(row[0]) > _SHORT]
    found: dict[str, str] = {}
    while len(found) < REPLIES // 2:
        text, question = rng.choice(sentences)
        opening = rng.choice(("", "Hi ", "ok ", "well ", "hello ", "good morning ", "so ", "hey "))
        closing = rng.choice(("", ".", " ty", "!", " thx", " thank you", " bye", " ok"))
        found.setdefault(opening + text + closing, question)
    mixed = [*found.items(), *rng.choices(short, k=REPLIES // 2)]
    rng.shuffle(mixed)
    return mixed


def _labelled() -> dict[str, str]:
    """The figures of every labelled corpus, and what was read wrongly."""
    table = {}
    for name in ("replies_examples.csv", "replies_corpus.csv", "replies_batches.csv", "replies_blind.csv"):
        result = figures(name)
        table |= {f"{name}: {figure}": f"{result.counts[figure]} of {n}" for figure, n in result.of.items()}
        table |= {f"{name}: wrong {i}": line.strip() for i, line in enumerate(result.wrong, 1) if "differs" not in line}
    return table


def measure_judging() -> dict[str, float]:
    """Milliseconds of CPU to judge one check-in beside a year of them."""
    rng, start = Random(1), date(2026, 1, 1)
    history = [
        Reading(
            day, start + timedelta(days=day), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day), rng.randint(1, 5)
        )
        for day in range(365)
    ]
    facts, rules = EpisodeFacts(start, 8, frozenset(range(365))), rule_pack()
    costs = []
    for _ in range(JUDGED):
        started = time.process_time()
        assess(history, facts, rules, history[-1].recorded_at)
        costs.append((time.process_time() - started) * 1000)
    return {
        "CPU ms a judgement of 365 days, median": round(median(costs), 3),
        "the same, undisturbed": round(min(costs), 3),
    }
