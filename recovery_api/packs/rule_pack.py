"""The rules in force: the shipped pack, or a clinic's own file."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from recovery_api.domain.errors import PackError
from recovery_api.domain.rule_file import read_rule_pack
from recovery_api.domain.rules import RulePack
from recovery_api.packs import load_yaml

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
    return read_rule_pack(_parsed(path), path)


def _parsed(path: str) -> Any:
    try:
        return _OnceLoader(Path(path).read_text(encoding="utf-8")).get_single_data()
    except OSError as error:
        raise PackError(path, "file", error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise PackError(path, "file", "is not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "file"
        raise PackError(path, where, getattr(error, "problem", None) or "is not YAML") from None


class _OnceLoader(yaml.SafeLoader):
    """YAML in which a key may stand only once: the second of two tiers would win without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name} stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)
