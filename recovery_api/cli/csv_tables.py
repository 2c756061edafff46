"""CSV files of the commands: read with or without a byte order mark and with any line ends, written one row a row."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TextIO

import click

_LONGEST_CELL = 10_000_000  # characters; the csv module itself stops at 131,072


def row_writer(file: TextIO) -> Callable[[Iterable[object]], None]:
    """What writes one row to a CSV file; each is one row for whoever reads it, whatever its cells hold."""
    plain = csv.writer(file, lineterminator="\n")
    quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(row: Iterable[object]) -> None:
        cells = list(row)
        # Before Python 3.13 a bare carriage return is not put in quotation marks, and would end the row.
        (quoted if any("\r" in cell for cell in cells if isinstance(cell, str)) else plain).writerow(cells)

    return write


def read_rows(path: Path, *needed: str) -> list[dict[str, str]]:
    """The rows of a CSV file as mappings. Raises ClickException where it is no UTF-8 CSV or lacks a needed column."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
        csv.field_size_limit(_LONGEST_CELL)
        reader = csv.DictReader(io.StringIO(content, newline=""), restval="", restkey="")
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise click.ClickException(f"{path}: no column {', '.join(missing)}")
        return list(reader)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path}: is not UTF-8 (byte {error.start + 1})") from None
    except csv.Error as error:
        raise click.ClickException(f"{path}: is not a CSV file ({error})") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from None
