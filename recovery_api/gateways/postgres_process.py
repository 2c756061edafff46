"""The processes of an embedded server, as the machine shows them, whoever started them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from recovery_api.clock import monotonic
from recovery_api.gateways.postgres_account import EmbeddedPostgresError

_SECONDS_TO_STOP = 60
_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self" / "cwd").exists()


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The server's first process; `ready` once it takes connections."""

    pid: int
    port: int
    ready: bool


def find_postmaster(data: Path) -> Postmaster | None:
    """The live server of `data`, as its postmaster.pid tells; None where that file is missing or left over."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 4 or not _works_in(int(lines[0]), data):
        return None
    return Postmaster(int(lines[0]), int(lines[3]), ready=len(lines) > 7 and lines[7].strip() == "ready")


def end_postmaster(pid: int, data: Path, *, cleanly: bool) -> None:
    """Stop a server: cleanly with a last checkpoint, for which it has a minute, or else as if the machine went off."""
    for how in (signal.SIGINT, signal.SIGQUIT) if cleanly else (signal.SIGQUIT,):
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return
        deadline = monotonic() + _SECONDS_TO_STOP
        while monotonic() < deadline:
            if not _works_in(pid, data):
                return
            time.sleep(0.02)
    raise EmbeddedPostgresError(f"PostgreSQL (process {pid}) does not stop.")


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs. One that has ended and that nobody has waited for yet does not."""
    if _HAS_PROC:
        try:
            return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_unused(data: Path) -> bool:
    """Whether surely no process works in `data`, not even a session that outlives its killed server."""
    if not _HAS_PROC:
        return False
    return not any(_works_in(int(process.name), data) for process in _PROC.iterdir() if process.name.isdigit())


def _works_in(pid: int, data: Path) -> bool:
    """Whether `data` is the process's working folder, as it is for every process of a server."""
    if not _HAS_PROC:
        return is_alive(pid)
    try:
        return (_PROC / str(pid) / "cwd").samefile(data)
    except OSError:
        return False
