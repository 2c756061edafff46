"""The script of a call always ends, saves no score that was not confirmed, and never leaves a danger without words."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.call_plan import next_try
from recovery_api.domain.call_script import (
    QUESTIONS,
    REPEATS,
    Deed,
    Place,
    Talk,
    begin_in,
    begin_out,
    hear,
    hear_dialed,
    judge,
)
from recovery_api.domain.call_words import spelled
from recovery_api.domain.symptoms import SYMPTOM_TIERS
from recovery_api.domain.tiers import Tier
from recovery_api.packs.call_pack import call_pack, call_plan

NEW_YORK = ZoneInfo("America/New_York")
SEVERE = 8
# Every place but the last ones may be repeated, and a score changed, so often; no keys make a call longer than this.
LONGEST = (REPEATS + 1) * (6 + len(QUESTIONS) + 2 * REPEATS)


def tier_of(deed: Deed | None) -> Tier | None:
    """What the rules say of a deed, roughly."""
    if deed is None:
        return None
    if deed.kind == "save_symptom":
        return SYMPTOM_TIERS[str(deed.value)]
    return Tier.URGENT if deed.kind == "save_pain" and int(deed.value or 0) >= SEVERE else None


def play(talk: Talk, pressed: Iterable[str]) -> tuple[list[Talk], list[tuple[str, Deed]]]:
    """Every state of a conversation, and every deed with the keys that led to it; silence once the keys run out."""
    states, deeds, keys = [talk], [], iter(pressed)
    while talk.place is not Place.END:
        given_keys = next(keys, "")
        if talk.place is Place.TRANSFER:
            talk, deed = hear_dialed(talk, given_keys == "1")
        else:
            talk, deed = hear(talk, given_keys)
        if deed is not None:
            deeds.append((given_keys, deed))
        talk = judge(talk, tier_of(deed))
        states.append(talk)
        assert len(states) <= LONGEST, "a conversation that does not end"
    return states, deeds


KEYS = st.one_of(
    st.sampled_from(["", "*", "0", "1", "2", "3", "9", "5", "10", "11", "12", "08", "a", "1*", "٣"]),
    st.text("0123456789*#", max_size=4),
)
# Half of the conversations press what is asked for, so that they get to the end of the script.
TURNS = st.one_of(
    st.lists(st.sampled_from(["1", "1", "1", "2", "2", "9", ""]), max_size=80), st.lists(KEYS, max_size=80)
)
BEGINNINGS = st.one_of(
    st.sampled_from(["human", "unknown", "machine_end_beep", "machine_start", "fax"]).map(begin_out),
    st.integers(0, 9).map(begin_in),
)


@given(BEGINNINGS, TURNS)
def test_whatever_is_pressed_the_conversation_ends_with_an_outcome(talk: Talk, pressed: list[str]) -> None:
    states, _ = play(talk, pressed)
    assert states[-1].outcome is not None
    assert all(state.outcome is None for state in states[:-1])


@given(BEGINNINGS, TURNS)
def test_a_score_is_saved_only_after_it_was_read_back_and_confirmed(talk: Talk, pressed: list[str]) -> None:
    states, deeds = play(talk, pressed)
    read_back = [(before.place, before.pain) for before in states]
    for keys, deed in deeds:
        if deed.kind == "save_pain":
            assert keys == "1"
            assert (Place.CONFIRM, deed.value) in read_back
    entered = {state.pain for state in states} - {None}
    assert entered <= set(range(11))


@given(BEGINNINGS, TURNS)
def test_danger_is_told_what_to_do_in_the_very_next_words(talk: Talk, pressed: list[str]) -> None:
    keys, dangers = iter(pressed), 0
    while talk.place is not Place.END:
        given_keys = next(keys, "")
        talk, deed = hear_dialed(talk, False) if talk.place is Place.TRANSFER else hear(talk, given_keys)
        tier = tier_of(deed)
        was_urgent = talk.tier is Tier.URGENT
        talk = judge(talk, tier)
        if tier is Tier.EMERGENCY:
            dangers += 1
            assert (talk.place, talk.said) == (Place.DANGER, ("danger",))
        elif tier is Tier.URGENT and not was_urgent:
            assert talk.said[0] == "urgent"
    assert (talk.tier is Tier.EMERGENCY) == (dangers > 0)


@given(BEGINNINGS, TURNS)
def test_nothing_is_repeated_more_than_twice(talk: Talk, pressed: list[str]) -> None:
    states, _ = play(talk, pressed)
    assert max(state.tries for state in states) <= REPEATS
    assert max(state.changes for state in states) <= REPEATS


@given(BEGINNINGS, TURNS)
def test_a_conversation_survives_being_kept(talk: Talk, pressed: list[str]) -> None:
    for state in play(talk, pressed)[0]:
        assert Talk.from_json(state.as_json()) == state


def test_a_calm_day_is_saved_and_thanked() -> None:
    states, deeds = play(begin_out("human"), ["1", "4", "1", *["2"] * len(QUESTIONS)])
    assert [deed for _, deed in deeds] == [Deed("save_pain", 4), Deed("save_none")]
    assert (states[-1].outcome, states[-1].said) == ("finished", ("thanks",))


def test_a_score_pressed_wrong_is_changed_before_it_is_saved() -> None:
    _, deeds = play(begin_out("human"), ["1", "9", "2", "3", "1", *["2"] * len(QUESTIONS)])
    assert deeds[0][1] == Deed("save_pain", 3)


def test_a_score_changed_a_third_time_goes_to_a_person() -> None:
    states, deeds = play(begin_out("human"), ["1", *["5", "2"] * 10])
    assert deeds == [("2", Deed("tell_person", 5))]
    assert states[-1].outcome == "to_a_person"


def test_weak_legs_end_the_questions_and_put_the_patient_through() -> None:
    states, deeds = play(begin_out("human"), ["1", "4", "1", "1", "1", "1"])
    assert [deed.kind for _, deed in deeds] == ["save_pain", "save_symptom"]
    assert [state.place for state in states[-3:]] == [Place.DANGER, Place.TRANSFER, Place.END]
    assert states[-1].outcome == "put_through"


def test_a_nurse_who_does_not_take_the_call_leaves_a_task_and_danger_is_told_again() -> None:
    states, deeds = play(begin_out("human"), ["1", "4", "1", "1", "1", "no"])
    assert (states[-1].outcome, states[-1].said) == ("nobody_took_it", ("danger", "no_one"))
    assert deeds[-1][1].kind == "tell_person"


def test_fever_goes_on_with_the_questions_and_offers_the_clinic_at_the_end() -> None:
    states, _ = play(begin_out("human"), ["1", "4", "1", "2", "2", "1", "2", "2", "2", "2"])
    assert "urgent" in [word for state in states for word in state.said]
    assert states[-2].place is Place.OFFER


def test_silence_on_our_call_becomes_a_task_and_on_theirs_a_transfer() -> None:
    states, deeds = play(begin_out("human"), ["1"])
    assert (states[-1].outcome, deeds[-1][1]) == ("to_a_person", Deed("tell_person"))
    assert play(begin_in(1), [])[0][-2].place is Place.TRANSFER


def test_a_machine_hears_the_clinics_name_and_number_alone() -> None:
    for answered_by in ("machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax"):
        talk = begin_out(answered_by)
        assert (talk.place, talk.said, talk.outcome) == (Place.END, ("machine",), "machine")


def test_a_machine_that_was_not_recognised_never_hears_a_name() -> None:
    states, _ = play(begin_out("unknown"), [])
    assert {state.place for state in states} == {Place.GREET, Place.END}
    assert states[-1].said == ("machine",)
    texts = call_pack().texts
    for language in texts.languages:
        for key in ("greet", "again", "machine"):
            assert "{name}" not in texts.text(key, language)


# the plan


@pytest.mark.parametrize(
    ("tries", "at", "next_at"),
    [
        (1, time(9, 30), time(12, 30)),
        (2, time(12, 30), time(16, 0)),
        (3, time(16, 0), None),
        (1, time(18, 0), time(19, 40)),
        (1, time(19, 10), None),
        (1, time(20, 30), None),
    ],
    ids=str,
)
def test_another_try_falls_on_another_hour_of_the_same_day_outside_quiet_hours(
    tries: int, at: time, next_at: time | None
) -> None:
    now = datetime(2026, 11, 20, at.hour, at.minute, tzinfo=NEW_YORK).astimezone(UTC)
    found = next_try(call_plan(), tries, now, NEW_YORK, None)
    assert (found.astimezone(NEW_YORK).time() if found else None) == next_at


def test_no_try_comes_after_the_questions_time_ran_out() -> None:
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert next_try(call_plan(), 1, now, NEW_YORK, now + timedelta(minutes=50)) is None


def test_numbers_are_said_digit_by_digit() -> None:
    assert (spelled("+12125550199"), spelled("911")) == ("2 1 2, 5 5 5, 0 1 9 9", "9 1 1")
