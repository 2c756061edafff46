"""What the plans of recoveries depend on, read for many of them in three statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BindParameter, Uuid, any_, bindparam, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.domain.schedule import Circumstances, Hold, Visit
from recovery_api.models import tables
from recovery_api.prepared import Prepared

_e, _o, _p, _l, _t = tables.episode.c, tables.procedure.c, tables.patient.c, tables.care_plan.c, tables.protocol.c
_IDS = any_(bindparam("ids", type_=ARRAY(Uuid())))
_FACTS = Prepared(
    select(
        _e.id.label("episode_id"), _e.status, _e.created_at, _p.status.label("patient_status"), _e.planned_until,
        _e.ends_on, _o.performed_on, _l.id.label("care_plan_id"), _l.zone, _l.check_in_time,
        _l.thinner_restart_on, _t.id.label("protocol_id"), _t.version,
    )
    .select_from(tables.episode)
    .join(tables.patient, (_p.clinic_id == _e.clinic_id) & (_p.id == _e.patient_id))
    .join(tables.procedure, (_o.clinic_id == _e.clinic_id) & (_o.id == _e.procedure_id))
    .join(tables.care_plan, (_l.clinic_id == _e.clinic_id) & (_l.episode_id == _e.id))
    .join(tables.protocol, (_t.clinic_id == _l.clinic_id) & (_t.id == _l.protocol_id))
    .where(_e.clinic_id == bindparam("clinic"), _e.id == _IDS, _l.replaced_at.is_(None))
)  # fmt: skip
_v, _h = tables.appointment.c, tables.hold.c
_STANDING: list[BindParameter[str]] = [
    bindparam(f"status_{place}", name) for place, name in enumerate(("booked", "confirmed", "change_asked"))
]
_VISITS = Prepared(
    select(_v.id, _v.episode_id, _v.starts_at).where(
        _v.clinic_id == bindparam("clinic"),
        _v.episode_id == _IDS,
        _v.starts_at > bindparam("now"),
        _v.status.in_(_STANDING),
    )
)
_HOLDS = Prepared(
    select(_h.episode_id, _h.begins_at, _h.ends_at).where(
        _h.clinic_id == bindparam("clinic"), _h.episode_id == _IDS, _h.lifted_at.is_(None)
    )
)


@dataclass(frozen=True, slots=True)
class Ahead:
    """The visits and holds of recoveries, by episode."""

    visits: Mapping[UUID, Sequence[Visit]]
    holds: Mapping[UUID, Sequence[Hold]]

    def circumstances(self, facts: AnyRow) -> Circumstances:
        """What the plan of one of them depends on."""
        zone = ZoneInfo(facts.zone)
        return Circumstances(
            procedure_on=facts.performed_on,
            zone=zone,
            preferred=facts.check_in_time,
            visits=self.visits.get(facts.episode_id, ()),
            holds=self.holds.get(facts.episode_id, ()),
            consulted_on=facts.created_at.astimezone(zone).date(),
            thinner_on=facts.thinner_restart_on,
        )


def read_plan_facts(scope: ClinicScope, episode_ids: Sequence[UUID]) -> list[AnyRow]:
    """What each plan is made from, by its present care plan. Raises NotFound where one of them has none."""
    rows = _FACTS.rows(scope.connection, {"clinic": scope.clinic_id, "ids": list(episode_ids)})
    if len(rows) != len(episode_ids):
        raise NotFound("There is no such plan.")
    return rows


def read_ahead(scope: ClinicScope, episode_ids: Sequence[UUID], now: datetime) -> Ahead:
    """The visits that are still to come after `now`, and the holds that were not lifted."""
    chosen = {"clinic": scope.clinic_id, "ids": list(episode_ids)}
    visits: dict[UUID, list[Visit]] = defaultdict(list)
    for row in _VISITS.rows(scope.connection, {**chosen, "now": now}):
        visits[row.episode_id].append(Visit(str(row.id), row.starts_at))
    holds: dict[UUID, list[Hold]] = defaultdict(list)
    for row in _HOLDS.rows(scope.connection, chosen):
        holds[row.episode_id].append(Hold(row.begins_at, row.ends_at))
    return Ahead(visits, holds)
