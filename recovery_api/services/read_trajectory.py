"""Read the course of one recovery: every answer, the expected band, the days that went unanswered, and the flags."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.services.find_check_in_days import find_check_in_days
from recovery_api.services.read_band import read_band
from recovery_api.services.read_episode import EpisodeRead, read_episode
from recovery_api.services.read_flags import FlagFacts, FlagQuery, read_flags
from recovery_api.services.read_history import KnownReading, read_history
from recovery_api.services.record_audit import Actor, record_audit


@dataclass(frozen=True, slots=True)
class BandPoint:
    """What the published course lets expect on one day since the procedure, in points of pain."""

    day: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A day on which the protocol asked and nobody answered."""

    day: int
    local_date: date


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The course of one recovery so far."""

    episode: EpisodeRead
    points: Sequence[KnownReading]
    band: Sequence[BandPoint]
    band_source: str
    gaps: Sequence[Gap]
    flags: Sequence[FlagFacts]


def read_trajectory(scope: ClinicScope, episode_id: UUID, viewer: Actor, now: datetime) -> Trajectory:
    """The course up to today; the look is audited. Raises NotFound."""
    episode = read_episode(scope, episode_id, now)
    points = read_history(scope, episode_id)
    flags = read_flags(scope, FlagQuery(patient_id=episode.patient_id))
    record_audit(scope, viewer, "trajectory.viewed", ("episode", episode_id), now, episode.patient_id)
    last_day = min(max(episode.day, 0), (episode.ends_on - episode.procedure.performed_on).days)
    band = read_band(scope, last_day, now.astimezone(scope.zone).date())
    return Trajectory(
        episode=episode,
        points=points,
        band=[BandPoint(day, *band.edges(day, episode.baseline_pain)) for day in range(last_day + 1)],
        band_source=band.source,
        gaps=_gaps(episode, find_check_in_days(scope, [episode_id])[episode_id], points),
        flags=[flag for flag in flags if flag.episode_id == episode_id],
    )


def _gaps(episode: EpisodeRead, days: frozenset[int], points: Sequence[KnownReading]) -> list[Gap]:
    answered = {point.reading.day for point in points}
    asked = sorted(day for day in days if 0 < day < episode.day)
    performed_on = episode.procedure.performed_on
    return [Gap(day, performed_on + timedelta(days=day)) for day in asked if day not in answered]
