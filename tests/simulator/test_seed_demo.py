"""The demo at first sight: dangers that were answered, questions that were asked once, a landline that was called."""

from datetime import UTC, datetime

import pytest

from recovery_api.db import clinic_transaction
from recovery_api.services.change_rota import read_rota
from recovery_api.services.find_patients import find_patients
from recovery_api.services.read_patient import PatientStory, read_patient
from recovery_api.services.record_audit import SYSTEM
from recovery_api.simulator.made_up import FATES
from recovery_api.simulator.seed_demo import seed_demo
from tests.builders import BuiltClinic

MONDAY = datetime(2026, 11, 23, 14, 10, tzinfo=UTC)


@pytest.fixture
def stories(clinic: BuiltClinic) -> dict[str, PatientStory]:
    """Patients in trouble as their pages tell of them, the first of each kind."""
    with clinic.app.app_context():
        vaults = clinic.wiring.vaults
        clinic_id, _ = seed_demo(vaults, MONDAY, patients=10)
        with clinic_transaction(clinic_id, vaults) as scope:
            found = find_patients(scope, "", None, 10, SYSTEM, MONDAY)
            assert all(read_rota(scope, MONDAY).now_on.values()), "somebody has every duty"
            named = dict(reversed([(fate.name, one.id) for fate, one in zip(FATES, found, strict=False)]))
            return {
                name: read_patient(scope, named[name], SYSTEM, MONDAY) for name in ("weakness", "fever", "landline")
            }


def test_the_demos_dangers_were_answered_its_questions_asked_once_and_its_landline_called(
    stories: dict[str, PatientStory],
) -> None:
    for name, said in (("weakness", "Call 911 now"), ("fever", "A nurse will call you within")):
        last = max(stories[name].texts, key=lambda text: text.at)
        assert (last.direction, last.purpose, said in last.body) == ("out", "safety", True), last.body
        asks = [item.due_at.date() for item in stories[name].plan if item.text_key == "check_in_pain"]
        assert asks, "the next days are planned"
        assert MONDAY.date() not in asks, "who answered today is not asked again"
    thread = stories["landline"].texts
    assert thread
    assert {line.channel for line in thread} == {"voice"}
    assert {line.call.outcome for line in thread if line.call} == {"no_answer", "machine"}
    unanswered = [answer.day for answer in stories["landline"].answers]
    assert unanswered == [1, 2, 3, 4], "who never answered has gaps, not an empty chart"
