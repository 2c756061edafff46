"""The rules in force: the shipped pack, or a clinic's own file."""

from functools import cache
from pathlib import Path

from recovery_api.domain.errors import PackError
from recovery_api.domain.rule_file import read_rule_pack
from recovery_api.domain.rules import RulePack
from recovery_api.packs import load_yaml
from recovery_api.packs.own_file import parsed, read_text

SHIPPED = "rules/vertebroplasty.yaml"


def rule_pack(path: Path | str | None = None) -> RulePack:
    """The rules of a file, the shipped ones without a path; read once until the file changes.

    Raises PackError naming the file, the rule and the reason.
    """
    if path is None:
        return _shipped()
    try:
        changed_at = Path(path).stat().st_mtime_ns
    except OSError as error:
        raise PackError(str(path), "file", error.strerror or "cannot be read") from None
    return _of_clinic(str(path), changed_at)


@cache
def _shipped() -> RulePack:
    return read_rule_pack(load_yaml(SHIPPED), SHIPPED)


@cache
def _of_clinic(path: str, changed_at: int) -> RulePack:
    return read_rule_pack(parsed(read_text(path, path), path), path)
