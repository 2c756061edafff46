"""CSV files that a command reads: UTF-8 with or without a byte order mark, any line ends, cells of several lines."""

import csv
import io
from pathlib import Path

import click

_LONGEST_CELL = 10_000_000  # characters; the csv module itself stops at 131,072


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
