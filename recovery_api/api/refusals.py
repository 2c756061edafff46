"""What the API refuses before any rule of the field is asked: the request itself is not fit."""

from collections.abc import Sequence
from dataclasses import dataclass

from recovery_api.domain.errors import RecoveryError


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; nested fields are joined by dots."""

    field: str
    code: str
    message: str


class BadJson(RecoveryError):
    """The body is not JSON as it is accepted here."""

    code = "bad_json"


class NotJson(RecoveryError):
    """The body is of another media type."""

    code = "not_json"


class InvalidFields(RecoveryError):
    """Fields of the request are outside what they may be."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("Some fields are not as they must be.")
        self.errors = tuple(errors)


class VersionMissing(RecoveryError):
    """A change needs the version that it is based on."""

    code = "version_missing"


class AppTooOld(RecoveryError):
    """The app is older than the oldest that is still safe to use."""

    code = "app_too_old"
