"""Files of records that a command writes: for their owner alone, whole or not at all, and never over another."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

_MODE = 0o600


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A text file that appears as `path` when the block ends well. Raises ClickException where it exists."""
    _refuse_existing(path)
    draft = Path(f"{path.parent / f'.{path.name}'}.{os.getpid()}")
    try:
        with open_private(draft) as file:
            yield file
        os.link(draft, path)
    except FileExistsError:
        raise click.ClickException(f"{path}: exists already; nothing was written") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder that appears as `path` when the block ends without an error; an empty one may be there."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise click.ClickException(f"{path}: is there and not empty; nothing was written")
    draft = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        yield draft
        draft.rename(path)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror or error}") from None
    finally:
        if draft is not None and draft.exists():
            shutil.rmtree(draft)


def open_private(path: Path) -> TextIO:
    """A new text file that its owner alone may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    return os.fdopen(handle, "w", newline="", encoding="utf-8")


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise click.ClickException(f"{path}: exists already; nothing was written")
