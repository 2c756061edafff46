"""The demo's processes: started together, restarted when one dies, stopped together, and never left behind."""

import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any
from urllib.parse import urlsplit

from recovery_api.cli import guardian
from recovery_api.cli.child_process import Child, ChildProcess
from recovery_api.clock import monotonic
from recovery_api.domain.errors import RecoveryError

__all__ = ["Child", "NotReady", "Supervisor"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SECONDS_BETWEEN_LOOKS = 0.1
_DEATHS_THAT_ARE_ENOUGH = 3


class NotReady(RecoveryError):
    """The processes did not come up; the message says which one, with the end of its log."""

    code = "not_ready"


class Supervisor:
    """Runs children as long as the `with` block lasts; enter it in the main thread, since it takes the signals.

    SIGINT, SIGTERM and SIGHUP end `run` and `wait_until_ready`; leaving the block stops every child.
    `say` is told, in a line, of each death.
    """

    def __init__(
        self,
        children: Sequence[Child],
        run_dir: Path,
        log_dir: Path,
        *,
        say: Callable[[str], Any] = lambda line: None,
        seconds_to_stop: float = 10.0,
    ) -> None:
        self._folders = (run_dir, log_dir)
        self._processes = [ChildProcess(child, run_dir, log_dir) for child in children]
        self._say = say
        self._seconds_to_stop = seconds_to_stop
        self._asked_to_stop = threading.Event()
        self._guardian = _Guardian()
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Supervisor":
        for folder in self._folders:
            folder.mkdir(parents=True, exist_ok=True)
        self._handlers = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop_children()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self) -> None:
        """Start every child; `wait_until_ready` and `run` keep it running. Raises OSError for a missing program."""
        self._tend()

    def wait_until_ready(self, url: str, seconds: float) -> bool:
        """Whether `url` answered 200; False where we were asked to stop meanwhile. Raises NotReady."""
        deadline = monotonic() + seconds
        while not self._asked_to_stop.wait(_SECONDS_BETWEEN_LOOKS):
            self._tend()
            if _answers(url):
                return True
            self._give_up_on_the_dying()
            if monotonic() > deadline:
                raise NotReady(f"{url} was not ready within {seconds:.0f} s; the logs are in {self._folders[1]}.")
        return False

    def run(self) -> None:
        """Keep every child running until a signal or `stop` says otherwise."""
        while not self._asked_to_stop.wait(_SECONDS_BETWEEN_LOOKS):
            self._tend()

    def stop(self) -> None:
        """Make `run` return."""
        self._asked_to_stop.set()

    def pids(self) -> dict[str, int]:
        """The pid of each child that runs now, by name."""
        return {process.child.name: process.pid for process in self._processes if process.pid}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()

    def _tend(self) -> None:
        for process in self._processes:
            code = process.take_note_of_death()
            if code is not None:
                self._say(f"{process.child.name} ended with exit code {code}; it is started again. See {process.log}")
            process.start_if_due()
            self._guardian.watch(set(self.pids().values()))

    def _give_up_on_the_dying(self) -> None:
        for process in self._processes:
            if process.deaths_in_a_row >= _DEATHS_THAT_ARE_ENOUGH:
                raise NotReady(f"{process.child.name} does not start:\n{process.last_words()}")

    def _stop_children(self) -> None:
        for process in reversed(self._processes):
            process.ask_to_stop()
        deadline = monotonic() + self._seconds_to_stop
        for process in self._processes:
            process.make_sure_it_stopped(deadline)
        self._guardian.dismiss()


class _Guardian:
    """Our end of the pipe to the process that outlives us by a moment."""

    def __init__(self) -> None:
        self._told: set[int] | None = None
        self._process: subprocess.Popen[str] | None = None

    def watch(self, groups: set[int]) -> None:
        """Make sure that a guardian runs and knows what it would have to end."""
        if self._process is None or self._process.poll() is not None:
            self._told, self._process = groups, _start_guardian(groups)
        if groups != self._told and self._process.stdin:
            self._process.stdin.write(" ".join(map(str, groups)) + "\n")
            self._process.stdin.flush()
            self._told = groups

    def dismiss(self) -> None:
        """Let it go, with nothing left to end."""
        self.watch(set())
        if self._process:
            self._process.communicate()
            self._process = None


def _start_guardian(groups: set[int]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 (our own file, no shell)
        [sys.executable, "-I", "-S", guardian.__file__, *map(str, groups)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _answers(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=2)
    try:
        connection.request("GET", address.path or "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
