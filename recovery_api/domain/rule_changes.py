"""A clinic's own numbers in place of the shipped ones: laid over the pack in a few places, and validated whole."""

import copy
from collections.abc import Mapping
from typing import Any

from recovery_api.domain.errors import PackError
from recovery_api.domain.pack_section import Section
from recovery_api.domain.rule_file import DETECTOR_BOUNDS, read_rule_pack
from recovery_api.domain.rules import RulePack

CHANGEABLE = ("tier", "respond_minutes")
NUMBERS = ("parameters", "arming")
Changes = Mapping[str, Any]  # {"rules": {id: {"tier": …, "parameters": {name: number}}}, "detector": {name: number}}


def changed_pack(shipped: Mapping[str, Any], changes: Changes, version: int, signed_off_by: str) -> RulePack:
    """The pack with these changes, its own version and that of every rule that differs marked by `version`.

    Raises PackError naming the rule and the reason: an unknown rule or number, or one that no pack may have.
    """
    content = copy.deepcopy(dict(shipped))
    section = Section("own rules", "changes", changes)
    rules = section.take("rules") if section.has("rules") else {}
    detector = section.take("detector") if section.has("detector") else {}
    section.close()
    _lay_over(content["detector"], "detector", detector, frozenset(DETECTOR_BOUNDS))
    by_id = {rule["id"]: rule for rule in content["rules"]}
    for rule_id, change in rules.items():
        if rule_id not in by_id:
            raise PackError("own rules", f"rule {rule_id}", "is not in the pack")
        _change(by_id[rule_id], rule_id, change, version)
    content["version"] = f"{content['version']}+{version}"
    content["signed_off_by"] = signed_off_by
    return read_rule_pack(content, "own rules")


def _change(rule: dict[str, Any], rule_id: str, change: object, version: int) -> None:
    section = Section("own rules", f"rule {rule_id}", change)
    for name in CHANGEABLE:
        if section.has(name):
            rule[name] = section.take(name)
    for name in NUMBERS:
        if section.has(name):
            _lay_over(rule.setdefault(name, {}), f"rule {rule_id}", section.take(name), frozenset(rule[name]))
    section.close()
    rule["version"] = f"{rule['version']}+{version}"


def _lay_over(numbers: dict[str, Any], where: str, change: object, known: frozenset[str]) -> None:
    section = Section("own rules", where, change)
    for name in sorted(known):
        if section.has(name):
            numbers[name] = section.take(name)
    section.close()
