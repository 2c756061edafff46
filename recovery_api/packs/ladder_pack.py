"""The shipped ladder, and ladders out of files of a clinic's own."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from recovery_api.domain.errors import PackError
from recovery_api.domain.ladder import Ladder
from recovery_api.domain.ladder_file import read_ladder
from recovery_api.packs import load_yaml

SHIPPED = "ladders/default.yaml"


@cache
def ladder_pack() -> Ladder:
    """The shipped ladder, read once. Raises PackError naming the file, the tier and the reason."""
    return read_ladder(load_yaml(SHIPPED), SHIPPED)


def read_own(path: Path) -> Any:
    """The content of a clinic's own YAML file. Raises PackError where there is none, or it is not YAML."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackError(str(path), "file", error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise PackError(str(path), "file", "is not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "file"
        raise PackError(str(path), where, getattr(error, "problem", None) or "is not YAML") from None
