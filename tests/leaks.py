"""Phones where none may stand: in what real processes wrote down."""

import re
from pathlib import Path

PHONE = re.compile(r"(?<![0-9a-f-])(?:\+?1)?[2-9]\d{2}55501\d{2}(?![0-9a-f])")  # the range of made-up numbers


def phones_in(folder: Path) -> set[str]:
    """Files under `folder`, logs and output of processes, in which a phone stands."""
    files = [*folder.rglob("*.log"), *folder.rglob("*.out")]
    return {str(file) for file in files if file.is_file() and PHONE.search(file.read_text(errors="replace"))}
