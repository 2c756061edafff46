"""Keep the clinic's own band as it stood on a day, so that whatever a rule said of it can be said again."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain import recovery_band
from recovery_api.domain.recovery_band import PUBLISHED, RecoveryBand, WindowFigures, band_up_to
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.read_band import read_figures_of


@dataclass(frozen=True, slots=True)
class KeptBands:
    """Every band that a clinic kept, the oldest first."""

    taken_on: Sequence[date]
    figures: Sequence[tuple[WindowFigures, ...]]

    def for_recovery(self, procedure_on: date) -> Callable[[int], RecoveryBand]:
        """The band that an answer of a day since the procedure was held against."""
        return partial(self._on, procedure_on)

    def _on(self, procedure_on: date, day: int) -> RecoveryBand:
        place = bisect_right(self.taken_on, procedure_on + timedelta(days=day))
        if not place:
            return PUBLISHED
        return band_up_to(day, self.figures[place - 1], f"{self.taken_on[place - 1]:%Y-%m-%d}")


def bands_asked(scope: ClinicScope) -> Select[Any]:
    """The question for all bands that a clinic kept, for a replay and a statement that asks more than one."""
    band = tables.kept_band
    return select(band.c.taken_on, band.c.figures).where(band.c.clinic_id == scope.clinic_id).order_by(band.c.taken_on)


def bands_told(rows: Sequence[AnyRow]) -> KeptBands:
    """All of them, out of rows that `bands_asked` found: what is returned asks the database nothing."""
    return KeptBands([row.taken_on for row in rows], [_figures(row) for row in rows])


def band_of_answer(scope: ClinicScope, procedure_on: date, now: datetime, day: int) -> RecoveryBand:
    """The band that an answer of a day since the procedure is held against: the clinic's own as it stood on that day.

    The first answer of a day keeps the figures for all others of it, however late they come.
    """
    on, today = procedure_on + timedelta(days=day), now.astimezone(scope.zone).date()
    known = _newest(scope, on)
    if on >= today and (known is None or known.taken_on != on):
        _keep(scope, on, read_figures_of(scope, today))
        known = _newest(scope, on)
    kept = KeptBands([], []) if known is None else KeptBands([known.taken_on], [_figures(known)])
    return kept.for_recovery(procedure_on)(day)


def _keep(scope: ClinicScope, on: date, figures: Sequence[WindowFigures]) -> None:
    """Windows of too few patients are no band, and might tell of one of them: they are left out."""
    enough = [list(astuple(one)) for one in figures if one.patients >= recovery_band.ENOUGH]
    row = {"clinic_id": scope.clinic_id, "id": new_id(), "taken_on": on, "figures": enough}
    place = ["clinic_id", "taken_on"]
    scope.connection.execute(insert(tables.kept_band).values(row).on_conflict_do_nothing(index_elements=place))


def _newest(scope: ClinicScope, on: date) -> AnyRow | None:
    """The band kept last up to a day."""
    band = tables.kept_band
    return scope.connection.execute(
        select(band.c.taken_on, band.c.figures)
        .where(band.c.clinic_id == scope.clinic_id, band.c.taken_on <= on)
        .order_by(band.c.taken_on.desc())
        .limit(1)
    ).one_or_none()


def _figures(row: AnyRow) -> tuple[WindowFigures, ...]:
    return tuple(WindowFigures(*figures) for figures in row.figures)
