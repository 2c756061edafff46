"""Files that a command writes: whole, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click


@contextmanager
def replaced_file(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when the block ends without an error; a device is written directly.

    Raises ClickException where the system refuses.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("w", newline="", encoding="utf-8") as file:
                yield file
        else:
            yield from _beside(path.resolve())
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from None


def _beside(path: Path) -> Iterator[TextIO]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            yield file
        draft.chmod(path.stat().st_mode if path.exists() else 0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
