"""Send the heartbeat to the monitor outside, after completed cycles of everything and never otherwise."""

from collections.abc import Callable

from recovery_api.clock import real_now
from recovery_api.db import open_transaction
from recovery_api.logs import warn
from recovery_api.services.check_readiness import readiness
from recovery_api.services.keep_watch import read_watches


def send_heartbeat_if_well(url: str, send: Callable[[str], bool]) -> int:
    """Call `send` with `url` where the ticker, both senders and every watch completed their cycles; returns 1 or 0.

    A monitor that hears nothing raises the alarm, whatever the reason: nothing here has to work for that.
    """
    if not url or why_silent():
        return 0
    if send(url):
        return 1
    warn("heartbeat.not_taken")
    return 0


def why_silent() -> list[str]:
    """What keeps the heartbeat back; nothing where all is well."""
    troubles = [check.name for check in readiness() if check.trouble]
    if "database" in troubles:
        return troubles
    with open_transaction() as connection:
        watches = read_watches(connection)
    real = real_now()
    return troubles + sorted({one.kind for one in watches if one.kind != "replies" and not one.is_well(real)})
