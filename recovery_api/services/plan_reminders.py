"""Plan reminders ahead: rows for the next two weeks, each once an episode, kind, local day and slot."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text

from recovery_api.clock import real_now
from recovery_api.db import AnyRow, ClinicScope, Vaults, clinic_transaction
from recovery_api.domain.late_texts import place_late
from recovery_api.domain.schedule import Circumstances, PlannedReminder, plan_reminders
from recovery_api.ids import new_id
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.find_protocol import pinned_protocol
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.read_plan_facts import read_ahead, read_plan_facts
from recovery_api.services.set_aside import TROUBLE

AHEAD = timedelta(days=14)
PLAN_AGAIN_BELOW = timedelta(days=13)
BATCH, A_TICK = 200, 1_000  # episodes: in a transaction, and of a clinic in a tick
_COLUMNS = {
    "id": "uuid", "episode_id": "uuid", "care_plan_id": "uuid", "kind": "text", "local_on": "date", "slot": "text",
    "due_at": "timestamptz", "expires_at": "timestamptz", "text_key": "text", "question": "text",
    "text_values": "jsonb", "audience": "text", "condition": "text",
}  # fmt: skip
# A column of all rows is one array: the statement is the same for any number of them, so that nobody compiles it twice.
_INSERT = text(
    f"""
WITH new AS (
    INSERT INTO reminder (clinic_id, {", ".join(_COLUMNS)}, state)
    SELECT :clinic_id, {", ".join(_COLUMNS)}, 'planned'
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _COLUMNS.items())})
        AS wanted ({", ".join(_COLUMNS)})
    ON CONFLICT DO NOTHING
    RETURNING id, kind, due_at, expires_at
), queued AS (
    INSERT INTO due_work (clinic_id, kind, row_id, due_at, priority, held_until)
    SELECT CAST(:clinic_id AS uuid), 'reminder', id, due_at, 5, CAST(:held_until AS timestamptz) FROM new
    UNION ALL
    SELECT :clinic_id, 'unanswered', id, expires_at, 5, :held_until FROM new WHERE kind = 'check_in'
)
SELECT count(*) FROM new
"""  # noqa: S608 - of names that stand above
)
_PLANNED_UNTIL = Prepared(
    text("""
UPDATE episode SET planned_until = wanted.ends
FROM unnest(CAST(:ids AS uuid[]), CAST(:ends AS date[])) AS wanted (id, ends)
WHERE episode.clinic_id = :clinic AND episode.id = wanted.id
""")
)


def plan_ahead(vaults: Vaults, now: datetime, most: int | None = None) -> int:
    """Plan what is missing of the next two weeks for every active episode; returns the reminders added.

    With `most`, for so many episodes of each clinic: the next tick goes on where this one ended.
    """
    return sum(_plan_clinic(clinic_id, vaults, now, most) for clinic_id in list_clinics())


def _plan_clinic(clinic_id: UUID, vaults: Vaults, now: datetime, most: int | None) -> int:
    added, looked_at = 0, 0
    while most is None or looked_at < most:
        batch = BATCH if most is None else min(BATCH, most - looked_at)
        with clinic_transaction(clinic_id, vaults) as scope:
            episodes = scope.connection.execute(_unplanned(scope, now, batch)).scalars().all()
            planned = _plan_or_one_by_one(scope, episodes, now)
        added += sum(count for count in planned if count is not None)
        looked_at += len(episodes)
        if len(episodes) < batch or all(count is None for count in planned):
            break
    return added


def _plan_or_one_by_one(scope: ClinicScope, episode_ids: Sequence[UUID], now: datetime) -> list[int | None]:
    """Plan many episodes together; where one of them cannot be planned, each by itself."""
    if not episode_ids:
        return []
    try:
        with scope.savepoint():
            return [plan_episodes(scope, episode_ids, now)]
    except TROUBLE as error:
        warn("plan.one_by_one", clinic_id=str(scope.clinic_id), count=len(episode_ids), error=type(error).__name__)
        return [_plan_or_leave(scope, episode_id, now) for episode_id in episode_ids]


def _plan_or_leave(scope: ClinicScope, episode_id: UUID, now: datetime) -> int | None:
    """Plan one episode of many; None where it cannot be planned, which keeps the others from nothing."""
    try:
        with scope.savepoint():
            return plan_episode(scope, episode_id, now)
    except TROUBLE as error:
        warn("plan.left_out", clinic_id=str(scope.clinic_id), episode_id=str(episode_id), error=type(error).__name__)
        return None


def _unplanned(scope: ClinicScope, now: datetime, batch: int) -> Any:
    episode = tables.episode
    horizon = (now + PLAN_AGAIN_BELOW).date()
    return (
        select(episode.c.id)
        .where(
            episode.c.clinic_id == scope.clinic_id,
            episode.c.status == "active",
            (episode.c.planned_until.is_(None)) | (episode.c.planned_until < horizon),
            (episode.c.planned_until.is_(None)) | (episode.c.planned_until < episode.c.ends_on),
        )
        .limit(batch)
        .with_for_update(skip_locked=True)
    )


def plan_episode(scope: ClinicScope, episode_id: UUID, now: datetime) -> int:
    """Plan one episode's next two weeks in the caller's transaction; what stands already is left alone."""
    return plan_episodes(scope, [episode_id], now)


def plan_episodes(scope: ClinicScope, episode_ids: Sequence[UUID], now: datetime) -> int:
    """The same for many, in five statements. Raises NotFound where one of them has no plan."""
    ahead = read_ahead(scope, episode_ids, now)
    rows: list[dict[str, Any]] = []
    planned_until: dict[UUID, date] = {}
    for facts in read_plan_facts(scope, episode_ids):
        today = now.astimezone(ZoneInfo(facts.zone)).date()
        start, end = max(facts.planned_until or today, today), min(today + AHEAD, facts.ends_on)
        protocol = pinned_protocol(scope, facts.protocol_id, facts.version)
        about = ahead.circumstances(facts)
        planned = place_late(plan_reminders(protocol, about, start, end, now), about.zone, now, about.holds)
        rows += [reminder_row(facts.episode_id, facts.care_plan_id, one) for one in planned]
        planned_until[facts.episode_id] = end
    added = insert_reminders(scope, rows)
    ends = {"ids": list(planned_until), "ends": list(planned_until.values())}
    _PLANNED_UNTIL.run(scope.connection, {"clinic": scope.clinic_id, **ends})
    return added


def wanted_reminders(scope: ClinicScope, facts: AnyRow, start: date, end: date, now: datetime) -> list[PlannedReminder]:
    """What the plan wants on the local days `start` to `end`, as far as it is not too late for it."""
    protocol = pinned_protocol(scope, facts.protocol_id, facts.version)
    about = circumstances(scope, facts, now)
    return list(place_late(plan_reminders(protocol, about, start, end, now), about.zone, now, about.holds))


def circumstances(scope: ClinicScope, facts: AnyRow, now: datetime) -> Circumstances:
    """What the plan of a recovery depends on, with the visits and holds that lie ahead."""
    return read_ahead(scope, [facts.episode_id], now).circumstances(facts)


def add_reminders(scope: ClinicScope, facts: AnyRow, planned: Sequence[PlannedReminder]) -> int:
    """Add those that do not stand yet, each with its place in the queue; returns how many."""
    return insert_reminders(scope, [reminder_row(facts.episode_id, facts.care_plan_id, one) for one in planned])


def insert_reminders(scope: ClinicScope, rows: Sequence[dict[str, Any]]) -> int:
    """The same for rows of several episodes."""
    if not rows:
        return 0
    columns = {name: [row[name] for row in rows] for name in _COLUMNS}
    columns["text_values"] = [json.dumps(values) for values in columns["text_values"]]
    shared = {"clinic_id": scope.clinic_id, "held_until": real_now()}
    return int(scope.connection.execute(_INSERT, columns | shared).scalar_one())


def reminder_row(episode_id: UUID, care_plan_id: UUID, one: PlannedReminder) -> dict[str, Any]:
    """The row of one reminder that is planned."""
    return {
        "id": new_id(),
        "episode_id": episode_id,
        "care_plan_id": care_plan_id,
        "kind": one.kind,
        "local_on": one.local_on,
        "slot": one.slot,
        "due_at": one.due_at,
        "expires_at": one.expires_at,
        "text_key": one.text_key,
        "question": one.question,
        "text_values": dict(one.values),
        "audience": one.audience,
        "condition": one.condition,
    }


def queue_reminders(scope: ClinicScope, reminders: Sequence[AnyRow]) -> None:
    """Give reminders (id, kind, due_at, expires_at) their places in the queue of due work."""
    work = [_work(scope, "reminder", row.id, row.due_at) for row in reminders]
    work += [_work(scope, "unanswered", row.id, row.expires_at) for row in reminders if row.kind == "check_in"]
    if work:
        scope.connection.execute(insert(tables.due_work), work)


def _work(scope: ClinicScope, kind: str, row_id: UUID, due_at: datetime) -> dict[str, Any]:
    return {
        "clinic_id": scope.clinic_id,
        "kind": kind,
        "row_id": row_id,
        "due_at": due_at,
        "priority": 5,
        "held_until": real_now(),
    }


def plan_facts(scope: ClinicScope, episode_id: UUID) -> AnyRow:
    """What the plan of an episode is made from, by its present care plan. Raises NotFound."""
    return read_plan_facts(scope, [episode_id])[0]
