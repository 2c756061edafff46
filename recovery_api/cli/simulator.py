"""The command that starts the simulated carrier."""

from pathlib import Path

import click


@click.command("simulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; this machine alone.")
@click.option("--port", default=0, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", required=True, help="The account that it plays.")
@click.option("--auth-token", envvar="TWILIO_AUTH_TOKEN", required=True, help="What it signs web hooks with.")
@click.option("--api-key", envvar="TWILIO_API_KEY", default="", help="An API key that it lets in as well.")
@click.option("--api-secret", envvar="TWILIO_API_SECRET", default="", help="The key's secret.")
@click.option("--app-url", envvar="PUBLIC_URL", default="", help="Where it posts what phones text.")
@click.option("--connect-to", default="", help="HOST:PORT that every web hook goes to, whatever host it names.")
@click.option("--seed", default=0, show_default=True, help="Which row of numbers faults are drawn from.")
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
    clock_file: Path | None,
) -> None:
    """Plays Twilio on this machine: takes texts, reports deliveries, posts what phones answer."""
    from recovery_api.simulator.carrier import CarrierRefused, run_carrier

    token = auth_token.partition(",")[0].strip()
    try:
        run_carrier(
            host, port, account_sid, token, app_url, seed, clock_file,
            connect_to=connect_to,
            api_key=(api_key, api_secret) if api_key else None,
            on_ready=lambda address: click.echo(f"Simulated carrier on {address}"),
        )  # fmt: skip
    except (CarrierRefused, OSError) as refused:
        raise click.ClickException(str(refused)) from None
