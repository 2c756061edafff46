"""What two people change together: one proposes, another signs or refuses; nothing is deleted, every version counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, insert, select, update

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import Conflict, NotAllowed, NotFound
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.services.record_audit import Actor, record_audit

PROPOSERS = frozenset({"lead"})
SIGNERS = frozenset({"clinician", "lead"})


@dataclass(frozen=True, slots=True)
class Refusals:
    """How each refusal is said; `decided` holds a place for the outcome."""

    no_proposer: str
    waits: str
    no_signer: str
    same_person: str
    unknown: str
    decided: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that a clinic changes so: its two tables, and the clinic's count of its versions."""

    name: str  # of its deeds in the audit
    proposal: Table
    decision: Table
    refers: str  # the decision's column that names the proposal
    version: str  # the column of the clinic and of the decision
    says: Refusals


@dataclass(frozen=True, slots=True)
class Put:
    """A proposal: its columns, which ones no other waiting proposal may share, and codes for the audit."""

    values: Mapping[str, Any]
    alone_in: tuple[str, ...] = ()
    codes: Mapping[str, Any] | None = None


def check_proposer(matter: Matter, actor: Actor) -> None:
    """Raise NotAllowed where the actor is no lead."""
    if actor.role not in PROPOSERS:
        raise NotAllowed(matter.says.no_proposer)


def propose(scope: ClinicScope, matter: Matter, put: Put, actor: Actor, now: datetime) -> UUID:
    """Put something forward for a second person; returns its id.

    Raises NotAllowed where the actor is no lead, and Conflict where another one waits for a signature already.
    """
    check_proposer(matter, actor)
    _hold(scope)
    same = [matter.proposal.c[name] == put.values[name] for name in put.alone_in]
    if scope.connection.execute(_proposals(scope, matter, matter.decision.c.id.is_(None), *same)).first() is not None:
        raise Conflict(matter.says.waits)
    proposal_id = new_id()
    known = {"clinic_id": scope.clinic_id, "id": proposal_id, "proposed_by_id": actor.id, "proposed_at": now}
    scope.connection.execute(insert(matter.proposal).values(**known, **put.values))
    subject = (matter.proposal.name, proposal_id)
    record_audit(scope, actor, f"{matter.name}.proposed", subject, now, detail=dict(put.codes or {}))
    return proposal_id


def sign(
    scope: ClinicScope,
    matter: Matter,
    proposal_id: UUID,
    actor: Actor,
    now: datetime,
    check: Callable[[AnyRow], object],
) -> int:
    """The second signature, once `check` has found nothing against it; returns the clinic's new version.

    Raises NotFound, NotAllowed for who proposed it or has no such role, and Conflict where it was decided before.
    """
    row = _waiting(scope, matter, proposal_id, actor)
    if row.proposed_by_id == actor.id:
        raise NotAllowed(matter.says.same_person)
    check(row)
    clinic = tables.clinic
    count = clinic.c[matter.version]
    version: int = scope.connection.execute(
        update(clinic).where(clinic.c.id == scope.clinic_id).values({count: count + 1}).returning(count)
    ).scalar_one()
    _decide(scope, matter, proposal_id, version, actor, now)
    return version


def refuse(scope: ClinicScope, matter: Matter, proposal_id: UUID, actor: Actor, now: datetime) -> None:
    """Turn a proposal down for good; who made it may take it back so. Raises as `sign` does."""
    _waiting(scope, matter, proposal_id, actor)
    _decide(scope, matter, proposal_id, None, actor, now)


def _waiting(scope: ClinicScope, matter: Matter, proposal_id: UUID, actor: Actor) -> AnyRow:
    """A proposal that nobody has decided about, with the clinic held."""
    if actor.role not in SIGNERS:
        raise NotAllowed(matter.says.no_signer)
    _hold(scope)
    row = scope.connection.execute(_proposals(scope, matter, matter.proposal.c.id == proposal_id)).one_or_none()
    if row is None:
        raise NotFound(matter.says.unknown)
    if row.outcome is not None:
        raise Conflict(matter.says.decided.format(outcome=row.outcome))
    return row


def _decide(
    scope: ClinicScope, matter: Matter, proposal_id: UUID, version: int | None, actor: Actor, now: datetime
) -> None:
    outcome = "refused" if version is None else "signed"
    known = {"clinic_id": scope.clinic_id, "id": new_id(), "decided_by_id": actor.id, "decided_at": now}
    decided = {matter.refers: proposal_id, "outcome": outcome, matter.version: version}
    scope.connection.execute(insert(matter.decision).values(**known, **decided))
    record_audit(scope, actor, f"{matter.name}.{outcome}", (matter.proposal.name, proposal_id), now)


def _hold(scope: ClinicScope) -> None:
    """One change of a clinic at a time."""
    clinic = tables.clinic
    scope.connection.execute(select(clinic.c.id).where(clinic.c.id == scope.clinic_id).with_for_update(key_share=True))


def _proposals(scope: ClinicScope, matter: Matter, *wanted: ColumnElement[bool]) -> Select[Any]:
    """Proposals of the clinic with what was decided about each."""
    proposal, decision = matter.proposal, matter.decision
    refers = (decision.c.clinic_id == proposal.c.clinic_id) & (decision.c[matter.refers] == proposal.c.id)
    statement = select(proposal, decision.c.outcome).outerjoin(decision, refers)
    return statement.where(proposal.c.clinic_id == scope.clinic_id, *wanted)
