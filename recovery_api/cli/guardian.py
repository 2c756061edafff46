"""A small process of its own that ends a supervisor's children when the supervisor is gone, even by kill -9.

Our arguments are the process groups that run already. On our standard input the supervisor writes a line with all of
them whenever these change; the end of the input means that the supervisor is gone.
"""

import itertools
import os
import signal
import sys
import time
from collections.abc import Iterable

_SECONDS_TO_STOP = 10.0
_ONLY_ASK = 0


def signal_group(group: int, number: int) -> bool:
    """Signal every process of a group; whether there was any."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def last_groups(lines: Iterable[str]) -> set[int]:
    """The groups that ran when the lines stopped."""
    groups: set[int] = set()
    for line in lines:
        groups = {int(group) for group in line.split()}
    return groups


def end_groups(groups: set[int], seconds: float = _SECONDS_TO_STOP) -> None:
    """Ask groups of processes to stop, and kill what is left of them after `seconds`."""
    for group in groups:
        signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(signal_group(group, _ONLY_ASK) for group in groups):
        time.sleep(0.05)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    """Wait for the supervisor to go, whatever a terminal signals meanwhile, then end what it left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(last_groups(itertools.chain([" ".join(sys.argv[1:])], sys.stdin)))


if __name__ == "__main__":
    main()
