"""Commands on the carrier: how our numbers fare there, and what the daily comparison found. No patient's phone."""

from datetime import timedelta
from typing import Any

import click

from recovery_api.cli.fitness import needs_database
from recovery_api.clock import real_now
from recovery_api.db import AnyRow, clinic_transaction
from recovery_api.services.compare_with_carrier import read_comparisons
from recovery_api.services.give_up_end import count_given_up
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.pace_senders import circuit_of, list_senders
from recovery_api.wiring import wiring

DAYS = 7


@click.group()
def carrier() -> None:
    """Look at how texts fare at the carrier."""


@carrier.command("senders")
@needs_database
def senders_command() -> None:
    """Every number of ours: its circuit, failures in a row, filtered texts, and when it was last reconciled."""
    rows, real = list_senders(), real_now()
    for row in rows:
        reconciled = f"{row.received_until:%Y-%m-%d %H:%M} UTC" if row.received_until else "never"
        code = f", code {row.last_code}" if row.last_code else ""
        click.echo(
            f"{_shown(row.number)}  {circuit_of(row, real)}  {row.failures} failures{code}  "
            f"{row.filtered} filtered  reconciled {reconciled}"
        )
    click.echo(f"{len(rows)} numbers have texted")


@carrier.command("report")
@click.option("--days", type=click.IntRange(1, 366), default=DAYS, show_default=True, help="How far back.")
@click.option("--ids", is_flag=True, help="Name the texts that differ, by our ids and the carrier's.")
@needs_database
def report_command(days: int, ids: bool) -> None:
    """The daily comparisons of our texts with the carrier's list, both ways."""
    since, count, unknown = (real_now() - timedelta(days=days)).date(), 0, 0
    given_up_since = wiring().clock.now() - timedelta(days=days)
    for clinic_id in list_clinics():
        with clinic_transaction(clinic_id, wiring().vaults) as scope:
            unknown += count_given_up(scope, given_up_since)
            for row in read_comparisons(scope, since):
                count += 1
                _show(row, ids)
    click.echo(f"{unknown} texts whose end the carrier never told")
    click.echo(f"{count} comparisons since {since}")


def _show(row: AnyRow, ids: bool) -> None:
    click.echo(
        f"{row.day}  {_shown(row.sender_number)}  {row.here} here, {row.there} there: {len(row.only_here)} only here, "
        f"{len(row.only_there)} only there, {len(row.differing)} ended otherwise"
    )
    if ids:
        for where in ("only_here", "only_there", "differing"):
            for one in getattr(row, where):
                click.echo(f"    {where}: {_named(one)}")


def _named(one: Any) -> str:
    return " ".join(f"{name} {value}" for name, value in one.items()) if isinstance(one, dict) else str(one)


def _shown(number: str) -> str:
    """A number of ours by its end, which is enough to tell the numbers of one clinic apart."""
    return f"…{number[-4:]}"
