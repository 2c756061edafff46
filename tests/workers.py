"""Workers: forks of the one process that has read the code and collected every test.

`--workers 3` gives each worker one file, or files that stay together, after the other; what it says of its tests is
reported here. A worker of xdist reads and collects everything again: five seconds of work in each of them.
"""

import os
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import pytest

WORKER = "PYTEST_WORKER"  # the variable with the name of the worker that runs these tests, if one does
ONE_AFTER_THE_OTHER = ("test_main_road.py", "test_bad_days.py")  # on the deployment that they share
# One demo for all: the Monday as it was seeded first, the days that the newcomer skips and the hour of texts last.
WITH_THE_DEMO = tuple(f"test_{name}_story.py" for name in ("day", "hostile", "pages", "demo", "enrolment"))
WITH_A_BROWSER = (  # and one application
    "test_doors.py",
    "browser/test_form_pages.py",
    "test_web_check_in_offline.py",
    "test_narrow_pages.py",
)
TOGETHER = (ONE_AFTER_THE_OTHER, WITH_THE_DEMO, WITH_A_BROWSER)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--workers`: how many processes run the tests."""
    parser.addoption("--workers", type=int, default=0, help="run the tests in so many processes beside this one")


def pytest_configure(config: pytest.Config) -> None:
    """Lead workers, where any were asked for."""
    if config.getoption("--workers"):
        config.pluginmanager.register(Leader(config.getoption("--workers")), "leader")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, int]:
    places = (place for files in TOGETHER for place, file in enumerate(files) if item.path.as_posix().endswith(file))
    return not (item.get_closest_marker("processes") or item.get_closest_marker("browser")), next(places, 9)


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of the worker that runs these tests; empty where they run in one process."""
    return os.environ.get(WORKER, "")


def tasks(names: Iterable[str]) -> list[list[int]]:
    """The places of tests, by what one worker runs in one go: a file, or the files that stay together."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        file = name.partition("::")[0]
        key = next((files[0] for files in TOGETHER if file.endswith(files)), file)
        found.setdefault(key, []).append(place)
    return list(found.values())


class Leader:
    """Gives tests to workers, and reports what they say."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._tasks: deque[list[int]] = deque()
        self._lines: dict[Connection[Any, Any], int] = {}  # to each worker, with its process
        self._running: dict[Connection[Any, Any], str] = {}
        self._ended: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Until every worker has said goodbye."""
        if session.testsfailed or session.config.option.collectonly:
            return None
        self._tasks.extend(tasks(item.nodeid for item in session.items))
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # one for all
        for number in range(min(self._count, len(self._tasks))):
            self._fork(session, number)
        try:
            while self._lines:
                for line in wait(list(self._lines)):
                    self._hear(session, line)  # type: ignore[arg-type]
        finally:
            for process in self._lines.values():  # none, unless we were interrupted, and so were they
                os.waitpid(process, 0)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if lost := [item.nodeid for item in session.items if item.nodeid not in self._ended]:
            _complain(session, f"{len(lost)} of the tests did not come to an end, the first is {lost[0]}.")
        return True

    def _fork(self, session: pytest.Session, number: int) -> None:
        ours, theirs = Pipe()
        process = os.fork()
        if process == 0:
            for line in (ours, *self._lines):
                line.close()
            Worker(session, number, theirs).work()
        theirs.close()
        self._lines[ours] = process

    def _hear(self, session: pytest.Session, line: "Connection[Any, Any]") -> None:
        try:
            kind, said = line.recv()
        except EOFError:
            self._end(session, line)
            return
        if kind == "more":
            goes_on = self._tasks and not session.shouldfail
            line.send(self._tasks.popleft() if goes_on else None)
        elif kind == "broken":
            _complain(session, said)
        elif kind == "goodbye":
            self._running.pop(line, None)
            for name, notes in said.items():
                session.config.pluginmanager.get_plugin(name).take_over(notes)
        else:
            self._running[line] = said[0] if kind == "begins" else self._running[line]
            if kind == "ended":
                self._ended.add(said[0])
            _report(session.config, kind, said)

    def _end(self, session: pytest.Session, line: "Connection[Any, Any]") -> None:
        """A worker that ends in the middle of a test has failed it."""
        _, status = os.waitpid(self._lines.pop(line), 0)
        line.close()
        if line in self._running:
            how = os.waitstatus_to_exitcode(status)
            _complain(session, f"A worker ended ({how}) in or after {self._running.pop(line)}.")


def _report(config: pytest.Config, kind: str, said: Any) -> None:
    """What a worker says of a test, as if it ran here."""
    if kind == "begins":
        config.hook.pytest_runtest_logstart(nodeid=said[0], location=said[1])
    elif kind == "report":
        report = config.hook.pytest_report_from_serializable(config=config, data=said)
        config.hook.pytest_runtest_logreport(report=report)
    else:
        config.hook.pytest_runtest_logfinish(nodeid=said[0], location=said[1])


def _complain(session: pytest.Session, why: str) -> None:
    session.testsfailed += 1
    terminal: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    terminal.ensure_newline()
    terminal.write_line(why, red=True)


class Worker:
    """Runs what it is given in a process of its own."""

    def __init__(self, session: pytest.Session, number: int, line: "Connection[Any, Any]") -> None:
        self._session = session
        self._name = f"gw{number}"
        self._line = line

    def work(self) -> None:
        """Until there is no more; it does not return."""
        try:
            self._attempt(self._begin)
            self._attempt(self._run)
            self._attempt(partial(self._session._setupstate.teardown_exact, None))
            self._line.send(("goodbye", self._notes()))
        finally:
            os._exit(0)

    def _attempt(self, step: Callable[[], None]) -> None:
        """Whatever goes wrong beside the tests is told where somebody reads it."""
        try:
            step()
        except KeyboardInterrupt:
            return
        except BaseException:
            with suppress(OSError):  # where nobody listens any more, there is still something to put away
                self._line.send(("broken", traceback.format_exc()))

    def _begin(self) -> None:
        """Alone with a folder, a capture of what is printed, and nobody who writes to the terminal."""
        os.environ[WORKER] = self._name
        plugins = self._session.config.pluginmanager
        capture: Any = plugins.get_plugin("capturemanager")
        capture.stop_global_capturing()
        capture.start_global_capturing()
        for name in ("terminalreporter", "tenths", "leader"):
            if plugins.has_plugin(name):
                plugins.unregister(name=name)
        plugins.register(self, "worker")
        folders: Any = self._session.config._tmp_path_factory  # type: ignore[attr-defined]
        folders._basetemp = Path(folders.getbasetemp()) / self._name
        folders._basetemp.mkdir()

    def _run(self) -> None:
        session = self._session
        while not session.shouldfail and (places := self._ask()):
            for place, after in zip(places, [*places[1:], None], strict=True):
                item = session.items[place]
                # What comes after a task is not known yet: what belongs to the session stays until the end.
                following: Any = session if after is None else session.items[after]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.shouldfail:
                    break

    def _ask(self) -> list[int] | None:
        self._line.send(("more", None))
        given: list[int] | None = self._line.recv()
        return given

    def _notes(self) -> dict[str, Any]:
        plugins = self._session.config.pluginmanager.list_name_plugin()
        return {name: one.hand_over() for name, one in plugins if hasattr(one, "hand_over")}

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """A test begins."""
        self._line.send(("begins", (nodeid, location)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One of its three parts is over."""
        config = self._session.config
        self._line.send(("report", config.hook.pytest_report_to_serializable(config=config, report=report)))

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """It has ended."""
        self._line.send(("ended", (nodeid, location)))
