"""The jobs: work that fails is written down and the next round comes, and the timetable does what it names."""

import os
import socket
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, select, update
from structlog.testing import capture_logs

from jobs.__main__ import main
from jobs.runner import JobsApp
from jobs.sender import _claim, _release_the_dead, run_sender
from jobs.ticker import Rounds, tick
from jobs.timetable import TIMETABLE, Job
from recovery_api.app import create_app
from recovery_api.clock import monotonic
from recovery_api.config import Settings, SettingsRefused
from recovery_api.domain.readings import Finding
from recovery_api.domain.tiers import Tier
from recovery_api.gateways.sms import InboundText
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, snooze_flag
from recovery_api.services.beat import beat
from recovery_api.services.claim_work import claim_work, current_holders
from recovery_api.services.queue_texts import Outgoing, Recipient, queue_texts
from recovery_api.services.raise_flags import FlagSubject, raise_flags
from tests.builders import NOW, BuiltClinic, PatientPersona, Persona
from tests.services.scripted_carrier import RealTime, ScriptedCarrier

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


def snoozed_flag(ann: PatientPersona, ben: Persona, until: datetime) -> None:
    finding = Finding("PW-01", "1", "worsening", Tier.URGENT, "Pain 8 where 3 is usual", 60, {})
    with ann.clinic.open() as scope:
        [flag] = raise_flags(scope, FlagSubject(ann.episode_id, ann.id), [finding], NOW)
        scope.flush()
        snooze_flag(scope, Deed(ben.id, flag.id, None), until, "in surgery", NOW)


def queued_text(ann: PatientPersona, **changes: Any) -> UUID:
    """A text in the outbox, changed behind the product's back."""
    with ann.clinic.open() as scope:
        text = Outgoing(Recipient(ann.phone, "en", patient_id=ann.id), "service", "ask_pain_again")
        [message_id] = queue_texts(scope, [text], NOW)
        scope.flush()
        if changes:
            message = tables.message
            scope.connection.execute(update(message).where(message.c.id == message_id).values(**changes))
    return message_id


def stranded_text(ann: PatientPersona) -> None:
    message_id = queued_text(ann)
    with ann.clinic.open() as scope:
        scope.connection.execute(delete(tables.due_work).where(tables.due_work.c.row_id == message_id))


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    """Real time that stands still, from before anything is queued."""
    return RealTime(monkeypatch)


@pytest.fixture
def carrier(real: RealTime, ann: PatientPersona, monkeypatch: pytest.MonkeyPatch) -> ScriptedCarrier:
    """A carrier that plays a script."""
    scripted = ScriptedCarrier()
    monkeypatch.setitem(ann.clinic.wiring.__dict__, "gateway", scripted)
    return scripted


def flags_of(clinic: BuiltClinic) -> list[tuple[str, datetime | None, int]]:
    with clinic.open() as scope:
        flag = tables.flag
        rows = scope.connection.execute(select(flag.c.status, flag.c.snoozed_until, flag.c.version))
        return [(row.status, row.snoozed_until, row.version) for row in rows]


def test_a_flag_that_was_put_off_comes_back_when_its_time_is_over(ann: PatientPersona, ben: Persona) -> None:
    jobs_app, until = jobs_app_of(ann.clinic.app), NOW + timedelta(hours=3)
    wake = next(job for job in TIMETABLE if job.name == "wake_flags")
    snoozed_flag(ann, ben, until)
    with ann.clinic.app.app_context():
        assert wake.run(jobs_app, until - timedelta(seconds=1)) == 0
        assert flags_of(ann.clinic) == [("snoozed", until, 2)]
        assert [wake.run(jobs_app, until) for _ in range(2)] == [1, 0]
    assert flags_of(ann.clinic) == [("open", None, 3)]
    with ann.clinic.open() as scope:
        event = tables.flag_event
        told = scope.connection.execute(select(event.c.kind, event.c.at).order_by(event.c.at, event.c.id)).all()
    assert [row.kind for row in told] == ["opened", "snoozed", "woken"]
    assert told[-1].at == until


# Jobs that the next test gives something to do; every job of the timetable must find nothing the second time.
STIRRED = (
    "plan_reminders", "hand_over_reminders", "watch_silence", "wake_flags", "requeue_texts", "settle_unknown",
    "reconcile_inbound", "chase_statuses", "compare_with_carrier",
)  # fmt: skip


def test_every_tick_of_the_timetable_does_its_work_and_finds_nothing_the_second_time(
    carrier: ScriptedCarrier, ann: PatientPersona, ben: Persona
) -> None:
    jobs_app = jobs_app_of(ann.clinic.app)
    later = NOW + timedelta(days=3)
    snoozed_flag(ann, ben, NOW + timedelta(hours=3))
    stranded_text(ann)
    queued_text(ann, state="unknown", attempted_at=NOW - timedelta(hours=1), attempts=1)
    queued_text(ann, state="sent", attempted_at=NOW - timedelta(hours=1), sid="SM" + "1" * 32)
    carrier.inbox.append(InboundText("SM" + "2" * 32, ann.phone, ann.clinic.number, "4", NOW - timedelta(minutes=5)))
    with ann.clinic.app.app_context():
        first = {job.name: job.run(jobs_app, later) for job in TIMETABLE}
        assert all(first[name] > 0 for name in STIRRED), first
        while any(job.run(jobs_app, later) for job in TIMETABLE):
            pass
    assert all("{count}" in job.counts and job.every_seconds > 0 for job in TIMETABLE)


def beats(clinic: BuiltClinic) -> set[str]:
    with clinic.open() as scope:
        return set(scope.connection.execute(select(tables.heartbeat.c.process)).scalars())


def test_the_ticker_is_alive_only_while_every_one_of_its_jobs_completes_its_cycles(clinic: BuiltClinic) -> None:
    jobs_app, broken = jobs_app_of(clinic.app), True

    def sometimes(_: JobsApp, now: datetime) -> int:
        if broken:
            raise ValueError(now)
        return 0

    sound, moody = Job("sound", 1, lambda *_: 0, "{count}"), Job("moody", 1, sometimes, "{count}")
    rounds = Rounds((sound, moody))
    for job in (sound, moody, sound):
        tick(jobs_app, job, rounds)
    assert beats(clinic) == {"ticker:sound"}
    broken = False
    tick(jobs_app, moody, rounds)
    assert beats(clinic) == {"ticker:sound", "ticker:moody", "ticker"}


def test_a_job_that_hangs_past_its_time_ends_the_life_of_the_ticker() -> None:
    often, seldom = (Job(name, every, lambda *_: 0, "") for name, every in (("often", 1), ("seldom", 60)))
    rounds = Rounds((often, seldom))
    assert [rounds.completed(often, 0.0), rounds.completed(seldom, 1.0)] == [False, True]
    assert rounds.completed(often, 1.0 + seldom.seconds_allowed)
    assert not rounds.completed(often, 1.1 + seldom.seconds_allowed)


@pytest.mark.parametrize(("seconds", "is_late"), [(300, False), (350, False), (365, True)])
def test_a_tick_that_comes_more_than_a_minute_late_is_seen_from_outside(
    clinic: BuiltClinic, seconds: float, is_late: bool
) -> None:
    jobs_app, job = jobs_app_of(clinic.app), Job("seldom", 300, lambda *_: 0, "{count}")
    rounds = Rounds((job,))
    rounds.began(job, monotonic() - seconds)
    with capture_logs() as said:
        tick(jobs_app, job, rounds)
    assert [one["event"] for one in said] == ["tick.late"] * is_late
    assert beats(clinic) == {"ticker:seldom", "ticker"} | ({"late:seldom"} if is_late else set())


def test_a_sender_that_finds_no_work_is_alive(clinic: BuiltClinic) -> None:
    jobs_app = jobs_app_of(clinic.app)
    assert [_claim(jobs_app, "bulk", most) for most in (0, 1)] == [[], []]


def test_a_sender_that_cannot_look_for_work_has_no_sign_of_life_to_give() -> None:
    away = Settings(env="test", database_url="postgresql://recovery_app:x@127.0.0.1:1/recovery")
    cut_off = create_app(away)
    assert _claim(jobs_app_of(cut_off), "bulk", 1) is None


class Rounded(threading.Event):
    """A stop that comes after a few rounds."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self._left = rounds

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        if self._left <= 0:
            self.set()
        return self.is_set()


@pytest.mark.parametrize("is_broken", [True, False])
def test_a_sender_gives_a_sign_of_life_only_while_it_can_look_for_work(
    clinic: BuiltClinic, monkeypatch: pytest.MonkeyPatch, is_broken: bool
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("the queue cannot be read")

    monkeypatch.setattr(JobsApp, "begin", lambda *_: None)
    if is_broken:
        monkeypatch.setattr("jobs.sender.claim_work", broken)
    run_sender(replace(jobs_app_of(clinic.app), stop=Rounded(3)), "bulk")
    assert beats(clinic) == (set() if is_broken else {"sender-bulk"})


def test_what_a_process_left_a_day_ago_is_forgotten(clinic: BuiltClinic, real: RealTime) -> None:
    jobs_app = jobs_app_of(clinic.app)
    job = next(job for job in TIMETABLE if job.name == "send_heartbeat")
    with clinic.app.app_context():
        beat("ticker:old", "gone:1:1")
        real.forward(hours=23)
        beat("ticker:young", "here:1:1")
        real.forward(hours=2)
        job.run(jobs_app, NOW)
    assert beats(clinic) == {"ticker:young"}


# by hand


def test_a_job_is_run_by_hand_as_of_another_time(
    ann: PatientPersona, ben: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.__main__._jobs_app", lambda: jobs_app_of(ann.clinic.app))
    snoozed_flag(ann, ben, NOW + timedelta(hours=3))
    said = [
        CliRunner().invoke(main, ["run", "wake_flags", *at])
        for at in ((), ("--at", "2026-11-20T17:59:59Z"), ("--at", "2026-11-20T13:00:00-05:00"))
    ]
    assert [(one.exit_code, one.output) for one in said] == [
        (0, "wake_flags: 0 flags woken\n"), (0, "wake_flags: 0 flags woken\n"), (0, "wake_flags: 1 flags woken\n"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("wake_flags", "--at", "tomorrow"), "use an ISO time"),
        (("wake_flags", "--at", "0001-01-01T00:00:00+14:00"), "use an ISO time"),
        (("no_such_job",), "is not one of"),
    ],
    ids=["time", "time before the calendar", "name"],
)
def test_a_time_or_a_name_that_is_none_ends_with_2(
    asked: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.__main__._jobs_app", lambda: pytest.fail("a job was started"))
    ended = CliRunner().invoke(main, ["run", *asked])
    assert (ended.exit_code, said in ended.output) == (2, True)


def test_only_what_dead_processes_of_this_machine_held_is_freed(ann: PatientPersona) -> None:
    dead, living, elsewhere = f"{HERE}:999999999:1", f"{HERE}:{os.getpid()}:1", "another-machine:999999999:1"
    with ann.clinic.app.app_context():
        for holder in (dead, living, elsewhere):
            assert len(claim_work("reminder", holder, NOW + timedelta(days=14), 1)) == 1
        assert _release_the_dead() == 1
        assert sorted(current_holders()) == sorted([living, elsewhere])
