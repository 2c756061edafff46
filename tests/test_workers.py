"""How this suite is run: by which worker, and by which tests on each other PostgreSQL."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.nursery import PROJECT
from tests.server_cover import choose, left_out, shape
from tests.workers import tasks

FILES = {
    "test_ends.py": "import os\n\ndef test_ends():\n    os.kill(os.getpid(), 9)\n",
    "test_interrupts.py": "def test_it():\n    raise KeyboardInterrupt\n\ndef test_behind():\n    assert 1 == 2\n",
    "test_fails.py": "def test_fails():\n    print('what it said')\n    assert 1 == 2\n",
    "test_leaves.py": """
import pytest

@pytest.fixture(scope="session")
def leaves():
    yield
    raise LookupError("left behind")

def test_leaves(leaves):
    pass
""",
    "test_passes.py": "def test_passes(tmp_path):\n    assert 'gw' in str(tmp_path)\n",
}
SAID = ("A worker ended (-9) in or after test_ends.py::test_ends.", "what it said", "LookupError: left behind",
        "FAILED test_fails.py::test_fails", "3 of the tests did not come to an end", "1 failed, 2 passed")  # fmt: skip


def test_nothing_that_goes_wrong_in_a_worker_is_lost(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    base = tmp_path / "base"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.workers", "--workers", "3", "--rootdir", tmp_path]
    command += ["--basetemp", base]
    env = {"PYTHONPATH": str(PROJECT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert [words for words in SAID if words not in run.stdout] == [], run.stdout
    assert {folder.name for folder in base.iterdir()} == {"gw0", "gw1", "gw2"}, (
        "folders beside each other, for what they share"
    )


def test_a_file_and_files_that_share_something_stay_with_one_worker() -> None:
    names = ("tests/a.py::one", "tests/stories/test_main_road.py::one", "tests/a.py::two",
             "tests/faults/test_bad_days.py::one", "tests/b.py::one[x::y]")  # fmt: skip
    assert tasks(names) == [[0, 2], [1, 3], [4]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t WHERE b = %(b_1)s", "SELECT a\n FROM t WHERE b = %(b_2)s"),
        ("SELECT a FROM t WHERE b IN (%(b_1)s, %(b_2)s)", "SELECT a FROM t WHERE b IN (%(b_1)s, %(b_2)s, %(b_3)s)"),
        ("INSERT INTO t VALUES ($1::UUID, $2::TEXT)", "INSERT INTO t VALUES ($3::UUID, $4::TEXT)"),
        ("SAVEPOINT sa_savepoint_1", "SAVEPOINT sa_savepoint_27"),
    ],
)
def test_a_statement_is_the_same_whatever_its_parameters_are_called(one: str, other: str) -> None:
    assert shape(one) == shape(other)


def test_other_columns_tables_and_ends_are_other_statements() -> None:
    assert len({shape(f"SELECT {column} FROM {table}") for column in "ab" for table in ("t", "u")}) == 4


def test_the_cover_sends_everything_and_prefers_what_sends_much_in_little_time() -> None:
    sent = {"always": {"a"}, "much": {"b", "c"}, "slow": {"b", "c", "d"}, "rest": {"d"}, "nothing new": {"a", "b"}}
    assert choose(sent, {"slow": 9.0}, ["always"]) == ["much", "rest"]
    assert left_out(sent, ["always", "much", "rest", "gone since"]) == []
    assert left_out(sent, ["always", "much"]) == ["rest"]
