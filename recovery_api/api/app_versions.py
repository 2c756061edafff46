"""The oldest app that is still safe to use; an older one is told to update."""

import re

from flask import request

from recovery_api.api.refusals import AppTooOld
from recovery_api.domain.errors import Invalid

LEAST = "1.0.0"
PATTERN = r"^[0-9]{1,4}(\.[0-9]{1,4}){0,2}$"
_VERSION = re.compile(PATTERN)


def check_app_version() -> None:
    """Look at the App-Version header, where there is one. Raises AppTooOld or Invalid."""
    said = request.headers.get("App-Version")
    if said is None:
        return
    if not _VERSION.fullmatch(said):
        raise Invalid("must be a version such as 1.4.2", field="App-Version")
    if _parts(said) < _parts(LEAST):
        raise AppTooOld(f"The oldest app in use is {LEAST}.")


def _parts(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))
