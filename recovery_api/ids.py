"""Identifiers: UUIDs of version 7, so that rows made together lie together, in the order in which they were made."""

import os
import threading
import time
from datetime import datetime
from uuid import UUID

_MOST_IN_A_MILLISECOND = 0xFFF
_lock = threading.Lock()
_last: tuple[int, int] = (0, 0)


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of Unix milliseconds, 12 that count within one, then 62 random bits.

    Two of one process sort as they were made, so that things that happened at one instant keep their order.
    """
    milliseconds, count = _next()
    value = (milliseconds << 80) | (0x7 << 76) | (count << 64) | (0x2 << 62)
    return UUID(int=value | (int.from_bytes(os.urandom(8), "big") >> 2))


def id_since(instant: datetime) -> UUID:
    """The least id of anything made at `instant` (real time) or later."""
    return UUID(int=(int(instant.timestamp() * 1000) << 80) | (0x7 << 76) | (0x2 << 62))


def _next() -> tuple[int, int]:
    global _last
    with _lock:
        now, (before, count) = time.time_ns() // 1_000_000, _last
        if now > before:
            _last = (now, 0)
        elif count < _MOST_IN_A_MILLISECOND:
            _last = (before, count + 1)
        else:
            _last = (before + 1, 0)
        return _last
