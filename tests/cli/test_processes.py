"""The supervisor: children start, come back after a death, stop on a signal, and never outlive it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from recovery_api.cli.child_process import restart_delay
from recovery_api.cli.processes import Child, NotReady, Supervisor
from recovery_api.gateways.postgres_process import is_alive

PROJECT = Path(__file__).parents[2]
ENV = {"PATH": os.defpath, "GREETING": "hello from the environment"}
WAITS = ("/bin/sh", "-c", "exec sleep 600")
HAS_A_CHILD = ("/bin/sh", "-c", 'sleep 600 & echo "grandchild $!"; wait')
IGNORES_SIGTERM = ("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 600; done")
DIES = ("/bin/sh", "-c", "echo the key is missing; exit 3")
SERVES = """
import http.server, sys
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
SUPERVISE = """
import os, sys
from pathlib import Path
from recovery_api.cli.processes import Child, Supervisor
waits = Child("web", ["/bin/sh", "-c", 'sleep 600 & echo "grandchild $!"; wait'], {"PATH": os.defpath})
with Supervisor([waits, Child("ticker", ["/bin/sh", "-c", "exec sleep 600"], {"PATH": os.defpath})],
                Path(sys.argv[1]), Path(sys.argv[1])) as supervisor:
    supervisor.start()
    print("started", flush=True)
    supervisor.run()
"""


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A supervisor in a process of its own, with a child `web`, its own child, and `ticker`."""
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    yield process
    process.kill()
    process.communicate(timeout=10)


def supervisor_of(folder: Path, *children: Child, said: list[str] | None = None) -> Supervisor:
    told = said if said is not None else []
    return Supervisor(children, folder / "run", folder / "log", say=told.append, seconds_to_stop=0.5)


def eventually(fact: Callable[[], object], seconds: float = 20) -> bool:
    pause = Event()
    return any(fact() or pause.wait(0.02) for _ in range(int(seconds / 0.02)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pid_in(file: Path) -> int:
    return int(file.read_text())


def grandchild_in(log: Path) -> int:
    assert eventually(lambda: log.exists() and "grandchild" in log.read_text())
    return int(log.read_text().split()[-1])


def test_children_run_with_their_environment_their_pid_file_and_their_log(tmp_path: Path) -> None:
    speaks = Child("web", ("/bin/sh", "-c", 'echo "$GREETING" >&2; env; exec sleep 600'), ENV)
    with supervisor_of(tmp_path, speaks, Child("ticker", WAITS, ENV)) as supervisor:
        supervisor.start()
        assert pid_in(tmp_path / "run" / "web.pid") == supervisor.pids()["web"]
        assert pid_in(tmp_path / "run" / "ticker.pid") == supervisor.pids()["ticker"]
        log = tmp_path / "log" / "web.log"
        assert eventually(lambda: log.read_text().startswith("hello from the environment\n"))
        assert str(Path.home()) not in log.read_text()


def test_leaving_stops_every_child_and_removes_its_pid_file(tmp_path: Path) -> None:
    with supervisor_of(tmp_path, Child("web", WAITS, ENV), Child("ticker", WAITS, ENV)) as supervisor:
        supervisor.start()
        pids = supervisor.pids().values()
    assert len(pids) == 2
    assert not any(map(is_alive, pids))
    assert list((tmp_path / "run").iterdir()) == []


def test_a_killed_child_is_started_again_under_a_new_pid(tmp_path: Path) -> None:
    said: list[str] = []
    with supervisor_of(tmp_path, Child("ticker", WAITS, ENV), said=said) as supervisor:
        supervisor.start()
        first = supervisor.pids()["ticker"]
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: supervisor.start() or supervisor.pids().get("ticker", first) != first)
        assert pid_in(tmp_path / "run" / "ticker.pid") == supervisor.pids()["ticker"]
    assert len(said) == 1
    assert said[0].startswith("ticker ended with exit code -9; it is started again.")


def test_what_a_killed_child_left_behind_is_ended_before_it_starts_again(tmp_path: Path) -> None:
    with supervisor_of(tmp_path, Child("web", HAS_A_CHILD, ENV)) as supervisor:
        supervisor.start()
        first, worker = supervisor.pids()["web"], grandchild_in(tmp_path / "log" / "web.log")
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: supervisor.start() or supervisor.pids().get("web", first) != first)
        assert eventually(lambda: not is_alive(worker))


def test_a_child_that_will_not_stop_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    with supervisor_of(tmp_path, Child("web", IGNORES_SIGTERM, ENV)) as supervisor:
        supervisor.start()
        assert eventually(lambda: "deaf" in (tmp_path / "log" / "web.log").read_text())
        pid = supervisor.pids()["web"]
    assert not is_alive(pid)


def test_a_child_gets_the_chance_to_finish(tmp_path: Path) -> None:
    finishes = ("/bin/sh", "-c", "trap 'echo finished; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    log = tmp_path / "log" / "sender-alert.log"
    with Supervisor([Child("sender-alert", finishes, ENV)], tmp_path / "run", tmp_path / "log") as supervisor:
        supervisor.start()
        assert eventually(lambda: "ready" in log.read_text())
    assert log.read_text() == "ready\nfinished\n"


def test_a_child_that_keeps_dying_is_named_with_its_last_words(tmp_path: Path) -> None:
    with supervisor_of(tmp_path, Child("web", DIES, ENV)) as supervisor:
        supervisor.start()
        with pytest.raises(NotReady, match=r"web does not start:\n(.*\n)*the key is missing"):
            supervisor.wait_until_ready("http://127.0.0.1:1/readyz", 60)


def test_a_child_that_keeps_dying_is_started_ever_later_but_never_given_up() -> None:
    delays = [restart_delay(deaths) for deaths in range(1, 2000)]
    assert delays == sorted(delays)
    assert 0 < delays[0] < 1
    assert delays[-1] == 10


def test_the_web_is_ready_once_it_answers_200(tmp_path: Path) -> None:
    port = free_port()
    with supervisor_of(tmp_path, Child("web", (sys.executable, "-c", SERVES, str(port)), ENV)) as supervisor:
        supervisor.start()
        assert supervisor.wait_until_ready(f"http://127.0.0.1:{port}/", 30)
        with pytest.raises(NotReady, match="/missing was not ready within 1 s"):
            supervisor.wait_until_ready(f"http://127.0.0.1:{port}/missing", 1)


def test_a_signal_ends_the_waiting_and_the_old_answer_to_signals_comes_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with supervisor_of(tmp_path, Child("ticker", WAITS, ENV)) as supervisor:
        supervisor.start()
        os.kill(os.getpid(), signal.SIGTERM)
        assert supervisor.wait_until_ready("http://127.0.0.1:1/", 60) is False
        supervisor.run()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_missing_program_leaves_nothing_running(tmp_path: Path) -> None:
    pids: list[int] = []
    with supervisor_of(tmp_path, Child("ticker", WAITS, ENV), Child("web", ("/no/such/program",), ENV)) as supervisor:
        with pytest.raises(FileNotFoundError):
            supervisor.start()
        pids += supervisor.pids().values()
    assert len(pids) == 1
    assert not is_alive(pids[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_cleanly(
    supervised: "subprocess.Popen[str]", tmp_path: Path, number: signal.Signals
) -> None:
    pids = [pid_in(tmp_path / "web.pid"), pid_in(tmp_path / "ticker.pid"), grandchild_in(tmp_path / "web.log")]
    supervised.send_signal(number)
    assert supervised.wait(20) == 0
    assert not any(map(is_alive, pids))
    assert not list(tmp_path.glob("*.pid"))


def test_children_do_not_outlive_a_supervisor_that_is_killed(
    supervised: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    pids = [pid_in(tmp_path / "web.pid"), pid_in(tmp_path / "ticker.pid"), grandchild_in(tmp_path / "web.log")]
    assert all(map(is_alive, pids))
    supervised.kill()
    assert eventually(lambda: not any(map(is_alive, pids)))


def test_children_do_not_outlive_it_even_when_the_guardian_was_killed_before(
    supervised: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    pids = [pid_in(tmp_path / "web.pid"), pid_in(tmp_path / "ticker.pid")]
    [first] = guardians_of(supervised.pid)
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: guardians_of(supervised.pid) not in ([first], []))
    supervised.kill()
    assert eventually(lambda: not any(map(is_alive, pids)))


def guardians_of(supervisor: int) -> list[int]:
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(pid) for pid in children if "guardian.py" in Path(f"/proc/{pid}/cmdline").read_text()]
