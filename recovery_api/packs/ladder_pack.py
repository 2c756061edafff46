"""The shipped ladder, and ladders out of files of a clinic's own."""

from functools import cache
from pathlib import Path
from typing import Any

from recovery_api.domain.ladder import Ladder
from recovery_api.domain.ladder_file import read_ladder
from recovery_api.packs import load_yaml
from recovery_api.packs.own_file import parsed, read_text

SHIPPED = "ladders/default.yaml"


@cache
def ladder_pack() -> Ladder:
    """The shipped ladder, read once. Raises PackError naming the file, the tier and the reason."""
    return read_ladder(load_yaml(SHIPPED), SHIPPED)


def read_own(path: Path) -> Any:
    """The content of a clinic's own YAML file. Raises PackError where there is none, or it is not YAML."""
    return parsed(read_text(path, str(path)), str(path))
