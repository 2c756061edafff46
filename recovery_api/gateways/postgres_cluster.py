"""One database cluster on disk: made empty, and launched with settings that are safe for patients' data."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from recovery_api.gateways.postgres_account import Account, EmbeddedPostgresError
from recovery_api.gateways.postgres_folder import HOST
from recovery_api.gateways.postgres_process import is_unused

SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": "200",
    "password_encryption": "scram-sha-256",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    # No statement, value or row of a patient enters the log.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster in `home`, to be run from `programs` as `account`."""

    home: Path
    account: Account
    programs: Path

    @property
    def data(self) -> Path:
        """The data folder, which exists once the cluster was made completely."""
        return self.home / "data"

    def initialise(self, password: str, log: Path) -> None:
        """Make an empty cluster whose superuser has `password`. A call that is cut short leaves none."""
        for name in ("data.new", "socket"):
            shutil.rmtree(self.home / name, ignore_errors=True)
            (self.home / name).mkdir(mode=0o700)
            self.account.give(self.home / name)
        secret = self.home / "password"
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600, exist_ok=False)
        secret.write_text(password, encoding="utf-8")
        self.account.give(secret)
        code, printed = self.account.run(self._initdb(secret))
        secret.unlink()
        if code != 0:
            raise EmbeddedPostgresError(f"initdb failed: {printed.strip()}")
        (self.home / "data.new").rename(self.data)
        # A new cluster is forced to disk beside its first start, which on a busy disk saves seconds.
        with log.open("ab") as output:
            self.account.leave_running([self.programs / "initdb", "--sync-only", "--pgdata", self.data], output)

    def _initdb(self, secret: Path) -> list[str | Path]:
        return [
            self.programs / "initdb",
            f"--pgdata={self.home / 'data.new'}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--data-checksums",
            "--no-instructions",
            "--no-sync",
        ]

    def launch(self, port: int, log: Path) -> int:
        """Start the server without waiting for it; the pid of its first process."""
        if is_unused(self.data):
            # A killed server's number may be another program's by now, for which PostgreSQL would wait in vain.
            for leftover in (self.data / "postmaster.pid", *(self.home / "socket").iterdir()):
                leftover.unlink(missing_ok=True)
        quoted = str(self.home / "socket").replace('"', '""')
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": f'"{quoted}"'}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("ab") as output:
            return self.account.leave_running([self.programs / "postgres", "-D", self.data, *options], output)
