"""`serve` and the jobs where their machine does not let them: a line each, never a trace."""

import dataclasses
import os
import socket
from pathlib import Path

import pytest

from recovery_api.cli.play import fill_in
from recovery_api.cli.serve import _free_address
from recovery_api.config import Settings, SettingsRefused
from recovery_api.gateways.process_files import note_process


def settings_in(folder: Path) -> Settings:
    return Settings(run_dir=folder / "run", log_dir=folder / "logs")


def test_a_process_leaves_its_pid_and_begins_its_log(tmp_path: Path) -> None:
    note_process("ticker", settings_in(tmp_path))
    assert (tmp_path / "run/ticker.pid").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "logs/ticker.log").read_text() == ""


@pytest.mark.parametrize(("name", "field"), [("RUN_DIR", "run_dir"), ("LOG_DIR", "log_dir")])
def test_a_folder_that_is_none_is_refused_by_its_name(name: str, field: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = dataclasses.replace(settings_in(tmp_path), **{field: tmp_path / "file"})
    with pytest.raises(SettingsRefused, match=f"^{name} cannot be written to: "):
        note_process("web", settings)


def test_a_demo_in_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsRefused, match=r"^RUN_DIR cannot be made: "):
        fill_in(Settings(env="test", run_dir=tmp_path / "file"))


def test_a_port_of_another_program_and_a_host_that_is_none_are_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SettingsRefused, match="already in use"):
            _free_address("127.0.0.1", other.getsockname()[1])
    for host in ("203.0.113.1", "no such host", "a" * 300):
        with pytest.raises(SettingsRefused, match="nobody can listen on port 8000"):
            _free_address(host, 8000)


def test_a_web_may_follow_another_on_its_port_and_a_name_becomes_an_address() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert _free_address("localhost", other.getsockname()[1]) in ("127.0.0.1", "::1")
