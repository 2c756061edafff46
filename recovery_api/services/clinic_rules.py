"""The rules of the clinic at hand: the shipped pack, and over it the clinic's own numbers that two people signed."""

from collections.abc import Mapping
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import ClinicScope
from recovery_api.domain.errors import PackError
from recovery_api.domain.rule_changes import changed_pack
from recovery_api.domain.rules import Rule, RulePack
from recovery_api.logs import warn
from recovery_api.models import tables
from recovery_api.packs import load_yaml
from recovery_api.packs.rule_pack import SHIPPED, rule_pack

_MOST_KEPT = 1024
_kept: dict[tuple[UUID, int], RulePack] = {}
_lock = Lock()


def rules_of(scope: ClinicScope) -> RulePack:
    """The pack in force, as of the version that came with the clinic's row.

    It asks the database nothing where a clinic has no rules of its own, and once a process for each version of one
    that has.
    """
    return rules_as_of(scope, scope.rules_version)


def rules_as_of(scope: ClinicScope, version: int) -> RulePack:
    """The pack of one of the clinic's versions; 0 is the shipped one, and stands in for one that is unfit by now."""
    if version == 0:
        return rule_pack()
    place = scope.clinic_id, version
    if place not in _kept:
        pack = _read(scope, version)
        with _lock:
            if len(_kept) >= _MOST_KEPT:
                _kept.clear()
            _kept[place] = pack
    return _kept[place]


def find_rule(scope: ClinicScope, rule_id: str, version: str) -> Rule | None:
    """The rule behind a flag as it stood then; None for one that no pack of this product or clinic holds any more."""
    own = version.partition("+")[2]
    pack = rules_as_of(scope, min(int(own), scope.rules_version)) if own.isdigit() else rule_pack()
    return next((rule for rule in pack.rules if (rule.id, rule.version) == (rule_id, version)), None)


def with_changes(changes: Mapping[str, Any], version: int, signed_off_by: str) -> RulePack:
    """The shipped pack with these changes. Raises PackError."""
    return changed_pack(load_yaml(SHIPPED), changes, version, signed_off_by)


def _read(scope: ClinicScope, version: int) -> RulePack:
    change, decision = tables.rule_change, tables.rule_change_decision
    row = scope.connection.execute(
        select(change.c.id, change.c.content)
        .join(decision, (decision.c.clinic_id == change.c.clinic_id) & (decision.c.rule_change_id == change.c.id))
        .where(change.c.clinic_id == scope.clinic_id, decision.c.rules_version == version)
    ).one_or_none()
    if row is None:
        return rule_pack()
    try:
        return with_changes(row.content, version, f"two people of this clinic, version {version}")
    except PackError:  # the product's pack has moved on: what is shipped is safe, and the page says so
        warn("rules.own_left_out", clinic_id=str(scope.clinic_id), reason=str(row.id))
        return rule_pack()
