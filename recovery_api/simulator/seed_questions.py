"""The daily questions of a made-up recovery, as if the plan had asked them: what reply rates are counted from."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import check_in_days
from recovery_api.simulator.made_up import MadeUpPatient

ASKED = timedelta(days=30)  # as far back as the reports look unless they are asked for more
OPEN_FOR = timedelta(hours=10)
_TIME = time(8, 5)


def asked_days(one: MadeUpPatient) -> list[int]:
    """The days since the procedure on which the plan asked, up to yesterday."""
    first = max(1, one.days_ago - ASKED.days)
    return [day for day in sorted(check_in_days()) if first <= day <= last_asked(one)]


def last_asked(one: MadeUpPatient) -> int:
    """The last day of which they could be asked: yesterday, or that of the last answer where texts were stopped."""
    if one.fate == "opted_out":
        return max(answer.day for answer in one.answers)
    return one.days_ago - 1


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


def settle_today(scope: ClinicScope, episode_id: UUID, on: date, at: datetime) -> UUID | None:
    """The question of a day that was answered left at `at`, and is not asked again; the reminder, if there is one."""
    reminder, work = tables.reminder, tables.due_work
    found = scope.connection.execute(
        update(reminder)
        .where(
            reminder.c.clinic_id == scope.clinic_id,
            reminder.c.episode_id == episode_id,
            reminder.c.kind == "check_in",
            reminder.c.local_on == on,
            reminder.c.state == "planned",
        )
        .values(state="handed_over", due_at=at, expires_at=at + OPEN_FOR, settled_at=at)
        .returning(reminder.c.id)
    ).scalar_one_or_none()
    scope.connection.execute(
        delete(work).where(
            work.c.clinic_id == scope.clinic_id, work.c.kind.in_(("reminder", "unanswered")), work.c.row_id == found
        )
    )
    return found


def answered_at(scope: ClinicScope, one: MadeUpPatient, day: int, now: datetime) -> datetime:
    """When the answer of one day came: shortly after the question, on the last morning within the hour."""
    on = now.astimezone(scope.zone).date() - timedelta(days=one.days_ago - day)
    minutes = (int(one.phone[-4:]) * 7 + day * 13) % 50
    return min(datetime.combine(on, _TIME, scope.zone) + timedelta(minutes=minutes), now - timedelta(minutes=2))
