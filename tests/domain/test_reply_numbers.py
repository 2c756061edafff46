"""Which number of a reply is a pain score: how scores are written, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.replies import Reply
from recovery_api.packs.reading import reply_reader

READER = reply_reader()


def read(text: str, question: str = "pain") -> Reply:
    return READER.read(text, question)


@given(
    st.integers(0, 10), st.sampled_from(["{}", " {} ", "{}.", "{}!!", "{}/10", "pain {}", "{} out of 10", "dolor {}"])
)
def test_a_plain_score_is_saved_as_it_stands(score: int, shape: str) -> None:
    assert read(shape.format(score)).pain == score


@given(st.integers(0, 9).flatmap(lambda low: st.tuples(st.just(low), st.just(low + 1))))
def test_of_two_neighbours_the_higher_is_saved(pair: tuple[int, int]) -> None:
    low, high = pair
    if (low, high) == (9, 10):
        return
    for shape in ("{} or {}", "{}-{}", "{} to {}", "between {} and {}", "{} o {}"):
        reply = read(shape.format(low, high))
        assert (reply.pain, reply.qualifier) == (high, "range")


@given(st.integers(0, 9))
def test_halves_round_up(whole: int) -> None:
    for shape in ("{}.5", "{} 1/2", "{}½", "{} and a half", "{} y medio"):
        assert read(shape.format(whole)).pain == whole + 1


@given(st.integers(11, 99999).filter(lambda number: number != 911))
def test_no_number_above_ten_is_saved_unless_it_is_out_of_ten(number: int) -> None:
    assert read(str(number)).pain is None
    assert (read(f"{number}/10").pain, read(f"{number}/10").qualifier) == (10, "over_scale")


def test_the_number_of_the_ambulance_is_a_call_for_help_and_no_score() -> None:
    assert (read("911").pain, read("911").tier) == (None, "emergency")


@given(st.integers(1, 9))
def test_a_doubled_digit_is_offered_and_not_saved(digit: int) -> None:
    reply = read(f"{digit}{digit}")
    assert (reply.pain, reply.suggest) == (None, 10 if digit == 1 else digit)


@given(st.integers(0, 10), st.integers(0, 10))
def test_what_is_now_counts_and_not_what_was(before: int, now: int) -> None:
    for shape in ("was {} now {}", "went from {} to {}", "yesterday {} today {}", "ayer {} hoy {}"):
        assert read(shape.format(before, now)).pain == now


@given(st.integers(1, 10))
def test_counts_times_and_places_are_no_scores(number: int) -> None:
    for shape in (
        "took {} pills", "{} mg", "{} minutes", "day {}", "{}am", "at {} pm", "L{}", "room {}", "{}%", "${}", "June {}",
        "{} weeks ago", "hace {} dias", "{} pastillas", "a las {}", "{} kids", "{}:30", "{} years old",
    ):  # fmt: skip
        assert read(shape.format(number)).pain is None, shape


@given(st.integers(1, 10), st.integers(0, 10))
def test_a_score_beside_a_count_is_still_found(count: int, score: int) -> None:
    for shape in ("took {} pills, pain {}", "day {} pain {}", "walked {} min pain is {}", "hace {} dias, dolor {}"):
        assert read(shape.format(count, score)).pain == score, shape


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("11", 10),
        ("100", 10),
        ("1O", 10),
        ("77", 7),
        ("o", 0),
        ("5/6", 6),
        ("7-10", 7),
        ("7 8", 8),
        ("20", None),
        ("-1", None),
    ],
)
def test_a_doubtful_number_is_asked_about(text: str, offered: int | None) -> None:
    reply = read(text)
    assert (reply.intent, reply.pain, reply.suggest) == ("ask_again", None, offered)


@pytest.mark.parametrize("digit", ["７", "٧", "۷", "7️⃣", "⑦", "𝟕", "７．"])
def test_digits_of_other_worlds_are_digits(digit: str) -> None:
    assert read(digit).pain == 7


def test_the_score_of_another_place_is_not_the_backs() -> None:
    assert read("back 4 leg 8").pain == 4
    assert read("leg 8 back 4").pain == 4
    assert read("4 back 8 leg").pain == 4
    assert (read("hip 6").pain, read("hip 6").suggest) == (None, 6)


def test_of_rest_and_movement_the_worse_is_saved() -> None:
    assert read("rest 2 moving 6").pain == 6
    assert read("sentada 2 caminando 6").pain == 6


def test_a_bare_number_means_pills_or_minutes_where_they_were_asked_for() -> None:
    assert (read("7", "activity").pain, read("7", "activity").minutes) == (None, 7)
    assert (read("7", "medication").pain, read("7", "medication").pills) == (None, 7)
    assert read("pain 7", "medication").pain == 7


def test_none_is_0_where_pain_was_asked_for_and_only_offered_elsewhere() -> None:
    assert [read(text).pain for text in ("none", "nada", "nothing", "no pain", "sin dolor")] == [0] * 5
    assert (read("none", "any").pain, read("none", "any").suggest) == (None, 0)
    assert (read("no pain", "any").pain, read("no pain", "symptoms").suggest) == (0, 0)


def test_without_a_question_only_what_is_plainly_pain_is_a_score() -> None:
    assert [read(text, "any").pain for text in ("7", "pain 7", "my back hurts 8", "7/10")] == [7, 7, 8, 7]
    assert [read(text, "any").pain for text in ("see you at 7", "7 works for me", "back at 6", "got 3 kids")] == [
        None
    ] * 4


def test_what_was_put_right_counts_and_not_what_a_doctor_expected() -> None:
    righted = ("I said 9 but I was looking at the clock, should have been 4", "typed 8 by mistake its 4", "puse 9 es 4")
    assert [read(text).pain for text in righted] == [4, 4, 4]
    assert [
        read(text).pain for text in ("should be 4 by now but its 6", "I said 6 but he said it should have been 4")
    ] == [6, 6]


def test_a_score_that_opens_a_story_stands_among_other_amounts() -> None:
    assert [read(text).pain for text in ("2. Fed 40 head of cattle", "2. Fed 4 cattle", "I'm number 2 of 7")] == [
        2,
        None,
        None,
    ]


def test_the_same_score_said_twice_is_that_score() -> None:
    assert [read(text).pain for text in ("diez diez no se quita", "one. uno. just one", "zip zero nada")] == [10, 1, 0]
