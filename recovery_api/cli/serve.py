"""The command that serves the web: checks that it is fit to start, then runs the production server."""

import os
import socket
import sys

import click

from recovery_api.app import create_app
from recovery_api.cli.play import environment_of, fill_in
from recovery_api.cli.warm_packs import read_every_pack
from recovery_api.config import SettingsRefused
from recovery_api.db import db
from recovery_api.domain.errors import PackError
from recovery_api.gateways.postgres import EmbeddedPostgresError
from recovery_api.gateways.process_files import note_process
from recovery_api.services.check_readiness import refuse_to_start
from recovery_api.wiring import wiring

THREADS = 4


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on.")
def serve(host: str, port: int) -> None:
    """Serve the web. The jobs run beside it: python -m jobs ticker, sender alert, sender bulk."""
    try:
        settings = fill_in(wiring().settings, port)
        app = create_app(settings)
        with app.app_context():
            refuse_to_start(settings)
            db.engine.dispose()  # no worker inherits an open connection
        read_every_pack()
        address = _free_address(host, port)
        note_process("web", settings)
    except (SettingsRefused, EmbeddedPostgresError, PackError) as refused:
        click.echo(f"The web cannot start: {refused}", err=True)
        sys.exit(1)
    os.environ.update(environment_of(settings))
    _run(address, port, settings.web_workers)


def _free_address(host: str, port: int) -> str:
    """The address that a host stands for. Raises SettingsRefused where nobody can listen, or another program does.

    The workers share their port among themselves; so does the look at it, for which a web of ours is no stranger.
    """
    try:
        family, kind, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
                probe.setsockopt(socket.SOL_SOCKET, option, 1)
            probe.bind(where)
        return str(where[0])
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no address"
        raise SettingsRefused(f"nobody can listen on port {port} of {host!r}: {why}") from None


def _run(address: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    Granian(
        "recovery_api.cli.warm:app",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=256,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
    ).serve()
