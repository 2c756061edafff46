"""Commands on replies: what a text message means, without a database and without an environment."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from recovery_api.cli.counted import counted
from recovery_api.cli.csv_tables import read_rows, row_writer
from recovery_api.cli.output import replaced_file
from recovery_api.domain.errors import PackError
from recovery_api.domain.replies import Reply, ReplyReader
from recovery_api.packs.reading import reply_reader

_COLUMNS = ("text", "question", "pain", "suggest", "intent", "tier", "symptoms", "because")
_WORTH_A_BAR = 20_000  # rows; fewer are read within two seconds
_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group()
def replies() -> None:
    """Look at what patients' replies are taken to mean."""


@replies.command("read")
@click.argument("text", required=False)
@click.option("--in", "source", type=_READABLE, help="CSV with a column text, and question where one was open.")
@click.option("--out", "target", type=_WRITABLE, help=f"CSV written: {','.join(_COLUMNS)}.")
def read_command(text: str | None, source: Path | None, target: Path | None) -> None:
    """Read one TEXT, or a file of them.

    A question is pain, symptoms, activity, medication, appointment or any; blank means any. Other columns are ignored.
    """
    if (text is None) == (source is None) or (source is None) != (target is None):
        raise click.UsageError("Give either one TEXT, or both --in and --out.")
    try:
        reader = reply_reader()
    except PackError as error:
        raise click.ClickException(error.message) from None
    if source is None or target is None:
        _print(reader.read(text or ""))
        return
    if target.exists() and target.samefile(source):
        raise click.UsageError("--out would overwrite --in.")
    rows = read_rows(source, "text")
    _write(rows, reader, target)
    click.echo(f"{counted(len(rows), 'reply', 'replies')} read")


def _print(reply: Reply) -> None:
    for name, value in zip(_COLUMNS[2:], _cells(reply), strict=True):
        click.echo(f"{name:9} {value}".rstrip())


def _write(rows: list[dict[str, str]], reader: ReplyReader, target: Path) -> None:
    with replaced_file(target) as file:
        write = row_writer(file)
        write(_COLUMNS)
        for row in _with_bar(rows):
            text, question = row["text"], row.get("question", "")
            reply = reader.read(text, question.strip().lower() or "any")
            write([text, question, *_cells(reply)])


def _with_bar(rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    hidden = len(rows) < _WORTH_A_BAR or not sys.stderr.isatty()
    with click.progressbar(rows, label="Reading", file=sys.stderr, hidden=hidden, update_min_steps=1000) as bar:
        yield from bar


def _cells(reply: Reply) -> tuple[str, ...]:
    """What was made of a reply, in the order of the last six columns; nothing is a blank cell."""
    values = (reply.pain, reply.suggest, reply.intent, reply.tier, ";".join(sorted(reply.symptoms)), reply.because)
    return tuple("" if value is None else str(value) for value in values)
