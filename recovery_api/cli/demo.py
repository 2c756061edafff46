"""The demo: a whole clinic on this machine, every part a process of its own, nothing a stand-in but the carrier."""

import json
import os
import shutil
import socket
import sys
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from recovery_api.app import create_app
from recovery_api.cli.demo_database import refuse_strangers
from recovery_api.cli.play import environment_of, fill_in, make_database, migrate
from recovery_api.cli.processes import Child, NotReady, Supervisor
from recovery_api.clock import real_now
from recovery_api.config import Settings
from recovery_api.domain.errors import Conflict
from recovery_api.gateways.postgres import EmbeddedPostgres, EmbeddedPostgresError
from recovery_api.services.demo_staff import DemoLogIn, demo_log_ins, keep_demo_log_ins
from recovery_api.services.list_clinics import list_clinics
from recovery_api.simulator.demo_check_in import demo_check_in
from recovery_api.simulator.seed_demo import CLINIC, ZONE, seed_demo
from recovery_api.wiring import wiring

DATABASE = "recovery_demo"
MONDAY_MORNING = time(9, 10)
SECONDS_TO_START = 180


@click.command("demo")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65534), help="Where the pages are.")
@click.option("--no-seed", is_flag=True, help="An empty clinic, without the sixty made-up patients.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses and log-ins as one line of JSON.")
def demo(port: int, no_seed: bool, as_json: bool) -> None:
    """Start the whole product on this machine, with made-up patients and a simulated carrier. Ctrl-C ends it."""
    say = (lambda line: None) if as_json else click.echo
    if not _is_free(port):
        click.echo(f"Port {port} is taken. Choose another: flask --app wsgi demo --port 8100", err=True)
        sys.exit(1)
    if _runs_already(_run_dir(wiring().settings)):
        click.echo("A demo of this folder is running already; end it with Ctrl-C first.", err=True)
        sys.exit(1)
    if os.environ.get("RECOVERY_ENV") == "production":
        click.echo("The demo is refused: RECOVERY_ENV says that this is production.", err=True)
        sys.exit(1)
    own_server = not wiring().settings.database_url
    try:
        say("Starting PostgreSQL ...")
        settings = _settings(wiring().settings, port)
        say("Making sixty patients and a year of history ..." if not no_seed else "Making an empty clinic ...")
        log_ins, check_in = _prepare(settings, own_server, no_seed)
        _run(settings, port, log_ins, check_in, as_json, say)
    except (NotReady, EmbeddedPostgresError, OSError) as refused:
        click.echo(f"The demo could not start: {refused}", err=True)
        sys.exit(1)
    finally:
        if own_server:
            EmbeddedPostgres(_run_dir(wiring().settings) / "postgres").stop()
    say("The demo has stopped.")


def _run_dir(settings: Settings) -> Path:
    return settings.run_dir.resolve()


def _settings(settings: Settings, port: int) -> Settings:
    """Everything that the demo needs, in its own run folder, with product time on a Monday morning."""
    run_dir = _run_dir(settings)
    run_dir.mkdir(parents=True, exist_ok=True)
    clock_file = run_dir / "demo-clock"
    clock_file.write_text(f"{_seconds_to_monday():+d}\n", encoding="ascii")
    shutil.rmtree(run_dir / "logs", ignore_errors=True)
    wanted = replace(
        settings,
        env="demo",
        public_url=f"http://localhost:{port}",
        twilio_api_base=f"http://127.0.0.1:{_free_port()}",
        twilio_api_key="",
        clock_file=clock_file,
        log_dir=run_dir / "logs",
    )
    return fill_in(wanted, port, DATABASE)


def _seconds_to_monday() -> int:
    now = real_now()
    local = now.astimezone(ZoneInfo(ZONE))
    monday = local.date() + timedelta(days=-local.weekday() % 7 or (0 if local.time() < MONDAY_MORNING else 7))
    return int((datetime.combine(monday, MONDAY_MORNING, ZoneInfo(ZONE)) - now).total_seconds())


def _prepare(settings: Settings, own_server: bool, no_seed: bool) -> tuple[list[DemoLogIn], str | None]:
    """A fresh database on the embedded server; on a server of the user's own, whatever is missing is added."""
    if own_server:
        make_database(_maintenance_url(settings), DATABASE, afresh=True)
    app = create_app(settings)
    if not own_server:
        refuse_strangers(settings, CLINIC.number, app.extensions["recovery"].vaults)
    migrate(app)
    with app.app_context():
        log_ins, check_in = _seed(no_seed), _check_in(settings)
    if log_ins:
        keep_demo_log_ins(settings.run_dir, log_ins)
    return log_ins or demo_log_ins(settings.run_dir), check_in


def _maintenance_url(settings: Settings) -> str:
    return settings.database_admin_url.rpartition("/")[0] + "/postgres"


def _seed(no_seed: bool) -> list[DemoLogIn]:
    """The log-ins of the clinic's staff, which an empty clinic has as well; none where the clinic was there before."""
    parts = wiring()
    try:
        return seed_demo(parts.vaults, parts.clock.now(), patients=0 if no_seed else 60)[1]
    except Conflict:
        return []


def _check_in(settings: Settings) -> str | None:
    """A patient's link, which is good once; none in an empty clinic."""
    parts, clinics = wiring(), list_clinics()
    return demo_check_in(clinics[0], parts.vaults, settings.public_url, parts.clock.now()) if clinics else None


def _run(
    settings: Settings, port: int, log_ins: list[DemoLogIn], check_in: str | None, as_json: bool, say: object
) -> None:
    env = environment_of(settings)
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    carrier_port = settings.twilio_api_base.rpartition(":")[2]
    children = [
        Child("simulator", [*flask, "simulator", "--port", carrier_port, "--connect-to", f"127.0.0.1:{port}"], env),
        Child("web", [*flask, "serve", "--port", str(port)], env),
        Child("ticker", [sys.executable, "-m", "jobs", "ticker"], env),
        Child("sender-alert", [sys.executable, "-m", "jobs", "sender", "alert"], env),
        Child("sender-bulk", [sys.executable, "-m", "jobs", "sender", "bulk"], env),
    ]
    log_dir = settings.log_dir or settings.run_dir
    with Supervisor(children, settings.run_dir, log_dir, say=lambda line: click.echo(line, err=True)) as processes:
        processes.start()
        if processes.wait_until_ready(f"http://127.0.0.1:{port}/readyz", SECONDS_TO_START):
            at = _addresses(settings, check_in)
            click.echo(_as_json(settings, at, log_ins) if as_json else _welcome(at, log_ins))
            sys.stdout.flush()
            processes.run()


def _addresses(settings: Settings, check_in: str | None) -> dict[str, str | None]:
    base = settings.public_url
    return {
        "base_url": base,
        "worklist": f"{base}/worklist",
        "phone": f"{base}/demo/phone",
        "check_in": check_in,
        "docs": f"{base}/api/v1/docs",
        "simulator": settings.twilio_api_base,
    }


def _as_json(settings: Settings, at: dict[str, str | None], log_ins: list[DemoLogIn]) -> str:
    staff = [{"email": one.email, "password": one.password, "totp_secret": one.totp_secret} for one in log_ins]
    return json.dumps({**at, "database_url": settings.database_url, "staff": staff})


def _welcome(at: dict[str, str | None], log_ins: list[DemoLogIn]) -> str:
    lines = [
        "",
        f"  A patient's phone    {at['phone']}",
        f"  The nurse's worklist {at['worklist']}",
        f"  For app developers   {at['docs']}",
    ]
    if at["check_in"]:
        lines += [f"  A patient's check-in {at['check_in']} (good once)"]
    if log_ins:
        lines += ["", f"  Sign in as           {log_ins[0].email}", f"  with the password    {log_ins[0].password}"]
        lines += ["  and the six digits that the sign-in page of the demo shows."]
    return "\n".join([*lines, "", "  Made-up patients; no text leaves this machine. Ctrl-C ends it.", ""])


def _runs_already(run_dir: Path) -> bool:
    """Whether the web process of another demo in this run folder is alive."""
    try:
        os.kill(int((run_dir / "web.pid").read_text(encoding="ascii")), 0)
    except (OSError, ValueError):
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
