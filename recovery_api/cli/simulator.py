"""The command that starts the simulated carrier."""

from pathlib import Path

import click

_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; this machine alone.")
@click.option("--port", default=0, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", required=True, help="The account that it plays.")
@click.option("--auth-token", envvar="TWILIO_AUTH_TOKEN", required=True, help="What it signs web hooks with.")
@click.option("--api-key", envvar="TWILIO_API_KEY", default="", help="An API key that it lets in as well.")
@click.option("--api-secret", envvar="TWILIO_API_SECRET", default="", help="The key's secret.")
@click.option("--app-url", envvar="PUBLIC_URL", default="", help="Where it posts what phones text.")
@click.option("--connect-to", default="", help="HOST:PORT that every web hook goes to, whatever host it names.")
@click.option("--seed", default=0, show_default=True, help="What shares of faults and bursts are drawn from.")
@click.option("--script", "script_file", type=_READABLE, help="YAML or JSON of timed events, played from the start.")
@click.option("--log", "log_file", type=_WRITABLE, help="Where its log is written when it ends.")
@click.option(
    "--canned-replies/--no-canned-replies",
    default=True,
    show_default=True,
    help="Its own answers to STOP, START, HELP.",
)
@click.option(
    "--clock-file",
    envvar="RECOVERY_CLOCK_FILE",
    type=click.Path(path_type=Path),
    help="The demo's clock, for the times shown on phones.",
)
def simulator(
    host: str,
    port: int,
    account_sid: str,
    auth_token: str,
    api_key: str,
    api_secret: str,
    app_url: str,
    connect_to: str,
    seed: int,
    script_file: Path | None,
    log_file: Path | None,
    canned_replies: bool,
    clock_file: Path | None,
) -> None:
    """Plays Twilio on this machine: takes texts, reports deliveries, posts what phones answer.

    It needs no database and no settings of ours but RECOVERY_ENV=demo or test. Point Twilio's client at the address
    that it prints; docs/simulator.md has every lever under /simulator/.
    """
    from recovery_api.simulator.carrier import CarrierRefused, run_carrier
    from recovery_api.simulator.carrier_faults import BadFault
    from recovery_api.simulator.carrier_orders import BadOrder
    from recovery_api.simulator.carrier_script import BadScript, script_in

    token = auth_token.partition(",")[0].strip()
    try:
        run_carrier(
            host, port, account_sid, token, app_url, seed, clock_file,
            connect_to=connect_to,
            api_key=(api_key, api_secret) if api_key else None,
            canned_replies=canned_replies,
            script=script_in(script_file.read_text(encoding="utf-8"), seed) if script_file else None,
            log_file=log_file,
            on_ready=lambda address: click.echo(f"Simulated carrier on {address}"),
        )  # fmt: skip
    except (CarrierRefused, BadFault, BadOrder, BadScript, OSError) as refused:
        raise click.ClickException(str(refused)) from None
