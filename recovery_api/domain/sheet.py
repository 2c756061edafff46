"""A table as spreadsheets save it: its alphabet, its separator, its heads, and each row with the line it began on."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recovery_api.domain.errors import Invalid

SEPARATORS = (";", ",", "\t")
LONGEST_CELL = 1000  # characters
LONGEST_HEAD, MOST_NAMED = 40, 5  # of the columns that nobody knows, as they are told
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods; xls
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file that it began on, counted from 1, and its cells by column."""

    line: int
    cells: Mapping[str, str]
    has_too_many: bool = False


def decode(content: bytes) -> str:
    """The text of a file: Unicode with or without a mark, else Windows-1252. Raises Invalid."""
    if content.startswith(_WORKBOOKS):
        raise Invalid("this is a workbook: save it as CSV first")
    named = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    for alphabet in (named,) if named else ("utf-8", "cp1252"):
        try:
            text = content.decode(alphabet)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise Invalid("this is no CSV file: save the sheet as CSV UTF-8")


def read_rows(text: str, columns: Mapping[str, str], needed: Sequence[str]) -> list[Row]:
    """The rows of a table; `columns` maps every head that is understood to its column. Empty rows are left out.

    Raises Invalid where the heads are not those of this table, or quotes are not closed.
    """
    first_line, text = _without_hint(text.removeprefix("\ufeff"))
    for separator in SEPARATORS:
        heads = [_plain(head) for head in _heads(text, separator, first_line)]
        if len(heads) > 1:
            break
    names = _named(heads, columns, needed)
    return list(_rows(text, separator, names, first_line))


def _heads(text: str, separator: str, first_line: int) -> list[str]:
    try:
        heads = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        raise _never_closed(first_line) from None
    if '"' in text and any(len(head) > LONGEST_CELL for head in heads):  # it took everything for one head
        raise _never_closed(first_line)
    return heads


def _never_closed(line: int) -> Invalid:
    """What a person can mend: the row whose quotation marks do not fit."""
    return Invalid(f"this cannot be read as CSV: the quotation marks in line {line} do not fit")


def _without_hint(text: str) -> tuple[int, str]:
    """Excel may say in a line before the heads by what the cells are parted."""
    head, _, rest = text.partition("\n")
    return (2, rest) if head.strip().lower().startswith("sep=") else (1, text)


def _named(heads: Sequence[str], columns: Mapping[str, str], needed: Sequence[str]) -> list[str]:
    while heads and not heads[-1]:
        heads = heads[:-1]
    unknown = [head[:LONGEST_HEAD] or "(empty)" for head in heads if head not in columns][:MOST_NAMED]
    if unknown:
        raise Invalid(f"no such column: {', '.join(unknown)}. Columns are {', '.join(dict.fromkeys(columns.values()))}")
    names = [columns[head] for head in heads]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise Invalid(f"these columns stand there twice: {', '.join(twice)}")
    missing = [name for name in needed if name not in names]
    if missing:
        raise Invalid(f"these columns are missing: {', '.join(missing)}")
    return names


def _rows(text: str, separator: str, names: Sequence[str], first_line: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    ended = 0
    while (cells := _next(reader, ended + first_line)) is not None:
        began, ended = ended + first_line, reader.line_num
        if began == first_line or not any(cell.strip() for cell in cells):
            continue
        too_many = any(cell.strip() for cell in cells[len(names) :])
        filled = [*map(_untouched, cells), *("" for _ in names)]
        yield Row(began, dict(zip(names, filled, strict=False)), too_many)


def _next(reader: Iterator[list[str]], line: int) -> list[str] | None:
    """The next row, which begins on this line; None after the last one."""
    try:
        return next(reader, None)
    except csv.Error:
        raise _never_closed(line) from None


def _plain(head: str) -> str:
    return "_".join(head.strip().lower().replace("-", " ").replace("_", " ").split())


def _untouched(cell: str) -> str:
    """A cell without the apostrophe by which spreadsheets keep text from being a formula."""
    return cell[1:] if cell.startswith("'") and safe_cell(cell[1:]) == cell else cell


FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula: what would begin one gets an apostrophe before it."""
    text = "" if value is None else str(value)
    begins = text.lstrip().startswith(FORMULAS) or text.startswith((*FORMULAS, "'"))
    return f"'{text}" if begins else text
