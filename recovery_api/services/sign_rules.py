"""Change a clinic's rules by two people: one proposes other numbers, another signs or refuses them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Conflict, Invalid, NotAllowed, NotFound, PackError
from recovery_api.domain.rules import RulePack
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.clinic_rules import with_changes
from recovery_api.services.record_audit import Actor, record_audit

PROPOSERS = frozenset({"lead"})
SIGNERS = frozenset({"clinician", "lead"})
LONGEST_WHY = 1000  # characters


def propose_rules(scope: ClinicScope, changes: Mapping[str, Any], why: str, actor: Actor, now: datetime) -> UUID:
    """Put numbers forward for a second person; nothing is judged by them yet. Returns the change's id.

    `changes` are all that is to differ from the shipped pack. Raises NotAllowed where the actor is no lead, Invalid
    with what is wrong with them, and Conflict where another change waits for a signature already.
    """
    if actor.role not in PROPOSERS:
        raise NotAllowed("Only a lead may propose other rules.")
    if not why.strip() or len(why) > LONGEST_WHY:
        raise Invalid(f"say why, in at most {LONGEST_WHY} characters", field="why")
    check_rules(changes)
    _hold_rules(scope)
    if scope.connection.execute(_waiting(scope)).first() is not None:
        raise Conflict("Another change of the rules waits for a signature. Sign or refuse that one first.")
    change_id = new_id()
    scope.connection.execute(
        insert(tables.rule_change).values(
            clinic_id=scope.clinic_id,
            id=change_id,
            content=dict(changes),
            why=why.strip(),
            pack_version=rule_pack().version,
            proposed_by_id=actor.id,
            proposed_at=now,
        )
    )
    record_audit(scope, actor, "rules.proposed", ("rule_change", change_id), now)
    return change_id


def check_rules(changes: Mapping[str, Any]) -> RulePack:
    """The pack with these changes. Raises Invalid naming the rule and the reason."""
    try:
        return with_changes(changes, 0, "not signed")
    except PackError as error:
        raise Invalid(error.message, field="changes") from None


def sign_rules(scope: ClinicScope, change_id: UUID, actor: Actor, now: datetime) -> int:
    """The second signature: answers from the next transaction on are judged by these rules.

    Returns the clinic's new version of its rules. Raises NotFound, NotAllowed for who proposed them or has no such
    role, Conflict where they were decided about already, and Invalid where the pack has come to refuse them.
    """
    change = _undecided(scope, change_id, actor)
    if change.proposed_by_id == actor.id:
        raise NotAllowed("Two people change a rule: somebody else has to sign.")
    check_rules(change.content)
    clinic = tables.clinic
    version: int = scope.connection.execute(
        update(clinic)
        .where(clinic.c.id == scope.clinic_id)
        .values(rules_version=clinic.c.rules_version + 1)
        .returning(clinic.c.rules_version)
    ).scalar_one()
    _decide(scope, change_id, "signed", version, actor, now)
    return version


def refuse_rules(scope: ClinicScope, change_id: UUID, actor: Actor, now: datetime) -> None:
    """Turn a change down for good; who proposed it may take it back so. Raises as sign_rules does."""
    _undecided(scope, change_id, actor)
    _decide(scope, change_id, "refused", None, actor, now)


def _undecided(scope: ClinicScope, change_id: UUID, actor: Actor) -> Any:
    if actor.role not in SIGNERS:
        raise NotAllowed("A lead or a clinician decides about the rules.")
    _hold_rules(scope)
    change, decision = tables.rule_change, tables.rule_change_decision
    row = scope.connection.execute(
        select(change, decision.c.outcome)
        .outerjoin(decision, (decision.c.clinic_id == change.c.clinic_id) & (decision.c.rule_change_id == change.c.id))
        .where(change.c.clinic_id == scope.clinic_id, change.c.id == change_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such change of the rules.")
    if row.outcome is not None:
        raise Conflict(f"This change was {row.outcome} already.")
    return row


def _decide(
    scope: ClinicScope, change_id: UUID, outcome: str, version: int | None, actor: Actor, now: datetime
) -> None:
    scope.connection.execute(
        insert(tables.rule_change_decision).values(
            clinic_id=scope.clinic_id,
            id=new_id(),
            rule_change_id=change_id,
            outcome=outcome,
            rules_version=version,
            decided_by_id=actor.id,
            decided_at=now,
        )
    )
    record_audit(scope, actor, f"rules.{outcome}", ("rule_change", change_id), now)


def _hold_rules(scope: ClinicScope) -> None:
    """One change of a clinic's rules at a time."""
    clinic = tables.clinic
    scope.connection.execute(select(clinic.c.id).where(clinic.c.id == scope.clinic_id).with_for_update(key_share=True))


def _waiting(scope: ClinicScope) -> Any:
    change, decision = tables.rule_change, tables.rule_change_decision
    return (
        select(change.c.id)
        .outerjoin(decision, (decision.c.clinic_id == change.c.clinic_id) & (decision.c.rule_change_id == change.c.id))
        .where(change.c.clinic_id == scope.clinic_id, decision.c.id.is_(None))
    )
