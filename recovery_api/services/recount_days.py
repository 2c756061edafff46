"""Count the days of what was told from another day of the procedure, where that was moved after the first answer."""

from datetime import date
from uuid import UUID

from sqlalchemy import SmallInteger, cast, func, insert, literal, select, update

from recovery_api.db import ClinicScope
from recovery_api.models import tables


def recount_days(scope: ClinicScope, episode_id: UUID, performed_on: date) -> int:
    """Count every report and form of a recovery from `performed_on`; returns how many reports now lie on another day.

    A report gets a new version with everything else as it was told: the old one stays, as for a correction.
    """
    scope.flush()
    old = _counted_from(scope, episode_id)
    if old is None or old == performed_on:
        return 0
    form = tables.questionnaire
    scope.connection.execute(
        update(form)
        .where(form.c.clinic_id == scope.clinic_id, form.c.episode_id == episode_id)
        .values(day=form.c.day + (old - performed_on).days)
    )
    return _recount_reports(scope, episode_id, performed_on)


def _counted_from(scope: ClinicScope, episode_id: UUID) -> date | None:
    """The day from which the recovery is counted as it stands."""
    episode, procedure = tables.episode, tables.procedure
    found: date | None = scope.connection.execute(
        select(procedure.c.performed_on)
        .join(episode, (episode.c.clinic_id == procedure.c.clinic_id) & (episode.c.procedure_id == procedure.c.id))
        .where(episode.c.clinic_id == scope.clinic_id, episode.c.id == episode_id)
    ).scalar()
    return found


def _recount_reports(scope: ClinicScope, episode_id: UUID, performed_on: date) -> int:
    check_in = tables.check_in
    place = func.row_number().over(partition_by=check_in.c.id, order_by=check_in.c.version.desc())
    versions = (
        select(check_in, place.label("place"))
        .where(check_in.c.clinic_id == scope.clinic_id, check_in.c.episode_id == episode_id)
        .subquery()
    )
    newest = versions.c
    changed = {
        "version": newest.version + 1,
        "day": cast(newest.local_on - literal(performed_on), SmallInteger),
    }
    names = [column.name for column in check_in.c]
    copied = select(*[changed.get(name, newest[name]) for name in names]).where(newest.place == 1)
    added = insert(check_in).from_select(names, copied).returning(check_in.c.id).cte()
    return int(scope.connection.execute(select(func.count()).select_from(added)).scalar_one())
