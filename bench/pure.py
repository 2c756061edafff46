"""What the rules cost by themselves: reading a reply, judging a year."""

import csv
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from recovery_api.domain.escalation import assess
from recovery_api.domain.readings import EpisodeFacts, Reading
from recovery_api.packs.reading import reply_reader
from recovery_api.packs.rule_pack import rule_pack

CORPUS = Path(__file__).parents[1] / "tests" / "data"
REPEATS = 5


def measure_reading() -> dict[str, float]:
    """Replies read a second on one core, every text new to the reader."""
    with (CORPUS / "replies_corpus.csv").open(newline="", encoding="utf-8") as file:
        texts = [(row["text"], row["question"] or "any") for row in csv.DictReader(file)]
    reader, rates = reply_reader(), []
    for repeat in range(REPEATS):
        batch = [(f"{text}{' ' * repeat}", question) for text, question in texts]
        started = time.process_time()
        for text, question in batch:
            reader.read(text, question)
        rates.append(len(batch) / (time.process_time() - started))
    return {"replies a second, one core, median": round(sorted(rates)[REPEATS // 2]), "texts": len(texts)}


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
    started = time.process_time()
    for _ in range(200):
        assess(history, facts, rules, history[-1].recorded_at)
    return {"CPU ms a judgement of 365 days": round((time.process_time() - started) / 200 * 1000, 3)}
