"""The carrier's error codes, read from their pack and checked."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recovery_api.domain.delivery import CodeTable, FailureKind
from recovery_api.domain.errors import PackError

_FILE = "error_codes.json"


@cache
def carrier_codes() -> CodeTable:
    """The shipped table of codes. Raises PackError where the pack is not fit for use."""
    path = Path(__file__).parent / _FILE
    try:
        pack = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PackError(_FILE, "file", "does not exist") from None
    except json.JSONDecodeError as error:
        raise PackError(_FILE, f"line {error.lineno}", error.msg) from None
    return code_table(pack)


def code_table(pack: Mapping[str, Any]) -> CodeTable:
    """A table out of a pack's content. Raises PackError for a key that is missing or a kind nobody knows."""
    try:
        defaults = pack["defaults"]
        return CodeTable(
            version=pack["version"],
            codes={int(code): FailureKind(row["kind"]) for code, row in pack["codes"].items()},
            api_default=FailureKind(defaults["api"]),
            server_error_default=FailureKind(defaults["server_error"]),
            delivery_default=FailureKind(defaults["delivery"]),
        )
    except KeyError as error:
        raise PackError(_FILE, str(error), "is missing") from None
    except ValueError as error:
        raise PackError(_FILE, "codes", str(error)) from None
