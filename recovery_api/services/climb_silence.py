"""Ask again what stays unanswered: some hours later on the same day, and on the next day where that asks nothing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.schedule import (
    LATEST,
    PlannedReminder,
    allowed_until,
    due_instant,
    scheduled_days,
    within_quiet_hours,
)
from recovery_api.domain.silence_ladder import SilenceLadder
from recovery_api.services.find_protocol import pinned_protocol
from recovery_api.services.plan_reminders import add_reminders, insert_reminders, plan_facts, reminder_row

SAME_DAY, NEXT_DAY = "day", "next_day"


def ask_again_later(scope: ClinicScope, asked: Sequence[AnyRow], now: datetime) -> None:
    """Plan the second question of the day for check-ins that were just handed over as texts."""
    rows = [_same_day(scope, row, now) for row in asked if row.question == "pain"]
    insert_reminders(scope, [row for row in rows if row is not None])


def _same_day(scope: ClinicScope, row: AnyRow, now: datetime) -> dict[str, Any] | None:
    ladder = pinned_protocol(scope, row.protocol_id, row.protocol_version).silence
    if ladder is None:
        return None
    zone = ZoneInfo(row.zone)
    due_at = max(row.due_at, now) + ladder.after
    local = due_at.astimezone(zone)
    if local.date() != row.local_on or local.time() > LATEST or within_quiet_hours(due_at, zone):
        return None
    return reminder_row(row.episode_id, row.care_plan_id, _nudge(ladder, row.local_on, SAME_DAY, due_at, zone))


def ask_again_next_day(scope: ClinicScope, row: AnyRow, now: datetime) -> None:
    """Plan a question for the day after one that went unanswered, unless that day has its own.

    `row` names the episode and the local day. Where the hour of that day is over, nothing is planned.
    """
    facts = plan_facts(scope, row.episode_id)
    protocol, on = pinned_protocol(scope, facts.protocol_id, facts.version), row.local_on + timedelta(days=1)
    if protocol.silence is None or on > facts.ends_on or (on - facts.performed_on).days in scheduled_days(protocol):
        return
    zone = ZoneInfo(facts.zone)
    due_at = due_instant(zone, on, facts.check_in_time)
    if due_at is not None and due_at > now:
        add_reminders(scope, facts, [_nudge(protocol.silence, on, NEXT_DAY, due_at, zone)])


def _nudge(ladder: SilenceLadder, on: date, slot: str, due_at: datetime, zone: ZoneInfo) -> PlannedReminder:
    return PlannedReminder(
        kind="nudge",
        local_on=on,
        slot=slot,
        due_at=due_at,
        expires_at=allowed_until(due_at, zone),
        text_key=ladder.rungs[0].text_key,
        question="pain",
    )
