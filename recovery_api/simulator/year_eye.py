"""The simulator's own eye on a simulated clinic: it reads the database from outside, past the product's code."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from recovery_api.services.plan_reminders import PLAN_AGAIN_BELOW
from recovery_api.services.set_aside import ASIDE
from recovery_api.services.watch_visits import ASK_AFTER

_DUE = """
SELECT (SELECT array_agg(DISTINCT kind) FROM due_work WHERE due_at <= %(now)s AND held_until <= clock_timestamp()),
       (SELECT min(due_at) FROM due_work WHERE due_at > %(now)s),
       EXISTS (SELECT FROM due_work WHERE due_at <= %(now)s AND held_until > clock_timestamp())
"""
_LET_GO = "UPDATE due_work SET held_until = clock_timestamp() WHERE held_until > clock_timestamp()"
_KEPT = """
SELECT m.sid, m.patient_id, m.purpose, m.text_key, m.in_reply_to_id, m.reminder_id, p.zone
FROM message AS m LEFT JOIN patient AS p ON p.clinic_id = m.clinic_id AND p.id = m.patient_id
WHERE m.clinic_id = %(clinic)s AND m.sid = ANY(%(sids)s)
"""
# Each minute job's own question, so that none is run for nothing.
_WAITS = """
SELECT EXISTS (SELECT FROM episode WHERE clinic_id = %(clinic)s AND status = 'active'
               AND (planned_until IS NULL OR planned_until < %(horizon)s)
               AND (planned_until IS NULL OR planned_until < ends_on)) AS plan,
       EXISTS (SELECT FROM episode WHERE clinic_id = %(clinic)s AND status = 'on_hold') AS holds,
       EXISTS (SELECT FROM appointment WHERE clinic_id = %(clinic)s AND settled_at IS NULL
               AND status IN ('booked', 'confirmed', 'change_asked') AND starts_at < %(asked)s) AS visits,
       EXISTS (SELECT FROM flag WHERE clinic_id = %(clinic)s AND status = 'snoozed'
               AND snoozed_until <= %(now)s) AS asleep
"""
# The nurse's own question: a flag that waits, or a visit that began since the last round.
_NURSE = """
SELECT EXISTS (SELECT FROM flag WHERE clinic_id = %(clinic)s AND status <> 'resolved')
    OR EXISTS (SELECT FROM appointment WHERE clinic_id = %(clinic)s AND starts_at < %(now)s AND starts_at > %(since)s)
"""
# Every active recovery has a text to come, or a planner that will look at it; every hold ends; every text that came has
# a disposition; every open flag has a rung with a time in the queue, every taken one somebody who is still there.
_ALONE = """
SELECT 'recoveries' AS what, count(*) AS how_many FROM episode AS e
    JOIN patient AS p ON p.clinic_id = e.clinic_id AND p.id = e.patient_id
    WHERE e.clinic_id = %(clinic)s AND e.status = 'active' AND p.status = 'active' AND NOT p.is_synthetic
    AND (e.planned_until IS NULL OR e.planned_until <= %(now)s::date) AND e.ends_on > %(now)s::date + 1
    AND NOT EXISTS (
        SELECT FROM reminder AS r JOIN due_work AS w
            ON w.clinic_id = r.clinic_id AND w.kind = 'reminder' AND w.row_id = r.id
        WHERE r.clinic_id = e.clinic_id AND r.episode_id = e.id AND r.state = 'planned' AND r.due_at > %(now)s)
UNION ALL
SELECT 'holds', count(*) FROM episode AS e
    WHERE e.clinic_id = %(clinic)s AND e.status = 'on_hold' AND NOT EXISTS (
        SELECT FROM hold AS h WHERE h.clinic_id = e.clinic_id AND h.episode_id = e.id AND h.lifted_at IS NULL)
UNION ALL
SELECT 'texts', count(*) FROM message
    WHERE clinic_id = %(clinic)s AND needs_person AND handled_at IS NULL AND direction = 'in' AND disposition IS NULL
UNION ALL
SELECT 'flags', count(*) FROM flag AS f
    LEFT JOIN due_work AS w ON w.clinic_id = f.clinic_id AND w.kind = 'rung' AND w.row_id = f.id
    LEFT JOIN clinician AS c ON c.clinic_id = f.clinic_id AND c.id = f.owner_id AND c.disabled_at IS NULL
    WHERE f.clinic_id = %(clinic)s AND f.status <> 'resolved' AND CASE f.status
        WHEN 'open' THEN f.next_rung_at IS NULL OR w.due_at IS NULL OR w.due_at > f.next_rung_at
                         OR f.next_rung_at < %(now)s - interval '5 minutes'
        WHEN 'acknowledged' THEN c.id IS NULL
        ELSE f.snoozed_until IS NULL END
"""
# Once a day: what is due was done or skipped, what was handed over has its text or its call, and nothing lies aside.
_LOST = """
SELECT 'reminders that are due and still planned' AS what, count(*) AS how_many FROM reminder
    WHERE clinic_id = %(clinic)s AND state = 'planned' AND due_at <= %(now)s
UNION ALL
SELECT 'texts that are due and never left', count(*) FROM message
    WHERE clinic_id = %(clinic)s AND direction = 'out' AND state IN ('planned', 'sending', 'unknown', 'throttled')
    AND due_at <= %(now)s
UNION ALL
SELECT 'reminders skipped without a word', count(*) FROM reminder
    WHERE clinic_id = %(clinic)s AND state = 'skipped' AND why IS NULL
UNION ALL
SELECT 'pieces of work set aside', count(*) FROM due_work WHERE holder = %(aside)s
"""


@dataclass(frozen=True, slots=True)
class Due:
    """What is due now, when the next will be, and whether something due is held back for some real seconds."""

    kinds: tuple[str, ...]
    next_at: datetime | None
    is_held: bool


class Eye:
    """One connection of the database's owner, each of its statements committed at once."""

    def __init__(self, connection: "psycopg.Connection[Any]", clinic_id: UUID) -> None:
        self._connection, self._clinic_id = connection, clinic_id

    def due(self, now: datetime) -> Due:
        """What waits in the queue of due work."""
        kinds, next_at, is_held = self._connection.execute(_DUE, {"now": now}, prepare=True).fetchall()[0]
        return Due(tuple(kinds or ()), next_at, is_held)

    def let_go(self) -> None:
        """The real seconds for which a worker holds its work are over in the simulated minutes that passed."""
        self._connection.execute(_LET_GO, prepare=True)

    def kept(self, sids: Sequence[str]) -> dict[str, Any]:
        """What the product keeps of texts, by the carrier's ids."""
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            found = {"clinic": self._clinic_id, "sids": list(sids)}
            rows: list[Any] = cursor.execute(_KEPT, found, prepare=True).fetchall()
        return {row.sid: row for row in rows}

    def waits(self, now: datetime) -> Any:
        """Which of the minute jobs (plan, holds, visits, asleep) have something to do."""
        found = {"now": now, "horizon": (now + PLAN_AGAIN_BELOW).date(), "asked": now - ASK_AFTER}
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(_WAITS, {**found, "clinic": self._clinic_id}, prepare=True).fetchone()

    def nurse_has_work(self, now: datetime, every: timedelta) -> bool:
        """Whether the nurse's round at `now` finds anything."""
        found = {"clinic": self._clinic_id, "now": now, "since": now - every}
        return bool(self._connection.execute(_NURSE, found, prepare=True).fetchall()[0][0])

    def left_alone(self, now: datetime) -> list[str]:
        """What the coverage invariant finds, in words; empty where it holds."""
        return self._found(_ALONE, now)

    def lost(self, now: datetime) -> list[str]:
        """What should have been done by now and was not, in words."""
        return self._found(_LOST, now)

    def take_stock(self) -> None:
        """Let the database count its rows, as its own service does from time to time where days take days."""
        self._connection.execute("ANALYZE")

    def _found(self, question: str, now: datetime) -> list[str]:
        values = {"clinic": self._clinic_id, "now": now, "aside": ASIDE}
        rows = self._connection.execute(question, values, prepare=True).fetchall()
        return [f"{how_many} {what}" for what, how_many in rows if how_many]


@contextmanager
def open_eye(admin_url: str, clinic_id: UUID) -> Iterator[Eye]:
    """An eye on one clinic for a while."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("SET jit = off")
        connection.execute("SET timezone = 'UTC'")
        yield Eye(connection, clinic_id)
