"""The files of a running process: its pid where operators look for it, and its log."""

import os
from pathlib import Path

from recovery_api.config import Settings, SettingsRefused


def note_process(process: str, settings: Settings) -> None:
    """Write the pid file of `process`, and begin its log where there is a folder for it.

    Raises SettingsRefused where RUN_DIR or LOG_DIR cannot be written to.
    """
    if settings.log_dir is not None:
        _add("LOG_DIR", settings.log_dir / f"{process}.log", "a", "")
    _add("RUN_DIR", settings.run_dir / f"{process}.pid", "w", f"{os.getpid()}\n")


def _add(name: str, file: Path, mode: str, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="ascii") as stream:
            stream.write(text)
    except OSError as error:
        raise SettingsRefused(f"{name} cannot be written to: {error.strerror or type(error).__name__}") from None
