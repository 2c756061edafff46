"""Read the clinic's own course out of its stored recoveries, for the band on the chart."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Select, Text, case, cast, func, select

from recovery_api.db import ClinicScope
from recovery_api.domain.recovery_band import WINDOWS, RecoveryBand, WindowFigures, band_up_to
from recovery_api.models import tables
from recovery_api.services.read_flags import synthetic_patients
from recovery_api.services.read_history import NEWEST

MOST_RECOVERIES = 500
_MOST_KEPT = 1000
_kept: dict[tuple[UUID, date], tuple[WindowFigures, ...]] = {}  # figures of a whole clinic, worked out once a day


def read_band(scope: ClinicScope, last_day: int, today: date) -> RecoveryBand:
    """The band up to a day since the procedure; the clinic's own figures are those of `today` once they were read."""
    return band_up_to(last_day, read_figures_of(scope, today), f"{today:%Y-%m-%d}")


def band_on(scope: ClinicScope, now: datetime, day: int) -> RecoveryBand:
    """The same, up to a day since the procedure, as the clinic's own calendar has it now."""
    return read_band(scope, day, now.astimezone(scope.zone).date())


def clinic_bands(scope: ClinicScope, now: datetime) -> Callable[[int], RecoveryBand]:
    """The same for any day, of figures that are read here: what is returned asks the database nothing."""
    today = now.astimezone(scope.zone).date()
    return partial(band_up_to, figures=read_figures_of(scope, today), version=f"{today:%Y-%m-%d}")


def read_figures_of(scope: ClinicScope, today: date) -> tuple[WindowFigures, ...]:
    """The clinic's own figures, read once a day by each process."""
    place = scope.clinic_id, today
    if place not in _kept:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[place] = read_figures(scope)
    return _kept[place]


def _drawn(scope: ClinicScope) -> Select[tuple[UUID]]:
    """The recoveries that count, by the random end of their ids: always the same, from all times of the clinic."""
    episode = tables.episode
    return (
        select(episode.c.id)
        .where(
            episode.c.clinic_id == scope.clinic_id,
            episode.c.baseline_pain > 0,
            ~episode.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
        )
        .order_by(func.right(cast(episode.c.id, Text), 12))
        .limit(MOST_RECOVERIES)
    )


def read_figures(scope: ClinicScope) -> tuple[WindowFigures, ...]:
    """How the clinic's patients did by window, each recovery with one mean; the synthetic patient is left out.

    Only recoveries with a known pain before the procedure, and the last version of an answer where it was corrected.
    The share is that of all their pain together: one patient who had hardly any before makes no difference. Of a very
    large clinic MOST_RECOVERIES are drawn, so that a page never waits for millions of answers.
    """
    check_in, episode = tables.check_in, tables.episode
    window = case(*[(check_in.c.day.between(first, last), stands) for first, last, stands in WINDOWS])
    each = (
        select(
            window.label("day"),
            episode.c.patient_id,
            func.avg(check_in.c.pain).label("pain"),
            func.min(episode.c.baseline_pain).label("baseline"),
        )
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            NEWEST,
            check_in.c.pain.is_not(None),
            check_in.c.day.between(1, WINDOWS[-1][1]),
            episode.c.baseline_pain > 0,
            episode.c.id.in_(_drawn(scope)),
        )
        .group_by(window, episode.c.id, episode.c.patient_id)
        .subquery()
    )
    rows = scope.connection.execute(
        select(
            each.c.day,
            func.count(each.c.patient_id.distinct()).label("patients"),
            (func.sum(each.c.pain) / func.sum(each.c.baseline)).label("share"),
            func.coalesce(func.stddev_samp(each.c.pain), 0).label("spread"),
        ).group_by(each.c.day)
    )
    return tuple(WindowFigures(row.day, row.patients, float(row.share), float(row.spread)) for row in rows)
