"""One supervised process: its pid file, its log, and its next start after a death."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL

from recovery_api.cli.guardian import signal_group
from recovery_api.clock import monotonic

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0
_SECONDS_OF_HEALTH = 10.0
_LOG_TAIL_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Child:
    """What to run under which name; `env` is its whole environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]


def restart_delay(deaths_in_a_row: int) -> float:
    """The seconds to wait before a child that keeps dying is started again."""
    return min(_FIRST_DELAY * 2.0 ** min(deaths_in_a_row - 1, 10), _LONGEST_DELAY)


class ChildProcess:
    """A child that is started in a process group of its own, and again after each death, later each time."""

    def __init__(self, child: Child, run_dir: Path, log_dir: Path) -> None:
        self.child = child
        self.deaths_in_a_row = 0
        self.log = log_dir / f"{child.name}.log"
        self._pid_file = run_dir / f"{child.name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = self._start_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process, and the group, that runs now."""
        return self._process.pid if self._process else None

    def start_if_due(self) -> None:
        """Start the process unless it runs, or the delay after its last death is not over."""
        if self._process or monotonic() < self._start_at:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 (the caller's own programs, no shell)
                list(self.child.argv),
                env=dict(self.child.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started_at = monotonic()
        new = self._pid_file.with_suffix(".new")
        new.write_text(f"{self._process.pid}\n", encoding="ascii")
        new.replace(self._pid_file)

    def take_note_of_death(self) -> int | None:
        """Where the process has ended since the last call: its exit code. What it left behind is killed."""
        if self._process is None or (code := self._process.poll()) is None:
            return None
        signal_group(self._process.pid, SIGKILL)
        lived = monotonic() - self._started_at
        self.deaths_in_a_row = 1 if lived >= _SECONDS_OF_HEALTH else self.deaths_in_a_row + 1
        self._start_at = monotonic() + restart_delay(self.deaths_in_a_row)
        self._process = None
        return code

    def ask_to_stop(self) -> None:
        """Send SIGTERM, which lets the process finish what it does."""
        if self._process:
            self._process.terminate()

    def make_sure_it_stopped(self, deadline: float) -> None:
        """Wait until `deadline` (of `clock.monotonic`), then kill it and all that it started."""
        if self._process:
            try:
                self._process.wait(max(0.0, deadline - monotonic()))
            except subprocess.TimeoutExpired:
                self._process.kill()
            signal_group(self._process.pid, SIGKILL)
            self._process.wait()
            self._process = None
        self._pid_file.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()
