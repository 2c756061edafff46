"""Tables as CSV files: no cell can begin a formula in whatever program opens them."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from flask import Response

from recovery_api.domain.sheet import FORMULAS

Cell = str | int | float | date | None


def safe(cell: Cell) -> str | int | float | date:
    """A cell as it is written; a text that a spreadsheet would reckon with stands behind an apostrophe."""
    if cell is None:
        return ""
    if isinstance(cell, str) and (cell.startswith(FORMULAS) or cell.lstrip().startswith(FORMULAS)):
        return f"'{cell}"
    return cell


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The file, to be kept; UTF-8 with a mark, so that accents survive."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([safe(cell) for cell in head])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    answer = Response("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
