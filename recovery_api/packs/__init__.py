"""The shipped data: rules, protocol, texts, reply words and carrier codes, as versioned files."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from recovery_api.domain.errors import PackError

_FOLDER = Path(__file__).parent


@cache
def load_yaml(relative_path: str) -> Any:
    """The content of one pack file. Raises PackError where it is missing or not YAML."""
    path = _FOLDER / relative_path
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PackError(relative_path, "file", "does not exist") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise PackError(relative_path, f"line {line}", str(error.problem)) from None


def _parsed(text: str) -> Any:
    """The same with the safe loader written in C, ten times as fast, where PyYAML was built with it."""
    return yaml.load(text, Loader=yaml.CSafeLoader) if yaml.__with_libyaml__ else yaml.safe_load(text)
