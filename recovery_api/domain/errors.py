"""The errors that the domain raises; one table in the API maps them to problems."""

from collections.abc import Sequence


class RecoveryError(Exception):
    """Anything the product refuses for a reason it can name."""

    code = "refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Invalid(RecoveryError):
    """A value is outside what the field allows."""

    code = "invalid"


class PrivateWords(Invalid):
    """A text carries what no text may carry: a name, a diagnosis or a procedure.

    The message gives the first letter of a name alone, as errors are kept in many places; `in_full` is for a page.
    """

    code = "private_words"
    _SAYS = "A text may carry no name, diagnosis or procedure. Please say it without: "

    def __init__(self, names: Sequence[str], conditions: Sequence[str], *, field: str) -> None:
        short = [f"{name[:1]}…" for name in names]
        super().__init__(self._SAYS + ", ".join([*short, *conditions]), field=field)
        self.in_full = self._SAYS + ", ".join([*names, *conditions])


class NotFound(RecoveryError):
    """There is no such thing in this clinic."""

    code = "not_found"


class NotAllowed(RecoveryError):
    """The caller's role may not do this."""

    code = "not_allowed"


class SignInRefused(NotAllowed):
    """E-mail, password or code is not right, or a token is worth nothing any more."""

    code = "sign_in_refused"


class Unauthenticated(RecoveryError):
    """There is no token, or it is worth nothing."""

    code = "unauthenticated"


class ProofRefused(Unauthenticated):
    """A token is bound to a key, and nobody has proved to hold it."""

    code = "proof_refused"


class Conflict(RecoveryError):
    """The same identity was used for other facts, or somebody else was first."""

    code = "conflict"


class StaleVersion(RecoveryError):
    """Somebody else changed it since it was read."""

    code = "stale_version"


class KeyReused(RecoveryError):
    """An Idempotency-Key came back with another request."""

    code = "idempotency_key_reused"


class StillInFlight(RecoveryError):
    """The first request with this Idempotency-Key is not answered yet."""

    code = "still_in_flight"


class TooMany(RecoveryError):
    """The caller has asked too often; `wait` is how many seconds to stay away."""

    code = "too_many"

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class PackError(RecoveryError):
    """A pack of data (rules, protocol, texts, replies) is not fit for use."""

    code = "bad_pack"

    def __init__(self, file: str, where: str, reason: str) -> None:
        super().__init__(f"{file}: {where}: {reason}")
        self.file, self.where, self.reason = file, where, reason


class UnknownText(RecoveryError):
    """No text of that key exists in the pack."""

    code = "unknown_text"


class MissingValue(RecoveryError):
    """A text needs a value that was not given."""

    code = "missing_value"
