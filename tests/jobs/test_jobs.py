"""The jobs: work that fails is written down and the next round comes, and the timetable does what it names."""

import os
import socket
from datetime import timedelta

import pytest
from flask import Flask

from jobs.runner import JobsApp
from jobs.sender import _release_the_dead
from jobs.timetable import TIMETABLE
from recovery_api.config import Settings, SettingsRefused
from recovery_api.services.claim_work import claim_work, current_holders
from tests.builders import NOW, PatientPersona

HERE = socket.gethostname()


def jobs_app_of(app: Flask) -> JobsApp:
    return JobsApp(app, app.extensions["recovery"], f"{HERE}:{os.getpid()}:1")


def test_work_that_fails_is_written_down_and_ends_nothing(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> int:
        raise ValueError("+12125550141 is in this message")

    jobs_app = jobs_app_of(app)
    assert jobs_app.attempt("broken", broken) == 0
    assert jobs_app.attempt("sound", lambda: 3) == 3
    said = capsys.readouterr().out
    assert "broken" in said
    assert "ValueError" in said
    assert "2125550141" not in said


def test_settings_that_are_unfit_start_no_job(settings: Settings) -> None:
    with pytest.raises(SettingsRefused, match="PUBLIC_URL is not set"):
        JobsApp.start(Settings(**{**vars(settings), "public_url": ""}))


def test_every_tick_of_the_timetable_does_its_work_and_finds_nothing_the_second_time(ann: PatientPersona) -> None:
    jobs_app = jobs_app_of(ann.clinic.app)
    later = NOW + timedelta(days=3)
    with ann.clinic.app.app_context():
        first = {job.name: job.run(jobs_app, later) for job in TIMETABLE}
        assert all(count > 0 for count in first.values()), first
        while any(job.run(jobs_app, later) for job in TIMETABLE):
            pass
    assert {job.name for job in TIMETABLE} == {"plan_reminders", "hand_over_reminders", "watch_silence"}
    assert all("{count}" in job.counts and job.every_seconds > 0 for job in TIMETABLE)


def test_only_what_dead_processes_of_this_machine_held_is_freed(ann: PatientPersona) -> None:
    dead, living, elsewhere = f"{HERE}:999999999:1", f"{HERE}:{os.getpid()}:1", "another-machine:1:1"
    with ann.clinic.app.app_context():
        for holder in (dead, living, elsewhere):
            assert len(claim_work("reminder", holder, NOW + timedelta(days=14), 1)) == 1
        assert _release_the_dead() == 1
        assert sorted(current_holders()) == sorted([living, elsewhere])
