"""Diaries out of a CSV file: one row an answered day, grouped to one history of readings an episode."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import click

from recovery_api.domain.escalation import EpisodeFacts, Reading

COLUMNS = ("episode", "baseline_pain", "day", "pain", "symptoms")
MORE = {"minutes_walked": 1440, "pills_otc": 100, "pills_prescribed": 100, "pills_total": 100}  # may be left out
PROCEDURE_ON = date(2025, 1, 1)  # diaries count days, so any date will do
_FIRST_DAY, _LAST_DAY = -365, 3650
_WORTH_A_BAR = 4_000_000  # bytes; less is read within two seconds
_ROWS_A_STEP = 10_000
_NONE: frozenset[str] = frozenset()
_NOTHING: Mapping[str, int] = {}


@dataclass(slots=True)
class Diary:
    """The rows of one episode: day, pain, symptoms, and what else was reported."""

    baseline_pain: int | None
    rows: list[tuple[int, int | None, frozenset[str], Mapping[str, int]]] = field(default_factory=list)

    def facts(self, check_in_days: frozenset[int]) -> EpisodeFacts:
        """What the rules need to know of the episode."""
        return EpisodeFacts(PROCEDURE_ON, self.baseline_pain, check_in_days)

    def readings(self) -> list[Reading]:
        """The rows as readings, oldest first; several on one day stay in the order of the file."""
        ordered = sorted(self.rows, key=lambda row: row[0])
        return [_reading(*row) for row in ordered]


def _reading(day: int, pain: int | None, symptoms: frozenset[str], more: Mapping[str, int]) -> Reading:
    if not more:
        return Reading(day, *_moment(day), pain, symptoms)
    return Reading(
        day,
        *_moment(day),
        pain,
        symptoms,
        minutes_walked=more.get("minutes_walked"),
        pills_otc=more.get("pills_otc"),
        pills_prescribed=more.get("pills_prescribed"),
        pills_total=more.get("pills_total"),
    )


@cache
def _moment(day: int) -> tuple[date, datetime]:
    on = PROCEDURE_ON + timedelta(days=day)
    return on, datetime.combine(on, time(12), UTC)


def read_diaries(path: Path) -> dict[str, Diary]:
    """The diaries of a file by episode. Raises ClickException naming the line of the first row that cannot be read."""
    diaries: dict[str, Diary] = {}
    for line, row in _rows(path):
        try:
            episode = row["episode"].strip()
            if not episode:
                raise ValueError("episode is blank")
            if episode not in diaries:
                diaries[episode] = Diary(_whole(row, "baseline_pain", 0, 10))
            diaries[episode].rows.append(_entry(row))
        except ValueError as error:
            raise click.ClickException(f"{path}, line {line}: {error}") from None
    return diaries


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    size = path.stat().st_size
    hidden = size < _WORTH_A_BAR or not sys.stderr.isatty()
    bar = click.progressbar(length=size, label="Reading", file=sys.stderr, hidden=hidden)
    try:
        with path.open("rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file, bar:
            reader = csv.DictReader(file, restval="")
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise click.ClickException(f"{path}: no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
            for row in reader:
                yield reader.line_num, row
                if reader.line_num % _ROWS_A_STEP == 0:
                    bar.update(raw.tell() - bar.pos)
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.ClickException(f"{path}: is not a CSV file in UTF-8 ({error})") from None


def _entry(row: Mapping[str, str]) -> tuple[int, int | None, frozenset[str], Mapping[str, int]]:
    day = _whole(row, "day", _FIRST_DAY, _LAST_DAY)
    if day is None:
        raise ValueError("day is blank")
    more = _NOTHING if len(row) == len(COLUMNS) else _more(row)
    return day, _whole(row, "pain", 0, 10), _codes(row["symptoms"]), more


def _more(row: Mapping[str, str]) -> Mapping[str, int]:
    """What the optional columns say."""
    given = {name: _whole(row, name, 0, most) for name, most in MORE.items() if name in row}
    return {name: value for name, value in given.items() if value is not None}


@cache
def _codes(text: str) -> frozenset[str]:
    return frozenset(code.strip() for code in text.split(";") if code.strip()) or _NONE


def _whole(row: Mapping[str, str], column: str, low: int, high: int) -> int | None:
    """A whole number within bounds, None where the field is blank."""
    text = row[column].strip()
    if not text:
        return None
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ValueError(f"{column} is {text!r}; it must be a whole number from {low} to {high}")
    return value
