"""A clinic's own history, replayed: the same findings as when it came, and what became of the flags."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from recovery_api.models import tables
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.answer_flags import Deed, acknowledge_flag, resolve_flag
from recovery_api.services.keep_synthetic import keep_synthetic
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.replay_history import read_histories, replay_history, report_usefulness
from tests.builders import ClockHand, PatientPersona, Persona, make_patient, record

SHIPPED = Path(__file__).parents[2] / "recovery_api" / "packs" / "rules" / "vertebroplasty.yaml"


def replayed(patient: PatientPersona, since_days_ago: int = 60, pack: Path | None = None) -> list[tuple[str, str]]:
    now = patient.clinic.wiring.clock.now()
    with patient.clinic.open() as scope:
        histories = read_histories(scope, now.date() - timedelta(days=since_days_ago), SYSTEM, now)
    alerts = [alert for history in histories for alert in replay_history(history, rule_pack(pack), now)]
    return [(alert.episode, alert.finding.rule) for alert in alerts if alert.finding.family != "silence"]


@pytest.fixture
def worse(ann: PatientPersona) -> PatientPersona:
    """A patient of 20 days whose usual is 3, then 8 twice, then with a fever."""
    patient = make_patient(
        ann.clinic, phone="+12125550143", performed_on=ann.clinic.wiring.clock.now().date() - timedelta(days=20)
    )
    for days_ago, pain in enumerate([8, 8, 3, 3, 3, 3], 2):
        record(patient, pain, days_ago=days_ago)
    record(patient, 4, days_ago=1, symptoms=("fever",))
    return patient


def test_a_replay_of_stored_answers_finds_what_was_found_when_they_came(worse: PatientPersona) -> None:
    mine = str(worse.episode_id)
    assert replayed(worse) == [(mine, "PW-03"), (mine, "RF-C")]


def test_only_days_since_the_date_are_told_and_another_pack_tells_other_things(
    worse: PatientPersona, tmp_path: Path
) -> None:
    mine = str(worse.episode_id)
    assert replayed(worse, since_days_ago=1) == [(mine, "RF-C")]
    milder = tmp_path / "milder.yaml"
    milder.write_text(SHIPPED.read_text().replace("pain: 8\n      times", "pain: 9\n      times"))
    assert (mine, "PW-03") not in replayed(worse, pack=milder)


def test_the_synthetic_patient_is_not_replayed(worse: PatientPersona) -> None:
    now = worse.clinic.wiring.clock.now()
    with worse.clinic.open() as scope:
        synthetic = keep_synthetic(scope, now)
        episode = tables.episode
        chosen = select(episode.c.id).where(episode.c.patient_id == synthetic.patient_id)
        theirs = scope.connection.execute(chosen).scalars().all()
        histories = read_histories(scope, now.date() - timedelta(days=60), SYSTEM, now)
    assert theirs
    assert not {str(one) for one in theirs} & {history.episode for history in histories}


def test_usefulness_is_counted_from_outcomes_and_leaves_the_synthetic_patient_out(
    worse: PatientPersona, ben: Persona, clock: ClockHand
) -> None:
    flag = tables.flag
    with worse.clinic.open() as scope:
        ids: list[UUID] = list(scope.connection.execute(select(flag.c.id).where(flag.c.rule == "RF-C")).scalars())
        for flag_id in ids:
            acknowledge_flag(scope, Deed(ben.id, flag_id, None), clock.now)
            resolve_flag(scope, Deed(ben.id, flag_id, None), "imaging", "had it looked at", clock.now)
        found = {one.rule: one for one in report_usefulness(scope, clock.now - timedelta(days=30))}
    assert found["RF-C"].share_acted_on == 1.0
    assert found["PW-03"].share_acted_on is None
