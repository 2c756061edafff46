"""The band that a recovery is expected to keep to: the published course, or the clinic's own where enough is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from recovery_api.domain.trajectory import BAND_SOURCE, expected_band

# Days since the procedure that are looked at together, and the day that each stands for.
WINDOWS: tuple[tuple[int, int, int], ...] = (
    (1, 1, 1), (2, 4, 3), (5, 9, 7), (10, 18, 14), (19, 40, 30), (41, 75, 60), (76, 120, 90), (121, 240, 180),
    (241, 400, 365),
)  # fmt: skip
ENOUGH = 50  # patients in every window up to the day in question (shipped protocol, by judgement)


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """How the clinic's patients did in one window: the share of their pain before that is left, and its spread.

    `day` is the one that the window stands for, `spread` one standard deviation between patients, in points.
    """

    day: int
    patients: int
    share_left: float
    spread: float


@dataclass(frozen=True, slots=True)
class ExpectedRange:
    """Pain to be expected on one day, in points, and from whose courses: `patients` is None for published ones."""

    low: float
    high: float
    source: str
    patients: int | None


@dataclass(frozen=True, slots=True)
class RecoveryBand:
    """A band with its source; `patients` is None for the published course, else the least of any window."""

    source: str
    patients: int | None
    own: tuple[WindowFigures, ...] = ()
    version: str = "published"  # or the day on which the clinic's own figures were read

    @property
    def whose(self) -> str:
        """Where it comes from, in a few words for a sentence."""
        return "published courses" if self.patients is None else f"this clinic's own, n = {self.patients}"

    def words(self, day: int, baseline_pain: int | None) -> str:
        """The band on a day, as a sentence says it: "2 to 7 (published courses)"."""
        low, high = self.edges(day, baseline_pain)
        return f"{low:.0f} to {high:.0f} ({self.whose})"

    def range_on(self, day: int, baseline_pain: int | None) -> ExpectedRange:
        """The band on a day with its label, for whoever is shown no chart."""
        return ExpectedRange(*self.edges(day, baseline_pain), self.source, self.patients)

    def edges(self, day: int, baseline_pain: int | None) -> tuple[float, float]:
        """Lower and upper edge in points, on a day since the procedure, for the patient's own pain before it."""
        if not self.own or baseline_pain is None or day < 1:
            return expected_band(day, baseline_pain)
        share, spread = _on(self.own, day)
        mean = share * baseline_pain
        return round(max(mean - spread, 0.0), 1), round(min(mean + spread, 10.0), 1)


PUBLISHED = RecoveryBand(BAND_SOURCE, None)


def published(day: int) -> RecoveryBand:
    """The band up to a day where nothing is known of a clinic."""
    return PUBLISHED


def band_up_to(day: int, figures: Sequence[WindowFigures], version: str = "") -> RecoveryBand:
    """The clinic's own band where every window up to `day` holds ENOUGH patients, the published one otherwise.

    `version` names the figures.
    """
    wanted = [stands for first, _, stands in WINDOWS if first <= max(day, 1)]
    own = tuple(sorted((one for one in figures if one.day in wanted), key=lambda one: one.day))
    if [one.day for one in own] != wanted or any(one.patients < ENOUGH for one in own):
        return PUBLISHED
    least = min(one.patients for one in own)
    source = (
        f"Mean course of this clinic's own patients, at least {least} of them on every day shown, plus and minus one "
        "standard deviation between patients. A picture for orientation, never an alarm."
    )
    return RecoveryBand(source, least, own, version)


def _on(own: Sequence[WindowFigures], day: int) -> tuple[float, float]:
    """Share and spread on a day, by a straight line between the days that the windows stand for."""
    for before, after in pairwise(own):
        if before.day <= day <= after.day:
            part = (day - before.day) / (after.day - before.day)
            return (
                before.share_left + part * (after.share_left - before.share_left),
                before.spread + part * (after.spread - before.spread),
            )
    last = own[-1]
    return last.share_left, last.spread
