"""Publish a clinic's own protocol, and move a patient to another version once the difference was seen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid
from recovery_api.domain.protocol import Protocol
from recovery_api.domain.protocol_diff import Difference, differences
from recovery_api.domain.schedule import plan_reminders
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.services.find_protocol import OWN_MARK, find_version, list_versions, pinned_protocol
from recovery_api.services.hold_episode import locked_episode
from recovery_api.services.plan_reminders import circumstances, plan_facts
from recovery_api.services.record_audit import Actor, record_audit
from recovery_api.services.replace_care_plan import replace_care_plan, running_plan
from recovery_api.services.replan_episode import replan_episode


def publish_protocol(
    scope: ClinicScope, protocol: Protocol, content: Mapping[str, Any], actor: Actor, now: datetime
) -> UUID:
    """Keep a clinic's own version; new recoveries are pinned to it from now on, running ones stay where they are.

    Raises Invalid for a version or a signature that is not the clinic's own, Conflict for one that is there already.
    """
    shipped = protocol_pack()
    if protocol.name != shipped.name:
        raise Invalid(f"must be {shipped.name!r}", field="protocol")
    if OWN_MARK not in protocol.version:
        raise Invalid(f'must be an own version, such as "{shipped.version}{OWN_MARK}1"', field="version")
    if protocol.signed_off_by == shipped.signed_off_by:
        raise Invalid("must name the clinician of this clinic who signed it", field="signed_off_by")
    if protocol.coaching and shipped.coaching and protocol.coaching.signed_off_by == shipped.coaching.signed_off_by:
        raise Invalid("must name the clinician of this clinic who signed it", field="coaching.signed_off_by")
    if any(row.version == protocol.version for row in list_versions(scope)):
        raise Conflict("This version is published already: give the changed one another.", field="version")
    protocol_id = new_id()
    scope.connection.execute(
        insert(tables.protocol),
        {
            "clinic_id": scope.clinic_id,
            "id": protocol_id,
            "name": protocol.name,
            "version": protocol.version,
            "content": dict(content),
            "published_at": now,
        },
    )
    record_audit(scope, actor, "protocol.published", ("protocol", protocol_id), now, None)
    return protocol_id


def compare_version(scope: ClinicScope, episode_id: UUID, version: str, now: datetime) -> tuple[Difference, ...]:
    """What a move to `version` would change in the rest of one recovery. Raises NotFound."""
    facts = plan_facts(scope, episode_id)
    other = pinned_protocol(scope, find_version(scope, version, now), version)
    present = pinned_protocol(scope, facts.protocol_id, facts.version)
    about, today = circumstances(scope, facts, now), now.astimezone(ZoneInfo(facts.zone)).date()
    old, new = (plan_reminders(one, about, today, facts.ends_on, now) for one in (present, other))
    return differences(old, new)


def move_protocol(
    scope: ClinicScope, episode_id: UUID, version: str, seen: tuple[Difference, ...], actor: Actor, now: datetime
) -> None:
    """Pin a running recovery to `version` and plan the rest anew; `seen` is the difference that somebody looked at.

    Raises NotFound, or Conflict where the recovery has ended or the difference is another by now.
    """
    row = locked_episode(scope, episode_id)
    plan = running_plan(scope, row.patient_id) if row.status != "ended" else None
    if plan is None or plan.episode_id != episode_id:
        raise Conflict("This recovery has ended.")
    if compare_version(scope, episode_id, version, now) != seen:
        raise Conflict("The difference is another by now: look at it again.")
    replace_care_plan(scope, plan, now, protocol_id=find_version(scope, version, now))
    replan_episode(scope, episode_id, now)
    record_audit(scope, actor, "episode.protocol_moved", ("episode", episode_id), now, row.patient_id)
