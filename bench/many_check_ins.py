"""A clinic with 200 flags among many recoveries and very many check-ins, made quickly, set by set."""

import random
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import insert, select

from bench.planning import clone_episodes
from recovery_api.db import ClinicScope, clinic_transaction
from recovery_api.domain.tiers import Tier
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.credentials import issue
from recovery_api.services.enrol_patient import NewPatient, enrol_patient
from recovery_api.services.plan_reminders import AHEAD
from recovery_api.services.record_audit import SYSTEM
from recovery_api.wiring import wiring
from tests.deployment import Deployment

FLAGS = 200
DAYS = 15  # since the procedure of those with a flag, each with an answer
GIVEN = ("Aldora", "Brisela", "Corvina", "Alaric", "Bertolt", "Cassimir")
FAMILY = ("Ambrelle", "Bracknow", "Calderwyn", "Dunmarrow", "Eskerby", "Fennimark", "Galdwyck")
# In the order of both indexes, as ids of the product lie in the order of time: ten million rows in about a minute.
_ANSWERS = """
INSERT INTO check_in (clinic_id, id, version, episode_id, facts_digest, channel, answered_by, recorded_at, received_at,
                      local_on, day, pain, activity_level, symptoms)
SELECT e.clinic_id, ('01a00000-0000-7000-8000-' || lpad(to_hex((e.place - 1) * %(each)s + day), 12, '0'))::uuid, 1,
       e.id,
       '\\x00', 'sms', 'patient', at, at, at::date, day, (day * 7 + e.place) %% 11, 'short_walks', '{}'
FROM (SELECT clinic_id, id, row_number() OVER (ORDER BY id) AS place FROM episode
      WHERE id IN (SELECT episode_id FROM made)) e,
     generate_series(1, %(each)s) AS day,
     LATERAL (SELECT %(now)s::timestamptz - make_interval(days => %(each)s - day) AS at) AS moment
"""


def flagged_patients(clinic_id: UUID, browsers: int) -> tuple[list[str], list[UUID]]:
    """Patients with a flag each, and a session for each browser; the secrets and the patients' ids."""
    parts, now = wiring(), wiring().clock.now()
    lots = random.Random(7)
    with clinic_transaction(clinic_id, parts.vaults) as scope:
        nurse = scope.connection.execute(
            select(tables.clinician.c.id).where(
                tables.clinician.c.clinic_id == clinic_id, tables.clinician.c.role == "nurse"
            )
        ).scalar_one()
        patients = [_patient(scope, place, lots, now) for place in range(FLAGS)]
        return [issue(scope.connection, "session", clinic_id, nurse) for _ in range(browsers)], patients


def _patient(scope: ClinicScope, place: int, lots: random.Random, now: datetime) -> UUID:
    new = NewPatient(
        given_name=lots.choice(GIVEN), family_name=lots.choice(FAMILY), born_on=date(1948, 3, 12),
        phone=f"+1{301 + place // 100}55501{place % 100:02}", performed_on=now.date() - timedelta(days=DAYS),
        levels=("L1", "T12"), baseline_pain=8, has_joined=True,
    )  # fmt: skip
    enrolled = enrol_patient(scope, new, SYSTEM, now)
    rows = [_check_in(scope, enrolled.episode_id, day, lots, now) for day in range(DAYS)]
    scope.connection.execute(insert(tables.check_in), rows)
    flag_id = new_id()
    since = now - timedelta(minutes=lots.randrange(600))
    tier = lots.choice(list(Tier))
    scope.connection.execute(
        insert(tables.flag),
        {
            "clinic_id": scope.clinic_id, "id": flag_id, "episode_id": enrolled.episode_id,
            "patient_id": enrolled.patient_id, "family": "silence" if tier is Tier.REVIEW else "red_flag", "tier": tier,
            "rule": "RF-A", "rule_version": "3.0", "reason": "New leg weakness reported", "inputs": {},
            "quote_sealed": scope.seal("flag.quote", flag_id, "my legs feel weak since last night"), "opened_at": since,
            "last_at": since, "waiting_since": since, "respond_by": since + timedelta(hours=1),
        },
    )  # fmt: skip
    return enrolled.patient_id


def _check_in(scope: ClinicScope, episode_id: UUID, day: int, lots: random.Random, now: datetime) -> dict[str, Any]:
    at = now - timedelta(days=DAYS - day)
    return {
        "clinic_id": scope.clinic_id, "id": new_id(), "version": 1, "episode_id": episode_id, "facts_digest": b"x" * 32,
        "channel": "sms", "recorded_at": at, "received_at": at, "local_on": at.date(), "day": day,
        "pain": lots.randrange(11), "activity_level": "short_walks", "symptoms": [],
    }  # fmt: skip


def everybody_else(deployment: Deployment, episodes: int, check_ins: int) -> None:
    """The rest of the first clinic, with answers day after day; no reference is looked up."""
    with psycopg.connect(deployment.env["DATABASE_ADMIN_URL"], autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("SET synchronous_commit = off")
        clone_episodes(owner, deployment, episodes)
        _plan(owner, deployment.now() + AHEAD)
        each = check_ins // episodes
        owner.execute(_ANSWERS, {"each": each, "now": deployment.now().isoformat()})
        owner.execute("VACUUM (ANALYZE)")


def _plan(owner: "psycopg.Connection[Any]", until: datetime) -> None:
    """One text for each: to plan all of them is measured elsewhere, and would take the ticker all the time here."""
    owner.execute(
        "INSERT INTO reminder (clinic_id, id, episode_id, care_plan_id, kind, local_on, slot, due_at, expires_at,"
        " text_key, text_values, state)"
        " SELECT e.clinic_id, gen_random_uuid(), e.id, p.id, 'rest', %(on)s, 'morning', %(until)s,"
        " %(until)s::timestamptz + interval '8 hours', 'rest', '{}', 'planned'"
        " FROM made JOIN episode e ON e.id = made.episode_id"
        " JOIN care_plan p ON p.clinic_id = e.clinic_id AND p.episode_id = e.id AND p.replaced_at IS NULL",
        {"on": until.date(), "until": until},
    )
    owner.execute(
        "INSERT INTO due_work (clinic_id, kind, row_id, due_at, priority, held_until)"
        " SELECT clinic_id, 'reminder', id, due_at, 5, due_at FROM reminder WHERE due_at = %s",
        [until],
    )
    day_after = until.date() + timedelta(days=2)
    owner.execute("UPDATE episode SET planned_until = %s WHERE planned_until IS NULL", [day_after])
