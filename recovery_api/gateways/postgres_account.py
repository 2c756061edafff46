"""The account that the embedded server runs under, and what that account can reach."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from recovery_api.domain.errors import RecoveryError

# PostgreSQL refuses to run as root. These accounts exist on common systems; none is ever added.
_UNPRIVILEGED = ("postgres", "nobody", "daemon")
# Nothing of the caller's environment (keys, tokens, addresses) reaches the server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class EmbeddedPostgresError(RecoveryError):
    """The embedded server cannot be set up, started or stopped."""

    code = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine; `borrowed` where root acts through it."""

    name: str
    uid: int
    gid: int
    borrowed: bool

    def run(self, command: Sequence[str | Path]) -> tuple[int, str]:
        """Run a program to its end as this account: its exit code and all that it printed."""
        done = self._run(command, subprocess.PIPE, subprocess.STDOUT)
        return done.returncode, done.stdout.decode(errors="replace")

    def leave_running(self, command: Sequence[str | Path], log: IO[bytes]) -> int:
        """Start a program as this account that outlives us and is nobody's child; its output goes to `log`. Its pid."""
        orphaned = ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command]
        return int(self._run(orphaned, subprocess.PIPE, log).stdout)

    def _run(self, command: Sequence[str | Path], out: int, err: int | IO[bytes]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603 (our own programs, no shell)
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd="/",
            env=_ENVIRONMENT,
            umask=0o077,
            check=False,
            start_new_session=True,
            user=self.uid if self.borrowed else None,
            group=self.gid if self.borrowed else None,
            extra_groups=[] if self.borrowed else None,
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may traverse every folder down to `folder`."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder])[0] == 0

    def give(self, path: Path) -> None:
        """Make this account the owner of `path`."""
        if self.borrowed:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(home: Path | None) -> Account:
    """The account that serves the data in `home`: our own; for root, the data's owner or else an unprivileged one."""
    if os.geteuid() != 0:
        return Account(f"account {os.geteuid()}", os.geteuid(), os.getegid(), borrowed=False)
    data = home / "data" if home else None
    if data and data.is_dir() and (owner := data.stat().st_uid) != 0:
        return _borrowed(pwd.getpwuid(owner))
    for name in _UNPRIVILEGED:
        try:
            return _borrowed(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(_UNPRIVILEGED)} exists: "
        "start as an ordinary user or set DATABASE_URL."
    )


def _borrowed(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, borrowed=True)
