"""The rules on cohorts that nobody tuned them on, beside what is simpler: one table for three strengths of noise."""

import csv
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import sqrt
from pathlib import Path
from statistics import fmean
from typing import Any

from recovery_api.cli.diaries import Diary, read_diaries
from recovery_api.cli.replay_diaries import replay_diaries
from recovery_api.packs.rule_pack import rule_pack
from tests.data import cohort

PATIENTS = 4_000
SEEDS = (401, 402, 403, 404, 405)  # none of them used to tune or to pick anything, see the pack and docs/rules.md
NOISES = (0.7, 1.0, 1.4)
FULL = 20_000
_Row = tuple[int, int | None, frozenset[str], Mapping[str, int]]
_Alert = dict[str, str]


def measure_rules() -> dict[str, float | str]:
    """Mean scores over the seeds, by noise and detector; every detector hears red flags as the rules do."""
    table: dict[str, float | str] = {
        "cohorts": f"{len(SEEDS)} seeds ({SEEDS[0]} to {SEEDS[-1]}) of {PATIENTS} patients and 90 days each",
        "columns": "false alerts in 100 patient-days | found within 14 days, median delay in days | by chance",
    }
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for noise in NOISES:
            scores: dict[str, list[Any]] = {}
            for seed in SEEDS:
                files = _make(Path(folder), seed, noise)
                diaries = read_diaries(files.diaries)
                started = time.process_time()
                found = {"these rules": list(_shipped(diaries))}
                seconds.append(time.process_time() - started)
                found |= {name: list(_simple(diaries, detector)) for name, detector in _SIMPLE.items()}
                for name, score in _scored(files, found).items():
                    scores.setdefault(name, []).append(score)
            table |= {f"noise {noise}, {name}": _line(many) for name, many in scores.items()}
    table[f"CPU seconds for {FULL:,} x 90 days, in proportion"] = round(fmean(seconds) * FULL / PATIENTS, 1)
    return table


def _make(folder: Path, seed: int, noise: float) -> Namespace:
    files = Namespace(patients=PATIENTS, seed=seed, noise=noise, diaries=folder / "diaries", truth=folder / "truth")
    cohort.make(files)
    return files


def _scored(files: Namespace, found: Mapping[str, list[_Alert]]) -> dict[str, Any]:
    def rows(path: Path) -> list[dict[str, str]]:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    diaries, truth = rows(files.diaries), rows(files.truth)
    return {name: cohort.score_rows(diaries, truth, alerts) for name, alerts in found.items()}


def _line(scores: Sequence[Any]) -> str:
    false = fmean(one["false_alerts_per_100_patient_days"] for one in scores)
    parts = [f"{false:.2f}"]
    for event in cohort.EVENTS:
        found = fmean(one[event]["sensitivity"] for one in scores)
        delay = fmean(one[event]["median_delay_days"] for one in scores)
        parts.append(f"{event} {found:.3f} @{delay:.0f}")
    return " | ".join([*parts, f"{fmean(one['chance_hit'] for one in scores):.3f}"])


def _shipped(diaries: dict[str, Diary]) -> Iterator[_Alert]:
    for alert in replay_diaries(diaries, rule_pack(), frozenset()):
        yield _alert(alert.episode, alert.day, alert.finding.family, alert.finding.tier.value)


def _simple(diaries: dict[str, Diary], detector: Callable[[list[_Row]], Iterator[int]]) -> Iterator[_Alert]:
    for episode, diary in diaries.items():
        rows = sorted(diary.rows, key=lambda row: row[0])
        yield from (_alert(episode, row[0], "red_flag", "urgent") for row in rows if row[2])
        yield from (_alert(episode, day, "worsening", "today") for day in detector(rows))


def _alert(episode: str, day: int, family: str, tier: str) -> _Alert:
    return {"episode": episode, "day": str(day), "family": family, "tier": tier}


def _seven_or_two_more(rows: list[_Row]) -> Iterator[int]:
    """Pain of 7 and more, or two points more than the answer before."""
    last: int | None = None
    for day, pain, _, _ in rows:
        if pain is not None:
            if pain >= 7 or (last is not None and pain >= last + 2):
                yield day
            last = pain


def _three_since_yesterday(rows: list[_Row]) -> Iterator[int]:
    pains = {day: pain for day, pain, _, _ in rows if pain is not None}
    yield from (day for day, pain in pains.items() if day - 1 in pains and pain >= pains[day - 1] + 3)


def _reference(rows: list[_Row]) -> Iterator[int]:
    """A CUSUM against a personal reference with fixed rates, tuned by random search on synthetic diaries (seed 21)."""
    usual = quick = last = total = 0.0
    variance, answers = 0.9, 0
    for day, pain, _, _ in rows:
        if pain is None:
            continue
        answers += 1
        if answers == 1:
            usual = quick = last = pain
            continue
        if answers >= 3:
            noise = sqrt(0.966 * variance + 0.034 * 0.9)
            total = max(0.0, total + min(max((pain - usual) / noise, -3), 4.063) - 0.742)
        quick += 0.645 * (pain - quick)
        if total >= 6.282 and quick - usual >= 1.093 and day >= 4:
            yield day
            total = 0.0
        variance = 0.93 * variance + 0.07 * min((pain - last) ** 2 / 2, 4)
        usual += (0.159 if pain < usual else 0.054) * (pain - usual)
        last = pain


_SIMPLE: dict[str, Callable[[list[_Row]], Iterator[int]]] = {
    "the reference CUSUM": _reference,
    ">= 7 or +2": _seven_or_two_more,
    ">= 3 since yesterday": _three_since_yesterday,
}
