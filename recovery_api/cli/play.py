"""What demo and tests may leave out: keys, addresses and a database of their own, made in the run folder."""

import base64
import contextlib
import os
import secrets
from dataclasses import replace
from pathlib import Path

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from recovery_api.config import Settings, SettingsRefused
from recovery_api.db import db
from recovery_api.gateways.database_roles import APPLICATION_ROLE
from recovery_api.gateways.postgres import EmbeddedPostgres

PROJECT = Path(__file__).parents[2]


def fill_in(settings: Settings, port: int = 8000, database: str = "recovery") -> Settings:
    """Settings with everything that a demo or a test did not name; production gets nothing for free.

    Raises SettingsRefused where their folder cannot be made.
    """
    if settings.in_production:
        return settings
    run_dir = settings.run_dir.resolve()
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsRefused(f"RUN_DIR cannot be made: {error.strerror or type(error).__name__}") from None
    filled = replace(
        settings,
        run_dir=run_dir,
        public_url=settings.public_url or f"http://localhost:{port}",
        secret_key_file=settings.secret_key_file or _key(run_dir / "secret.key"),
        data_key_file=settings.data_key_file or _key(run_dir / "data.key"),
        twilio_account_sid=settings.twilio_account_sid or "AC" + _word(run_dir / "account", 16),
        twilio_auth_tokens=settings.twilio_auth_tokens or (_word(run_dir / "token", 16),),
    )
    return filled if filled.database_url else _with_embedded_database(filled, database)


def _with_embedded_database(settings: Settings, database: str) -> Settings:
    """Start the embedded PostgreSQL, or find it running, and name one database of it."""
    embedded = EmbeddedPostgres(settings.run_dir / "postgres")
    server = embedded.start()
    make_database(server.admin_url, database)
    password = _word(settings.run_dir / "application.password", 24)
    return replace(
        settings,
        database_url=embedded.url(database, APPLICATION_ROLE, password),
        database_admin_url=make_url(server.admin_url).set(database=database).render_as_string(hide_password=False),
    )


def make_database(admin_url: str, database: str, *, afresh: bool = False) -> None:
    """Make a database where there is none; `afresh` drops what was there. Of two who make it at once one waits."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (database,))
        if afresh:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))


def migrate(app: Flask) -> None:
    """Bring the database to the newest migration, as its owner."""
    from flask_migrate import upgrade  # what moves databases is not loaded by those who only use them

    know_migrations(app)
    with app.app_context():
        upgrade()


def know_migrations(app: Flask) -> None:
    """Let the application's command line move its database from migration to migration."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(PROJECT / "migrations"))


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as an environment for other processes."""
    return {**os.environ, **variables_of(settings)}


def variables_of(settings: Settings) -> dict[str, str]:
    """The settings alone, by the names of their variables; what is not set is left out."""
    named = {
        "RECOVERY_ENV": settings.env,
        "DATABASE_URL": settings.database_url,
        "DATABASE_ADMIN_URL": settings.database_admin_url,
        "SECRET_KEY_FILE": settings.secret_key_file,
        "DATA_KEY_FILE": settings.data_key_file,
        "PUBLIC_URL": settings.public_url,
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": ",".join(settings.twilio_auth_tokens),
        "TWILIO_API_KEY": settings.twilio_api_key,
        "TWILIO_API_SECRET": settings.twilio_api_secret,
        "TWILIO_MESSAGING_SERVICE_SID": settings.twilio_messaging_service_sid,
        "TWILIO_API_BASE": settings.twilio_api_base,
        "SMTP_URL": settings.smtp_url,
        "HEARTBEAT_URL": settings.heartbeat_url,
        "RECOVERY_CLOCK_FILE": settings.clock_file,
        "WEB_WORKERS": settings.web_workers,
        "LOG_DIR": settings.log_dir,
        "RUN_DIR": settings.run_dir,
    }
    return {name: str(value) for name, value in named.items() if value not in (None, "")}


def _key(file: Path) -> Path:
    if not file.exists():
        _write_secret(file, base64.b64encode(secrets.token_bytes(32)).decode())
    return file


def _word(file: Path, size: int) -> str:
    if not file.exists():
        _write_secret(file, secrets.token_hex(size))
    return file.read_text(encoding="ascii").strip()


def _write_secret(file: Path, text: str) -> None:
    """Written beside and moved into place, so that two processes never see half a secret."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
