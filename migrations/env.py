"""How migrations run: by the owner, one transaction each, never waiting long for a lock."""

from alembic import context
from alembic.util import CommandError
from flask import current_app
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

import recovery_api.models  # noqa: F401
from recovery_api.db import metadata
from recovery_api.gateways.database_roles import give_the_application_its_login

TIMEOUTS = ("SET lock_timeout = '5s'", "SET statement_timeout = '120s'")
settings = current_app.extensions["recovery"].settings


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(dialect_name="postgresql", target_metadata=metadata, transaction_per_migration=True)
    for statement in TIMEOUTS:
        context.execute(statement)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run as the owner of the tables. Raises CommandError, which is printed as one line, where that cannot be."""
    engine = owners_engine(settings.database_admin_url or settings.database_url)
    try:
        with engine.connect() as connection:
            migrate(connection)
    except OperationalError as error:
        raise CommandError(f"The database cannot be migrated: {first_line(error)}") from None
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise CommandError(f"Give the owner of the tables in DATABASE_ADMIN_URL: {first_line(error)}") from None
    finally:
        engine.dispose()


def owners_engine(address: str) -> Engine:
    """The engine of an address. Raises CommandError where it names no PostgreSQL database."""
    if not address:
        raise CommandError("DATABASE_URL is not set, and neither is DATABASE_ADMIN_URL.")
    try:
        if make_url(address).get_backend_name() == "postgresql":
            return create_engine(address, hide_parameters=True)
    except ArgumentError:
        pass
    raise CommandError("DATABASE_URL, or DATABASE_ADMIN_URL, is no address such as postgresql://name@host/database.")


def first_line(error: OperationalError | ProgrammingError) -> str:
    """What PostgreSQL says, without the statement."""
    return str(error.orig).partition("\n")[0]


def migrate(connection: Connection) -> None:
    """Every migration that is missing, then the login of the application."""
    for statement in TIMEOUTS:
        connection.execute(text(statement))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    give_the_application_its_login(connection, settings.database_url)


if context.is_offline_mode():
    run_offline()
else:
    run_online()
