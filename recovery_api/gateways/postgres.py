"""The embedded PostgreSQL for demo and tests: set up, started, found again and stopped in a folder of the project."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from recovery_api.clock import monotonic
from recovery_api.gateways.postgres_account import EmbeddedPostgresError, account_for
from recovery_api.gateways.postgres_cluster import SUPERUSER, Cluster
from recovery_api.gateways.postgres_folder import HOST, ServerFolder
from recovery_api.gateways.postgres_process import end_postmaster, find_postmaster, is_alive
from recovery_api.gateways.postgres_programs import reachable_programs, shipped_programs

_SECONDS = 60
# What PostgreSQL says while the sessions of a killed server are still ending, or when its port was taken meanwhile.
_PASSING = ("still in use", "already exists", "Address already in use")

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "Server"]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `admin_url` reaches it as its superuser."""

    admin_url: str = field(repr=False)
    host: str
    port: int
    pid: int


class EmbeddedPostgres:
    """The PostgreSQL server that belongs to `folder`, run by the wheel's programs or by those in `programs`.

    It outlives the process that started it, and any process that names the same folder finds it again.
    """

    def __init__(self, folder: Path, programs: Path | None = None) -> None:
        self._folder = ServerFolder(folder)
        self._programs = programs

    def start(self) -> Server:
        """The server once it answers; set up and started where need be. Raises EmbeddedPostgresError."""
        with self._folder.locked():
            return self._find() or self._bring_up(self._cluster())

    def find(self) -> Server | None:
        """The server of this folder where it runs and answers, whoever started it."""
        with self._folder.permitted():
            return self._find()

    def stop(self) -> None:
        """Stop the server where it runs: sessions end, everything is written, nothing is removed."""
        with self._folder.locked():
            self._halt(cleanly=True)

    def destroy(self) -> None:
        """Stop the server and remove its data, its password and its copy of the programs."""
        with self._folder.locked():
            self._halt(cleanly=False)
            self._folder.forget()

    def url(self, database: str, role: str, password: str) -> str:
        """The address of `database` for `role`; the port stays over restarts."""
        port = self._folder.port()
        if port is None:
            raise EmbeddedPostgresError(f"The embedded PostgreSQL in {self._folder.path} was never started.")
        return (
            f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{HOST}:{port}/{quote(database, safe='')}"
        )

    def _find(self) -> Server | None:
        home = self._folder.home()
        postmaster = find_postmaster(home / "data") if home else None
        if postmaster is None or not postmaster.ready:
            return None
        admin_url = self.url("postgres", SUPERUSER, self._folder.password())
        try:
            psycopg.connect(admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return None
        return Server(admin_url, HOST, postmaster.port, postmaster.pid)

    def _cluster(self) -> Cluster:
        home = self._folder.home()
        account = account_for(home)
        home = home or self._folder.new_home(account)
        cluster = Cluster(home, account, reachable_programs(self._programs or shipped_programs(), account, home))
        if not cluster.data.exists():
            cluster.initialise(self._folder.make_password(), self._folder.log)
        return cluster

    def _bring_up(self, cluster: Cluster) -> Server:
        """Wait for a server that is starting or stopping already; launch one where there is none."""
        launched, log_before = 0, 0
        deadline = monotonic() + _SECONDS
        while monotonic() < deadline:
            if server := self._find():
                return server
            if find_postmaster(cluster.data) is None and not (launched and is_alive(launched)):
                if launched:
                    self._refuse_unless_passing(self._folder.log_after(log_before))
                    time.sleep(0.2)
                log_before = self._folder.log_size()
                launched = cluster.launch(self._folder.free_port(), self._folder.log)
            time.sleep(0.02)
        raise EmbeddedPostgresError(f"PostgreSQL did not answer within {_SECONDS} s: see {self._folder.log}.")

    def _refuse_unless_passing(self, said: str) -> None:
        if not any(reason in said for reason in _PASSING):
            reasons = [line for line in said.splitlines() if "FATAL" in line or "PANIC" in line] or [said.strip()]
            raise EmbeddedPostgresError(f"PostgreSQL does not start: {reasons[-1]} (see {self._folder.log})")

    def _halt(self, *, cleanly: bool) -> None:
        home = self._folder.home()
        postmaster = find_postmaster(home / "data") if home else None
        if home and postmaster:
            end_postmaster(postmaster.pid, home / "data", cleanly=cleanly)
