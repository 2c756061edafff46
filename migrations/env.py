"""How migrations run: by the owner, one transaction each, never waiting long for a lock."""

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, text

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
    """Run as the owner of the tables."""
    engine = create_engine(settings.database_admin_url or settings.database_url, hide_parameters=True)
    with engine.connect() as connection:
        for statement in TIMEOUTS:
            connection.execute(text(statement))
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        give_the_application_its_login(connection, settings.database_url)
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
