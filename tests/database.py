"""One PostgreSQL for a whole test run, shared by every worker; each has a copy of a migrated database."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from recovery_api.app import create_app
from recovery_api.cli.play import migrate
from recovery_api.config import Settings
from recovery_api.db import db
from recovery_api.gateways.postgres import EmbeddedPostgres, Server

PASSWORD = "a-password-of-tests-alone"  # the same in every worker, since the role is the server's
MIGRATED = "migrated"  # the database that is copied, and the file that says it is ready
ACCOUNT, TOKEN = "AC" + "5" * 32, "a-token-of-tests-alone"


class SharedPostgres:
    """The server of one run in `folder`; whoever leaves last stops it."""

    def __init__(self, folder: Path) -> None:
        programs = os.environ.get("RECOVERY_TEST_POSTGRES")
        self._folder = folder
        self._postgres = EmbeddedPostgres(folder / "postgres", Path(programs) if programs else None)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One worker at a time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def join(self, settings: Settings, database: str) -> Settings:
        """Start the server, or find it running; make a migrated database, and return settings that name it."""
        with self.locked():
            self._count(+1)
            server = self._postgres.start()
            with psycopg.connect(server.admin_url, autocommit=True) as connection:
                if not (self._folder / MIGRATED).exists():
                    _make(connection, MIGRATED)
                    _migrate(self._naming(settings, server, MIGRATED))
                    (self._folder / MIGRATED).touch()
                _make(connection, database, MIGRATED)
        return self._naming(settings, server, database)

    def _naming(self, settings: Settings, server: Server, database: str) -> Settings:
        own = {
            "database_url": self._postgres.url(database, "recovery_app", PASSWORD),
            "database_admin_url": f"{server.admin_url.rpartition('/')[0]}/{database}",
        }
        return Settings(**{**vars(settings), **own})

    def leave(self) -> None:
        """Leave the server; the last one destroys it."""
        with self.locked():
            if self._count(-1) == 0:
                self._postgres.destroy()

    def _count(self, change: int) -> int:
        file = self._folder / "users"
        users = int(file.read_text()) + change if file.exists() else change
        file.write_text(str(users))
        return users


def _make(connection: "psycopg.Connection[Any]", database: str, template: str = "template1") -> None:
    name, pattern = sql.Identifier(database), sql.Identifier(template)
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, pattern))
    connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))


def _migrate(settings: Settings) -> None:
    app = create_app(settings)
    migrate(app)
    with app.app_context():
        db.engine.dispose()  # nobody may stand in a database that is copied


def settings_for_tests(folder: Path) -> Settings:
    """Settings with fresh keys and a clock file, without a database."""
    for name in ("secret.key", "data.key"):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(secrets.token_hex(32))
    return Settings(
        env="test",
        secret_key_file=folder / "secret.key",
        data_key_file=folder / "data.key",
        public_url="https://recovery.test",
        twilio_account_sid=ACCOUNT,
        twilio_auth_tokens=(TOKEN,),
        clock_file=folder / "clock",
        run_dir=folder / "run",
    )
