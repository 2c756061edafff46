"""Rate limits: so many calls a minute for each token, and for each address at the doors where secrets are tried.

Those of a token live in the memory of each process: they guard its time, and hold up to as many times the number as
there are processes. At the doors the database counts too, for all processes together, and costs no other call anything.
"""

import hashlib
import threading
from dataclasses import dataclass, field

from flask import Flask, current_app

from recovery_api.caller_address import caller_address
from recovery_api.clock import monotonic
from recovery_api.config import KNOCKS_A_MINUTE
from recovery_api.domain.errors import TooMany
from recovery_api.services.count_knock import count_knock, network_of
from recovery_api.wiring import wiring

A_TOKEN, AN_ADDRESS = 600, KNOCKS_A_MINUTE  # calls a minute
MOST_REMEMBERED = 50_000
DOORS = frozenset({"beginEnrolment", "confirmEnrolment", "signInStaff"})
_UNBOTHERED = 1_000  # times as many in a demo or a test, where one machine plays everybody
_NAME = "recovery-rate-limit"


@dataclass(slots=True)
class RateLimit:
    """Calls a minute, evenly or in one burst: a bucket a caller, which refills as time goes by."""

    a_minute: float
    _empty_until: dict[bytes, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, caller: bytes, now: float) -> float:
        """Take one call of `caller`, at `now` in seconds; 0, or how many seconds are to be waited first."""
        each = 60 / self.a_minute
        with self._lock:
            if len(self._empty_until) >= MOST_REMEMBERED:
                self._empty_until = {key: at for key, at in self._empty_until.items() if at > now}
            full_at = max(self._empty_until.get(caller, now), now) + each
            if full_at - now > 60:
                return full_at - now - 60
            self._empty_until[caller] = full_at
            return 0.0


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limits of one process; `hops` is how many proxies of ours stand before it."""

    token: RateLimit
    address: RateLimit
    hops: int = 0


def make_limits(in_production: bool, hops: int = 0) -> RateLimits:
    """The limits as they are documented; a thousand times as much where the product is only tried."""
    times = 1 if in_production else _UNBOTHERED
    return RateLimits(RateLimit(A_TOKEN * times), RateLimit(AN_ADDRESS * times), hops)


def keep_limits(app: Flask, limits: RateLimits) -> None:
    """Let an application answer within these limits."""
    app.extensions[_NAME] = limits


def check_rate(operation: str, secret: str | None) -> None:
    """Count the request at hand: at a door where secrets are tried for its address, else for its token.

    Raises TooMany. Without a token the address stands in, with the token's limit.
    """
    limits: RateLimits = current_app.extensions[_NAME]
    limit = limits.address if operation in DOORS else limits.token
    caller = secret if secret is not None and operation not in DOORS else network_of(caller_address(limits.hops))
    wait = limit.wait(hashlib.sha256(caller.encode()).digest(), monotonic())
    if wait > 0:
        raise TooMany("Too many requests: wait a moment.", wait)
    if operation in DOORS:
        count_knock(caller, limits.address.a_minute, wiring().vaults)
