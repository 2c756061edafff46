"""The command that prints the OpenAPI document; it needs no database and no environment."""

import click
from flask import current_app
from flask.cli import with_appcontext

from recovery_api.api.document import document_text


@click.command("openapi")
@with_appcontext
def openapi() -> None:
    """Print the OpenAPI document."""
    click.echo(document_text(current_app._get_current_object()), nl=False)  # type: ignore[attr-defined]
