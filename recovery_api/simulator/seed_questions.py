"""The daily questions of a made-up recovery, as if the plan had asked them: what reply rates are counted from."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import check_in_days
from recovery_api.simulator.made_up import MadeUpPatient

ASKED = timedelta(days=30)  # as far back as the reports look unless they are asked for more
OPEN_FOR = timedelta(hours=10)


def asked_days(one: MadeUpPatient) -> list[int]:
    """The days since the procedure on which the plan asked, up to yesterday."""
    first = max(1, one.days_ago - ASKED.days)
    return [day for day in sorted(check_in_days()) if first <= day < one.days_ago]


def seed_questions(scope: ClinicScope, episode_id: UUID, asked: dict[date, datetime]) -> dict[date, UUID]:
    """Questions that were handed over on past local days, each at its time; returns the reminder of each day."""
    plan = tables.care_plan
    plan_id = scope.connection.execute(
        select(plan.c.id).where(plan.c.clinic_id == scope.clinic_id, plan.c.episode_id == episode_id)
    ).scalar_one()
    made = {on: new_id() for on in asked}
    rows = [
        {
            "clinic_id": scope.clinic_id,
            "id": made[on],
            "episode_id": episode_id,
            "care_plan_id": plan_id,
            "kind": "check_in",
            "local_on": on,
            "slot": "daily",
            "due_at": at,
            "expires_at": at + OPEN_FOR,
            "text_key": "check_in_pain",
            "question": "pain",
            "text_values": {},
            "state": "handed_over",
            "settled_at": at,
        }
        for on, at in asked.items()
    ]
    if rows:
        scope.connection.execute(insert(tables.reminder), rows)
    return made
