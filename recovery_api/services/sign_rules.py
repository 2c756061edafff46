"""Change a clinic's rules by two people: one proposes other numbers, another signs or refuses them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import Invalid, PackError
from recovery_api.domain.rules import RulePack
from recovery_api.models import tables
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.clinic_rules import with_changes
from recovery_api.services.record_audit import Actor
from recovery_api.services.two_signatures import (
    PROPOSERS,
    SIGNERS,
    Matter,
    Put,
    Refusals,
    check_proposer,
    propose,
    refuse,
    sign,
)

__all__ = ["PROPOSERS", "SIGNERS", "check_rules", "propose_rules", "refuse_rules", "sign_rules"]
LONGEST_WHY = 1000  # characters
_RULES = Matter(
    name="rules",
    proposal=tables.rule_change,
    decision=tables.rule_change_decision,
    refers="rule_change_id",
    version="rules_version",
    says=Refusals(
        no_proposer="Only a lead may propose other rules.",
        waits="Another change of the rules waits for a signature. Sign or refuse that one first.",
        no_signer="A lead or a clinician decides about the rules.",
        same_person="Two people change a rule: somebody else has to sign.",
        unknown="There is no such change of the rules.",
        decided="This change was {outcome} already.",
    ),
)


def propose_rules(scope: ClinicScope, changes: Mapping[str, Any], why: str, actor: Actor, now: datetime) -> UUID:
    """Put numbers forward for a second person; nothing is judged by them yet. Returns the change's id.

    `changes` are all that is to differ from the shipped pack. Raises NotAllowed where the actor is no lead, Invalid
    with what is wrong with them, and Conflict where another change waits for a signature already.
    """
    check_proposer(_RULES, actor)
    if not why.strip() or len(why) > LONGEST_WHY:
        raise Invalid(f"say why, in at most {LONGEST_WHY} characters", field="why")
    check_rules(changes)
    values = {"content": dict(changes), "why": why.strip(), "pack_version": rule_pack().version}
    return propose(scope, _RULES, Put(values), actor, now)


def check_rules(changes: Mapping[str, Any]) -> RulePack:
    """The pack with these changes. Raises Invalid naming the rule and the reason."""
    try:
        return with_changes(changes, 0, "not signed")
    except PackError as error:
        raise Invalid(error.message, field="changes") from None


def sign_rules(scope: ClinicScope, change_id: UUID, actor: Actor, now: datetime) -> int:
    """The second signature: answers from the next transaction on are judged by these rules.

    Returns the clinic's new version of its rules. Raises as `two_signatures.sign` does, and Invalid where the pack
    has come to refuse them.
    """
    return sign(scope, _RULES, change_id, actor, now, lambda row: check_rules(row.content))


def refuse_rules(scope: ClinicScope, change_id: UUID, actor: Actor, now: datetime) -> None:
    """Turn a change down for good; who proposed it may take it back so. Raises as sign_rules does."""
    refuse(scope, _RULES, change_id, actor, now)
