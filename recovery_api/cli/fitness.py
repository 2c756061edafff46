"""Refuse a command in one clear line where its settings or its database are not fit for it."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click
from sqlalchemy.exc import SQLAlchemyError

from recovery_api.cli.play import fill_in
from recovery_api.config import SettingsRefused
from recovery_api.core import create_core
from recovery_api.db import db
from recovery_api.gateways.postgres import EmbeddedPostgresError
from recovery_api.services.check_readiness import refuse_to_start
from recovery_api.wiring import wiring

P = ParamSpec("P")


def needs_database(command: Callable[P, Any]) -> Callable[P, None]:
    """Run the command inside an application that is fit to start; say in a line why it is not."""

    @wraps(command)
    def checked(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            settings = fill_in(wiring().settings)
            with create_core(settings).app_context():
                try:
                    refuse_to_start(settings)
                    command(*args, **kwargs)
                finally:
                    db.engine.dispose()
        except (SettingsRefused, EmbeddedPostgresError) as refused:
            click.echo(f"Not fit to start: {refused}", err=True)
            sys.exit(1)
        except SQLAlchemyError as error:
            click.echo(f"The database refused: {type(error).__name__}", err=True)
            sys.exit(1)

    return checked
