"""What the pages before the door show: signing in, and a new account."""

from collections.abc import Mapping
from dataclasses import dataclass

from recovery_api.clinic.qr_code import Picture, draw_if_it_fits


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A made-up clinician's log-in, shown by the demo alone."""

    email: str
    password: str
    code: str


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The sign-in form; `next_path` is a path of ours or empty."""

    email: str = ""
    error: str = ""
    next_path: str = ""
    demo_staff: tuple[DemoStaff, ...] = ()


@dataclass(frozen=True, slots=True)
class SetUpPage:
    """The one-time page on which a clinician chooses a password and adds the second factor."""

    token: str
    clinic_name: str
    clinician_name: str
    email: str
    totp_secret: str
    totp_uri: str
    errors: Mapping[str, str] | None = None
    least_length: int = 15

    @property
    def secret_in_fours(self) -> str:
        """The secret as it is easiest to type."""
        return " ".join(self.totp_secret[at : at + 4] for at in range(0, len(self.totp_secret), 4))

    @property
    def picture(self) -> Picture | None:
        """The key as an authenticator app reads it with its camera; None where the clinic's name is too long for it."""
        return draw_if_it_fits(self.totp_uri)
