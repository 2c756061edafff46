"""What is done when a question stays unanswered: rung by rung, as the protocol says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from recovery_api.domain.pack_section import Section
from recovery_api.domain.protocol_steps import AUDIENCES

WAYS = ("text", "voice")
_MOST_HOURS = 8


@dataclass(frozen=True, slots=True)
class Rung:
    """From so many check-ins missed in a row on: a text, or a call where there is a phone that is called.

    The text is also what is sent where there is no such phone.
    """

    missed: int
    by: str
    text_key: str
    audience: str


@dataclass(frozen=True, slots=True)
class SilenceLadder:
    """How long a question waits before it is asked again that day, and the rungs, the first for the first day."""

    after: timedelta
    rungs: tuple[Rung, ...]

    def rung(self, missed: int) -> Rung:
        """The rung for so many check-ins missed before."""
        return [rung for rung in self.rungs if rung.missed <= missed][-1]


def read_silence(section: Section) -> SilenceLadder:
    """The ladder of a protocol. Raises PackError where its rungs do not rise from 0."""
    after = timedelta(hours=section.whole("after_hours", 1, _MOST_HOURS))
    rungs = tuple(_rung(section, number, item) for number, item in enumerate(section.items("rungs"), 1))
    section.close()
    if rungs[0].missed != 0 or any(late.missed <= early.missed for early, late in pairwise(rungs)):
        raise section.error("rungs must rise in missed, from 0 on")
    return SilenceLadder(after, rungs)


def _rung(section: Section, number: int, item: object) -> Rung:
    part = Section(section.file, f"{section.where}, rung {number}", item)
    rung = Rung(
        missed=part.whole("missed", 0, 30),
        by=part.choice("by", WAYS),
        text_key=part.text("text"),
        audience=part.choice("audience", AUDIENCES) if part.has("audience") else "patient",
    )
    part.close()
    return rung


def missed_in_a_row(asked: Collection[date], heard: date | None, on: date) -> list[date]:
    """The days up to `on` that were asked about and not heard of since, oldest first."""
    return sorted(day for day in asked if day <= on and (heard is None or day > heard))
