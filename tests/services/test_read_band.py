"""The clinic's own course is read from its patients, each once, and never from the synthetic one."""

from datetime import timedelta

import pytest

from recovery_api.clinic.shown import queue_of
from recovery_api.domain.recovery_band import ENOUGH, PUBLISHED
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.services.keep_band import band_of_answer, bands_asked, bands_told
from recovery_api.services.keep_synthetic import keep_synthetic
from recovery_api.services.read_band import _kept, band_on, clinic_bands, read_band, read_figures
from recovery_api.services.read_worklist import read_worklist, with_people
from recovery_api.services.record_audit import SYSTEM
from recovery_api.services.replay_history import read_histories, replay_history
from tests.builders import ClockHand, PatientPersona, Persona, make_patient, record
from tests.services.phone import Phone


def test_every_patient_counts_once_in_a_window(ann: PatientPersona, clock: ClockHand) -> None:
    other = make_patient(
        ann.clinic, phone="+12125550143", baseline_pain=10, performed_on=clock.now.date() - timedelta(days=7)
    )
    record(ann, 7)  # on day 5, all of a pain of 7
    record(other, 4, days_ago=1)
    record(other, 6)  # on days 6 and 7, half of a pain of 10
    with ann.clinic.open() as scope:
        keep_synthetic(scope, clock.now)
        [figures] = [one for one in read_figures(scope) if one.day == 7]
        band = read_band(scope, 7, clock.now.date())
    assert (figures.patients, figures.share_left) == (2, pytest.approx(12 / 17))
    assert abs(figures.spread - 2**0.5) < 1e-6
    assert figures.patients < ENOUGH
    assert band is PUBLISHED


def test_a_mended_score_counts_as_it_was_mended(ann: PatientPersona) -> None:
    phone = Phone(ann.clinic, ann.phone)
    phone.text("7")
    phone.text("FIX 2")
    with ann.clinic.open() as scope:
        [figures] = read_figures(scope)
    assert (figures.patients, figures.share_left) == (1, pytest.approx(2 / 7))


def test_the_clinics_own_band_takes_the_place_of_the_published_one_with_its_n_where_rules_speak(
    ann: PatientPersona, ben: Persona, clock: ClockHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recovery_api.domain.recovery_band.ENOUGH", 2)
    long_ago = clock.now.date() - timedelta(days=14)
    people = [
        make_patient(ann.clinic, phone=f"+121255501{number}", baseline_pain=8, performed_on=long_ago)
        for number in (43, 44)
    ]
    for person in people:
        for days_ago in range(13, 0, -1):
            record(person, 6, days_ago=days_ago)
    _kept.clear()
    try:
        with ann.clinic.open() as scope:
            assert "at least 2 of them" in band_on(scope, clock.now, 12).source
        record(people[1], 6)
        _kept.clear()
        reasons = [one.reason for one in record(people[0], 6).findings if one.rule == "PW-05"]
        again = replayed(people[0])
        [small, *_] = sparks(people[0], ben)
        clock.forward(days=1)
        record(people[1], 0)
        _kept.clear()
        next_day = replayed(people[0])
        with ann.clinic.open() as scope:
            assert ", at least" in band_on(scope, clock.now, 15).source
            assert band_on(scope, clock.now, 14).edges(14, 8) != (6, 6), "the clinic's own course has moved"
    finally:
        _kept.clear()
    assert reasons == [
        "Two weeks on, pain is 6.0 on average; before the procedure it was 8; expected now: 6 to 6 (this clinic's own,"
        " n = 2)"
    ]
    assert again == reasons, "a replay says what was said"
    assert next_day == reasons, "by the band of then, and not of today"
    assert small.startswith("Mean course of this clinic's own patients"), (
        "the small chart has the band of the large one"
    )


def test_all_answers_of_a_day_are_held_against_one_band_however_late_they_come(
    ann: PatientPersona, clock: ClockHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recovery_api.domain.recovery_band.ENOUGH", 1)
    start = clock.now.date() - timedelta(days=1)
    mine, other = (
        make_patient(ann.clinic, phone=f"+121255501{number}", baseline_pain=8, performed_on=start)
        for number in (43, 44)
    )
    record(mine, 4)
    _kept.clear()
    try:
        with ann.clinic.open() as scope:
            first = band_of_answer(scope, start, clock.now, 1)
            nothing_before = band_of_answer(scope, start, clock.now, 0)
        record(other, 0)
        _kept.clear()
        clock.forward(days=2)
        with ann.clinic.open() as scope:
            late = band_of_answer(scope, start, clock.now, 1)
            between = band_of_answer(scope, start, clock.now, 2)
            kept = bands_told(scope.connection.execute(bands_asked(scope)).all()).for_recovery(start)
            assert [kept(day) for day in (0, 1, 2)] == [nothing_before, late, between], "a replay sees the same"
    finally:
        _kept.clear()
    assert (first.version, first.edges(1, 8)) == (f"{start + timedelta(days=1)}", (4, 4))
    assert late == first
    assert nothing_before is PUBLISHED


def replayed(patient: PatientPersona) -> list[str]:
    now = patient.clinic.wiring.clock.now()
    with patient.clinic.open() as scope:
        histories = read_histories(scope, now.date() - timedelta(days=60), SYSTEM, now)
    [mine] = [one for one in histories if one.episode == str(patient.episode_id)]
    return [alert.finding.reason for alert in replay_history(mine, rule_pack(), now) if alert.finding.rule == "PW-05"]


def sparks(patient: PatientPersona, viewer: Persona) -> list[str]:
    """Where the band of each small chart of the worklist comes from."""
    now = patient.clinic.wiring.clock.now()
    with patient.clinic.app.test_request_context(), patient.clinic.open() as scope:
        found, bands = read_worklist(scope, now), clinic_bands(scope, now)
        rows = queue_of(with_people(scope, found.entries, now), viewer.id, now, bands)
        return [row.course.band_source for row in rows if row.patient_id]
