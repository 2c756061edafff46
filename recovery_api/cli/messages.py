"""Commands on texts: what they cost and how they read, without a database and without an environment."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from recovery_api.cli.csv_tables import read_rows
from recovery_api.cli.output import replaced_file
from recovery_api.domain.errors import PackError
from recovery_api.domain.messages import filled
from recovery_api.domain.segments import measure
from recovery_api.domain.text_lint import LONGEST_VALUES
from recovery_api.packs.texts import message_pack

_COLUMNS = ("text", "encoding", "segments", "characters")
_WORTH_A_BAR = 50_000  # rows; fewer are measured within two seconds
_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group()
def messages() -> None:
    """Look at the texts that are sent."""


@messages.command("measure")
@click.option("--in", "source", type=_READABLE, required=True, help="CSV with a column text.")
@click.option("--out", "target", type=_WRITABLE, required=True, help=f"CSV written: {','.join(_COLUMNS)}.")
def measure_command(source: Path, target: Path) -> None:
    """Count the SMS segments of texts as they stand, without smart encoding."""
    if target.exists() and target.samefile(source):
        raise click.UsageError("--out would overwrite --in.")
    rows = read_rows(source, "text")
    with replaced_file(target) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in _with_bar(rows):
            size = measure(row["text"])
            writer.writerow([row["text"], size.encoding, size.segments, size.characters])
    click.echo(f"{len(rows)} texts measured")


@messages.command("preview")
@click.option("--language", help="One language alone, such as es.")
def preview_command(language: str | None) -> None:
    """Print every shipped text with its longest values, its segments and its characters."""
    try:
        pack = message_pack()
    except PackError as error:
        raise click.ClickException(error.message) from None
    if language is not None and language not in pack.languages:
        raise click.UsageError(f"There are no texts in {language!r}, only in {', '.join(pack.languages)}.")
    for name in [language] if language else pack.languages:
        for key in sorted(pack.keys(name)):
            text = filled(pack.text(key, name), LONGEST_VALUES)
            size = measure(text)
            click.echo(f"{name} {key}: {size.encoding}, {size.segments} segment, {size.characters} characters")
            click.echo("   " + text.replace("\n", "\n   "))


def _with_bar(rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    hidden = len(rows) < _WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(rows, label="Measuring", file=sys.stderr, hidden=hidden, update_min_steps=1000) as bar:
        yield from bar
