"""Commands on texts: what they cost and how they read; only a clinic's own words need a database."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from recovery_api.cli.counted import counted
from recovery_api.cli.csv_tables import read_rows, row_writer
from recovery_api.cli.fitness import needs_database
from recovery_api.cli.output import replaced_file
from recovery_api.db import clinic_transaction
from recovery_api.domain.errors import PackError, RecoveryError
from recovery_api.domain.segments import measure
from recovery_api.packs.texts import message_pack
from recovery_api.services.add_clinic import find_clinic
from recovery_api.services.read_texts import TextInUse, read_texts, texts_in_use
from recovery_api.wiring import wiring

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
        write = row_writer(file)
        write(_COLUMNS)
        for row in _with_bar(rows):
            size = measure(row["text"])
            write([row["text"], size.encoding, size.segments, size.characters])
    click.echo(f"{counted(len(rows), 'text')} measured")


@messages.command("preview")
@click.argument("key", required=False)
@click.option("--language", help="One language alone, such as es.")
@click.option("--clinic", "clinic_name", metavar="NAME", help="The words, name and phones of one clinic, or its id.")
def preview_command(key: str | None, language: str | None, clinic_name: str | None) -> None:
    """Print every text, or the one called KEY, with its longest values and label, and what it costs.

    Without a clinic these are the shipped words, and neither a database nor an environment is needed.
    """
    try:
        pack = message_pack()
    except PackError as error:
        raise click.ClickException(error.message) from None
    if language is not None and language not in pack.languages:
        raise click.UsageError(f"There are no texts in {language!r}, only in {', '.join(pack.languages)}.")
    if key is not None and key not in pack.keys(pack.languages[0]):
        raise click.UsageError(f"There is no text {key!r}.")
    if clinic_name is not None:
        _preview_clinic(key, language, clinic_name)
        return
    for text in texts_in_use(pack, language):
        if key in (None, text.key):
            _show(text)


@needs_database
def _preview_clinic(key: str | None, language: str | None, clinic_name: str) -> None:
    vaults = wiring().vaults
    try:
        clinic_id = find_clinic(clinic_name, vaults)
    except RecoveryError as refused:
        raise click.ClickException(refused.message) from None
    with clinic_transaction(clinic_id, vaults) as scope:
        for text in read_texts(scope, language):
            if key in (None, text.key):
                _show(text)


def _show(text: TextInUse) -> None:
    said = [
        text.encoding,
        f"{text.segments} {'segment' if text.segments == 1 else 'segments'}",
        f"{text.characters} characters",
        *([f"grade {text.grade}"] if text.grade is not None else []),
        *(["own words"] if text.is_own else []),
    ]
    click.echo(f"{text.language} {text.key}: {', '.join(said)}")
    click.echo("   " + text.longest.replace("\n", "\n   "))


def _with_bar(rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    hidden = len(rows) < _WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(rows, label="Measuring", file=sys.stderr, hidden=hidden, update_min_steps=1000) as bar:
        yield from bar
