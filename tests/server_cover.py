"""What runs again on each other PostgreSQL: migrations, walls, a story, and tests that together send every statement.

`tests/data/server_cover.txt` names them; `make cover` chooses them anew. A whole run notes what every test sends, and
how the server ended it: a test with a statement, or an end of one, that none of those has is run there as well.
"""

import re
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.nursery import PROJECT

COVER = PROJECT / "tests" / "data" / "server_cover.txt"
LEFT_OUT = PROJECT / "build" / "not-covered.txt"
SCHEMA, STORIES = "tests/models/", "tests/stories/"  # migrations up and down, walls; what is marked of the stories
EACH = 0.01  # seconds that a test costs beside its own time
_IN_A_TEST = (
    (re.compile(r"%\(\w+\)s|%[st]|\$\d+"), "?"),
    (re.compile(r"gw\d+|alone|\d+"), "N"),  # databases of workers, savepoints, limits
    (re.compile(r"\?(?:::[\w\[\]]+)?(?:, \?(?:::[\w\[\]]+)?)+"), "?"),  # as many as there are values
    (re.compile(r"\(\?\)(?:, \(\?\))+"), "(?)"),
    (re.compile(r"\s+"), " "),
)


def shape(statement: str) -> str:
    """A statement without what differs from one test to the next: names and numbers of parameters, rows, blanks."""
    for pattern, instead in _IN_A_TEST:
        statement = pattern.sub(instead, statement)
    return statement.strip()


def choose(sent: Mapping[str, Collection[str]], seconds: Mapping[str, float], given: Iterable[str] = ()) -> list[str]:
    """Tests that send, beside those `given`, all that is sent; always the one next with the most new for its time."""
    missing = set().union(*sent.values()).difference(*(sent[name] for name in given))
    chosen: list[str] = []
    while missing:
        best = max(sorted(sent), key=lambda name: len(missing & set(sent[name])) / (seconds.get(name, 0.0) + EACH))
        chosen.append(best)
        missing -= set(sent[best])
    return sorted(chosen)


def left_out(sent: Mapping[str, Collection[str]], cover: Collection[str]) -> list[str]:
    """Tests that send what none of `cover` and none before them sends."""
    known = set().union(*(sent[name] for name in sent if name in cover))
    rest = []
    for name in sorted(sent):
        if not known.issuperset(sent[name]):
            known.update(sent[name])
            rest.append(name)
    return rest


def cover_of(file: Path = COVER) -> list[str]:
    """The tests that a file names."""
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--statements`: what is done with the statements that tests send."""
    parser.addoption(
        "--statements", choices=("note", "cover", "choose"), help="note who sends which; run the cover; choose it anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note, where that was asked for."""
    wanted = config.getoption("--statements")
    if wanted in ("note", "choose"):
        config.pluginmanager.register(Notes(choosing=wanted == "choose"), "statements-noted")
    if wanted == "cover":
        config.pluginmanager.register(Cover(config.rootpath), "statements-covered")


class Cover:
    """Leaves out every test that the cover does without."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = set(cover_of())
        self._files = {name.partition("::")[0] for name in self._names}

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Whole files."""
        path = collection_path.relative_to(self._root).as_posix()
        is_wanted = path in self._files or path.startswith((SCHEMA, STORIES)) or collection_path.suffix != ".py"
        return None if is_wanted else True

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Tests of a file."""
        wanted = {item: _is_always(item) or item.nodeid in self._names for item in items}
        config.hook.pytest_deselected(items=[item for item in items if not wanted[item]])
        items[:] = [item for item in items if wanted[item]]


def _is_always(item: pytest.Item) -> bool:
    is_marked = item.get_closest_marker("server") is not None
    return item.nodeid.startswith(SCHEMA) or (is_marked and item.nodeid.startswith(STORIES))


def _is_noted(item: pytest.Item) -> bool:
    return item.get_closest_marker("server") is not None and item.get_closest_marker("processes") is None


class Notes:
    """What every test sends to its database, by test; in workers, and put together where they are led from."""

    def __init__(self, choosing: bool) -> None:
        self._choosing = choosing
        self._test = ""
        self._shapes: dict[str | bytes, str] = {}
        self._sent: dict[str, set[str]] = {}
        self._seconds: dict[str, float] = {}
        self._always: set[str] = set()
        self._patch = pytest.MonkeyPatch()

    def pytest_sessionstart(self) -> None:
        """Listen at the driver, under SQLAlchemy and under our own prepared statements."""
        for name in ("execute", "executemany", "copy"):
            self._patch.setattr(psycopg.Cursor, name, self._noting(getattr(psycopg.Cursor, name)))

    def _noting(self, method: Any) -> Any:
        def noting(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            ended: str | None = ""
            try:
                return method(cursor, query, *arguments, **options)
            except psycopg.Error as error:
                ended = error.sqlstate
                raise
            finally:
                if self._test:
                    self._note(query, ended or "")

        return noting

    def _note(self, query: Any, ended: str) -> None:
        query = query.as_string() if isinstance(query, sql.Composable) else query
        known = self._shapes.get(query)
        if known is None:
            known = self._shapes[query] = shape(query.decode() if isinstance(query, bytes) else query)
        self._sent.setdefault(self._test, set()).add(f"{known} -> {ended}" if ended else known)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """One test, with what makes ready for it."""
        began, self._test = perf_counter(), item.nodeid if _is_noted(item) else ""
        if _is_always(item):
            self._always.add(item.nodeid)
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = perf_counter() - began
            self._test = ""

    def hand_over(self) -> dict[str, Any]:
        """What a worker has noted."""
        return {"sent": self._sent, "seconds": self._seconds, "always": self._always}

    def take_over(self, notes: dict[str, Any]) -> None:
        """Put a worker's notes to ours."""
        self._sent.update(notes["sent"])
        self._seconds.update(notes["seconds"])
        self._always.update(notes["always"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Say what the notes come to."""
        self._patch.undo()
        if self._choosing:
            _write(COVER, choose(self._sent, self._seconds, self._always & set(self._sent)))
        else:
            _write(LEFT_OUT, left_out(self._sent, {*cover_of(), *self._always}))


def _write(file: Path, names: Iterable[str]) -> None:
    file.parent.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        file.unlink()
    file.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
