"""For whom a passkey is: our own address, and challenges that one browser alone can answer for a while."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from recovery_api.clock import real_now
from recovery_api.domain.errors import SignInRefused
from recovery_api.gateways.passkeys import Site

ANSWERED_WITHIN = timedelta(minutes=5)
REFUSED = "This passkey was not accepted. Try again, or use your password."
_NONCE, _TIME = 16, 8


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a passkey is for: the product at its public address, the key of its challenges, and one browser's seed."""

    public_url: str
    key: bytes
    seed: str

    @property
    def site(self) -> Site:
        """The host to which a passkey is bound, and the address at which the browser must be."""
        parts = urlsplit(self.public_url)
        return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")

    def challenge(self) -> bytes:
        """A fresh challenge that this browser alone can answer, for five minutes; nothing is stored for it."""
        ends = int((real_now() + ANSWERED_WITHIN).timestamp()).to_bytes(_TIME, "big")
        start = secrets.token_bytes(_NONCE) + ends
        return start + self._sign(start)

    def check(self, challenge: bytes) -> None:
        """Raise SignInRefused for a challenge that was not ours, not for this browser, or is too old."""
        start, signature = challenge[: _NONCE + _TIME], challenge[_NONCE + _TIME :]
        if not hmac.compare_digest(signature, self._sign(start)):
            raise SignInRefused(REFUSED)
        if int.from_bytes(start[_NONCE:], "big") < real_now().timestamp():
            raise SignInRefused(REFUSED)

    def _sign(self, start: bytes) -> bytes:
        return hmac.digest(self.key, b"passkey|" + self.seed.encode() + b"|" + start, hashlib.sha256)
