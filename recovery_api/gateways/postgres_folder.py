"""What the project's folder remembers of its embedded server: where its data is, its password, port and log."""

import fcntl
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recovery_api.clock import monotonic
from recovery_api.gateways.postgres_account import Account, EmbeddedPostgresError

HOST = "127.0.0.1"
# Below the range of outgoing connections, so that a client which retries while the server is down never takes its port.
_PORTS = range(20_000, 30_000)
_SECONDS_FOR_A_BUSY_PORT = 2
# The shortest limit of a socket's address among the systems that we run on, its closing zero included.
_SOCKET_BYTES = 104
# Outlives a restart of the machine and can be entered by every account; used through mkdtemp alone.
_ELSEWHERE = Path("/var/tmp")  # noqa: S108


class ServerFolder:
    """The folder `path`, whose files belong to whoever runs the project, while the data belongs to the server."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / "log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold off every other process that would start or stop this folder's server."""
        with self.permitted():
            self.path.mkdir(parents=True, exist_ok=True)
            with (self.path / "lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield

    @contextmanager
    def permitted(self) -> Iterator[None]:
        """Say it plainly where the folder is another account's."""
        try:
            yield
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"{error.filename or self.path} belongs to another account of this machine."
            ) from error

    def home(self) -> Path | None:
        """The folder that holds the server's data and socket, where there is one already."""
        kept = self._read("place")
        places = [Path(kept)] if kept else []
        return next((place for place in (*places, self.path / "server") if place.is_dir()), None)

    def new_home(self, account: Account) -> Path:
        """A new home: in the project's folder, or elsewhere where `account` or a socket's address cannot get there."""
        home = self.path / "server"
        if _socket_fits(home) and account.can_enter(self.path):
            home.mkdir()
        else:
            home = Path(tempfile.mkdtemp(prefix="recovery-", dir=_ELSEWHERE))
            self._keep("place", str(home))
        home.chmod(0o711 if account.borrowed else 0o700)
        return home

    def password(self) -> str:
        """The superuser's password. Raises EmbeddedPostgresError where it got lost."""
        kept = self._read("password")
        if not kept:
            raise EmbeddedPostgresError(f"{self.path / 'password'} is missing: remove {self.path} and start again.")
        return kept

    def make_password(self) -> str:
        """A new password for a new server."""
        self._keep("password", secrets.token_urlsafe(32))
        return self.password()

    def port(self) -> int | None:
        """The port that the server has, or had when it last ran."""
        kept = self._read("port")
        return int(kept) if kept.isdigit() else None

    def free_port(self) -> int:
        """The port to start on: the kept one or, when another program holds that, a new one, kept from now on."""
        kept = self.port()
        deadline = monotonic() + _SECONDS_FOR_A_BUSY_PORT
        while kept and monotonic() < deadline:
            if _is_free(kept):
                return kept
            time.sleep(0.05)
        while not _is_free(port := secrets.choice(_PORTS)):
            continue
        self._keep("port", str(port))
        return port

    def log_size(self) -> int:
        """How many bytes the log has."""
        return self.log.stat().st_size if self.log.exists() else 0

    def log_after(self, size: int) -> str:
        """What the log says after its first `size` bytes."""
        return self.log.read_bytes()[size:].decode(errors="replace")

    def forget(self) -> None:
        """Remove everything but the lock, which another process may be waiting for."""
        home = self.home()
        if home:
            shutil.rmtree(home)
        for name in ("place", "password", "port", "log"):
            (self.path / name).unlink(missing_ok=True)

    def _read(self, name: str) -> str:
        file = self.path / name
        return file.read_text(encoding="utf-8").strip() if file.exists() else ""

    def _keep(self, name: str, value: str) -> None:
        new = self.path / f"{name}.new"
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(value + "\n")
        new.replace(self.path / name)


def _socket_fits(home: Path) -> bool:
    return len(os.fsencode(home / "socket" / ".s.PGSQL.65535")) < _SOCKET_BYTES


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
