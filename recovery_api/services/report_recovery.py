"""Report how the clinic's patients recover, by cohort, beside the published course."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, literal, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.recovery_band import WINDOWS
from recovery_api.domain.trajectory import expected_band
from recovery_api.models import tables
from recovery_api.services.read_flags import synthetic_patients
from recovery_api.services.read_history import NEWEST

COHORTS = ("everybody", "one level", "several levels", "thoracic", "lumbar")
FEWEST = 5  # patients: a mean of fewer is not shown


@dataclass(frozen=True, slots=True)
class CohortPoint:
    """One cohort on the day that a window stands for: n patients, their mean pain before and then.

    `published` is the range of the published course for that mean pain before; the means are None below FEWEST.
    """

    cohort: str
    day: int
    patients: int
    before: float | None
    pain: float | None
    published: tuple[float, float]


def recovery_asked(scope: ClinicScope) -> Select[Any]:
    """The question for every cohort and window, for a statement that asks more than one.

    Each patient counts once a window, with a known pain before the procedure.
    """
    check_in, episode, procedure = tables.check_in, tables.episode, tables.procedure
    window = case(*[(check_in.c.day.between(first, last), stands) for first, last, stands in WINDOWS])
    several = func.cardinality(procedure.c.levels) > 1
    lumbar = func.array_to_string(procedure.c.levels, ",").like("%L%")
    each = (
        select(
            window.label("day"),
            func.avg(check_in.c.pain).label("pain"),
            func.min(episode.c.baseline_pain).label("before"),
            case((several, literal("several levels")), else_=literal("one level")).label("size"),
            case((lumbar, literal("lumbar")), else_=literal("thoracic")).label("place"),
        )
        .join(episode, (episode.c.clinic_id == check_in.c.clinic_id) & (episode.c.id == check_in.c.episode_id))
        .join(procedure, (procedure.c.clinic_id == episode.c.clinic_id) & (procedure.c.id == episode.c.procedure_id))
        .where(
            check_in.c.clinic_id == scope.clinic_id,
            NEWEST,
            check_in.c.pain.is_not(None),
            check_in.c.day.between(1, WINDOWS[-1][1]),
            episode.c.baseline_pain > 0,
            ~episode.c.patient_id.in_(synthetic_patients(scope.clinic_id)),
        )
        .group_by(window, episode.c.id, procedure.c.levels)
        .subquery()
    )
    return select(
        each.c.day, each.c.size, each.c.place, func.count().label("patients"),
        func.sum(each.c.before).label("before"), func.sum(each.c.pain).label("pain"),
    ).group_by(each.c.day, each.c.size, each.c.place)  # fmt: skip


def recovery_told(rows: Sequence[AnyRow]) -> Sequence[CohortPoint]:
    """Every cohort and window, out of rows that `recovery_asked` found."""
    found = []
    for cohort in COHORTS:
        for _, _, day in WINDOWS:
            mine = [row for row in rows if row.day == day and cohort in ("everybody", row.size, row.place)]
            found.append(_point(cohort, day, mine))
    return found


def _point(cohort: str, day: int, rows: Sequence[AnyRow]) -> CohortPoint:
    patients = sum(row.patients for row in rows)
    if patients < FEWEST:
        return CohortPoint(cohort, day, patients, None, None, expected_band(day, None))
    before, pain = (float(sum(getattr(row, name) for row in rows)) / patients for name in ("before", "pain"))
    return CohortPoint(cohort, day, patients, round(before, 1), round(pain, 1), expected_band(day, round(before)))
