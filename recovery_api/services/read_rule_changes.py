"""Read what was proposed for a clinic's rules, by whom, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables


@dataclass(frozen=True, slots=True)
class RuleChangeRecord:
    """One change: waiting, in_effect, replaced or refused."""

    id: UUID
    content: Mapping[str, Any]
    why: str
    state: str
    proposed_by_id: UUID
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None


def rule_changes_told(scope: ClinicScope, rows: Iterable[Any]) -> list[RuleChangeRecord]:
    """All that was ever proposed, newest first, out of rows that `rule_changes_asked` found."""
    return [_record(scope, row) for row in rows]


def rule_changes_asked(scope: ClinicScope) -> Select[Any]:
    """The question for all that was ever proposed, for a statement that asks more than one."""
    change, decision = tables.rule_change, tables.rule_change_decision
    proposer, decider = tables.clinician.alias("proposer"), tables.clinician.alias("decider")
    return (
        select(
            change, decision.c.outcome, decision.c.rules_version, decision.c.decided_by_id, decision.c.decided_at,
            proposer.c.name_sealed.label("proposer_sealed"), decider.c.name_sealed.label("decider_sealed"),
        )
        .join(proposer, (proposer.c.clinic_id == change.c.clinic_id) & (proposer.c.id == change.c.proposed_by_id))
        .outerjoin(decision, (decision.c.clinic_id == change.c.clinic_id) & (decision.c.rule_change_id == change.c.id))
        .outerjoin(decider, (decider.c.clinic_id == decision.c.clinic_id) & (decider.c.id == decision.c.decided_by_id))
        .where(change.c.clinic_id == scope.clinic_id)
        .order_by(change.c.proposed_at.desc(), change.c.id.desc())
    )  # fmt: skip


def changes_in_force(records: list[RuleChangeRecord]) -> Mapping[str, Any]:
    """What the clinic has put in place of the shipped numbers; empty where nothing."""
    return next((one.content for one in records if one.state == "in_effect"), {})


def _record(scope: ClinicScope, row: AnyRow) -> RuleChangeRecord:
    state = row.outcome or "waiting"
    if state == "signed":
        state = "in_effect" if row.rules_version == scope.rules_version else "replaced"
    decided_by = scope.open("clinician.name", row.decided_by_id, row.decider_sealed) if row.decided_by_id else None
    return RuleChangeRecord(
        id=row.id,
        content=row.content,
        why=row.why,
        state=state,
        proposed_by_id=row.proposed_by_id,
        proposed_by=scope.vault.open("clinician.name", row.proposed_by_id, row.proposer_sealed),
        proposed_at=row.proposed_at,
        decided_by=decided_by or "",
        decided_at=row.decided_at,
    )
