"""Processes that start at once: forked from one that has read the product's code, each then as by its command line.

The demo's stories start every process by its command line itself, and the bad days a ticker.
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from recovery_api.cli.warm_packs import read_every_pack

PROJECT = Path(__file__).parents[1]
CODE = (
    "flask.cli",
    "flask_migrate",
    "granian.server",
    "jobs.sender",
    "jobs.ticker",
    "recovery_api.app",
    "recovery_api.cli.seed_test",
    "recovery_api.cli.serve",
    "recovery_api.simulator.carrier",
    "twilio.rest",
)


class Forked:
    """A process of the nursery, the leader of a session of its own; used as a `subprocess.Popen` is."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._ended: int | None = None

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        if self._ended is None:
            self._ended = self._nursery.ask({"ended": self.pid})
        return self._ended

    def wait(self, seconds: float = 60) -> int:
        """How it ended. Raises TimeoutExpired where it runs on."""
        until = time.monotonic() + seconds
        while (ended := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(str(self.pid), seconds)
            time.sleep(0.02)
        return ended

    def terminate(self) -> None:
        """SIGTERM to it alone."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class Nursery:
    """The parent of those processes. They end with it, however it ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,  # who stops the tests by Ctrl-C lets them end it
        )  # fmt: skip
        self._one_at_a_time = threading.Lock()

    def start(self, command: Sequence[str], env: Mapping[str, str], output: Path) -> Forked:
        """Run `command`, which is `python -m MODULE ...`, with `env` alone; what it says is added to `output`."""
        assert list(command[:2]) == [sys.executable, "-m"]
        return Forked(self, self.ask({"run": command[2:], "env": dict(env), "output": str(output)}))

    def ask(self, question: dict[str, Any]) -> Any:
        """One question and its answer."""
        asking, answers = self._process.stdin, self._process.stdout
        assert asking is not None
        assert answers is not None
        with self._one_at_a_time:
            asking.write(json.dumps(question).encode() + b"\n")
            asking.flush()
            answer = answers.readline()
        assert answer, "the nursery has ended; its reason stands above"
        return json.loads(answer)

    def close(self) -> None:
        """End it, and whatever of it is left."""
        self._process.communicate()


def serve() -> None:
    """Answer questions until whoever asks has gone; in a child, become what was asked for."""
    read_code()
    gc.freeze()  # what children share is not walked through in any of them
    ended: dict[int, int | None] = {}  # by the number of each child; None while it runs
    nursery = os.getpid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        while line := sys.stdin.buffer.readline():
            asked = json.loads(line)
            if "ended" in asked:
                _answer(_how_it_ended(asked["ended"], ended))
                continue
            pid = os.fork()
            if pid == 0:
                _become(asked["run"], asked["env"], asked["output"])
                return
            ended[pid] = None
    finally:
        if os.getpid() == nursery:
            _end_all(pid for pid, how in ended.items() if how is None)


def _how_it_ended(pid: int, ended: dict[int, int | None]) -> int | None:
    """As often as it is asked: two threads may ask of one process."""
    if ended[pid] is None:
        found, status = os.waitpid(pid, os.WNOHANG)
        ended[pid] = os.waitstatus_to_exitcode(status) if found else None
    return ended[pid]


def _end_all(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _answer(what: int | None) -> None:
    os.write(sys.__stdout__.fileno(), json.dumps(what).encode() + b"\n")  # nothing stays in a buffer for the children


def read_code() -> None:
    """All that the processes import, and the packs; nothing that depends on an environment, and no connection."""
    for name in CODE:
        import_module(name)
    read_every_pack()


def _become(command: list[str], env: dict[str, str], output: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setsid()
    _answer(os.getpid())  # not before: who kills its whole group at once must find it
    os.environ.clear()
    os.environ.update(env)
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for place, source in enumerate((nothing, written, written)):
        os.dup2(source, place)
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve()
