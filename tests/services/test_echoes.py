"""Machines that send our own texts back, tap-backs that quote them, and danger that is said over and over."""

import pytest

from recovery_api.domain.answer_limits import plain_text
from recovery_api.domain.echoes import ECHO, SHORTEST, is_echo
from recovery_api.domain.errors import Conflict
from recovery_api.domain.text_lint import LONGEST_VALUES
from recovery_api.packs.texts import message_pack
from recovery_api.services.place_text import place_text
from recovery_api.services.record_audit import Actor
from tests.builders import NOW, ClockHand, PatientPersona, Persona, make_patient
from tests.services.phone import Phone

DANGER = "my legs feel weak since last night"
SAID = "Thanks, we saved 2. If that is wrong, text FIX and the right number, like FIX 7."
NAMES = {"clinic": "A B", "code": "7KQ2MX4T", "date": "May 1", "time": "9 AM"}
SHORT_VALUES = dict.fromkeys(LONGEST_VALUES, "7") | NAMES


@pytest.fixture
def phone(ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, in a clinic where Ben is paged."""
    return Phone(ann.clinic, ann.phone)


def flags(phone: Phone) -> list[tuple[str, str, int]]:
    return sorted((row.family, row.tier, row.repeats) for row in phone.rows("flag"))


def scores(phone: Phone) -> list[int | None]:
    return [row.pain for row in phone.rows("check_in")]


def test_an_echoing_machine_is_answered_no_more_and_shown_once(phone: Phone, clock: ClockHand) -> None:
    said, outcomes = phone.text("2").bodies[0], []
    before = (scores(phone), flags(phone), [row.question for row in phone.rows("contact_point")])
    for _ in range(12):
        clock.forward(seconds=30)
        outcomes.append(phone.text(said))
    assert [one.answers for one in outcomes] == [[]] * 12
    assert (scores(phone), flags(phone), [row.question for row in phone.rows("contact_point")]) == before
    assert [one.message.needs_person for one in outcomes] == [True] + [False] * 11
    assert {(one.disposition, one.message.because, one.message.patient_id) for one in outcomes} == {
        ("left_unanswered", ECHO, None)
    }
    clock.forward(hours=25)
    assert phone.text("5").answers != []


@pytest.mark.parametrize(
    "shape", ["{}", "  {}\n", 'Liked "{}"', "Loved \u201c{}\u201d", "Le gustó «{}»", 'Reacted \u2764\ufe0f to "{}"']
)
def test_an_emergency_text_that_comes_back_or_is_liked_raises_nothing(phone: Phone, shape: str) -> None:
    said = phone.text(DANGER).bodies[0]
    before = flags(phone)
    outcome = phone.text(shape.format(said.upper() if shape == "  {}\n" else said))
    assert (outcome.answers, outcome.message.because, flags(phone)) == ([], ECHO, before)


def test_what_we_sent_more_than_a_day_ago_or_to_another_phone_is_read_as_any_text(
    phone: Phone, ann: PatientPersona, clock: ClockHand
) -> None:
    said = phone.text("2").bodies[0]
    other = Phone(phone.clinic, make_patient(phone.clinic, given_name="Borvin", phone="+12125550177").phone)
    assert other.text(said).message.because != ECHO
    clock.forward(hours=25)
    assert phone.text(said).message.because != ECHO


def test_an_echo_of_a_shared_phone_asks_nobody_who_it_is_and_is_no_ones_report(
    phone: Phone, ann: PatientPersona, ben: Persona
) -> None:
    make_patient(phone.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    said = phone.text("AT 2").bodies[0]
    outcome = phone.text(said)
    assert said.startswith("AT: ")
    assert (outcome.answers, scores(phone)) == ([], [2])
    with phone.clinic.open() as scope, pytest.raises(Conflict, match="came back"):
        place_text(scope, outcome.message.id, ann.id, Actor("clinician", ben.id, "nurse"), NOW)


def test_danger_said_over_and_over_keeps_its_flag_and_is_answered_three_times_an_hour(
    phone: Phone, clock: ClockHand
) -> None:
    assert [phone.text(DANGER).answers for _ in range(6)] == [["emergency"]] * 3 + [[]] * 3
    assert [repeats for family, _, repeats in flags(phone) if family == "red_flag"] == [5]
    assert phone.text("pain 9, and now I cannot feel my feet").answers == ["emergency_saved"]
    clock.forward(minutes=61)
    assert phone.text(DANGER).answers == ["emergency"]


def test_danger_on_a_shared_phone_is_answered_three_times_an_hour_too(phone: Phone, ann: PatientPersona) -> None:
    make_patient(phone.clinic, given_name="Borvin", family_name="Samplewick", phone=ann.phone)
    assert [phone.text(DANGER).answers for _ in range(6)] == [["emergency"]] * 3 + [[]] * 3
    assert [(family, repeats) for family, _, repeats in flags(phone)] == [("red_flag", 5)]
    assert phone.text("I cannot breathe and my chest hurts badly").answers == ["emergency"]


OWN = "Is your pain over 5?"


@pytest.fixture
def written_to(phone: Phone, ann: PatientPersona, ben: Persona) -> Phone:
    """Ann's phone, after Ben wrote to it."""
    for words in (OWN, "Yes.", "3", "How now?", "Are your legs weak"):
        assert ben.post(f"/patients/{ann.id}/messages", json={"body": words}).status_code == 201
    return phone


@pytest.mark.parametrize(
    "body",
    [OWN, OWN.upper(), "how now?", "Are your legs weak", f'Liked "{OWN}"', f"Liked '{OWN}'", "Liked \u2018Yes.\u2019",
     "\U0001f44d to \u201cAre your legs weak\u201d"],
)  # fmt: skip
def test_a_clinicians_own_short_words_that_come_back_are_read_as_nothing_and_seen_each_time(
    written_to: Phone, body: str
) -> None:
    for _ in range(2):
        outcome = written_to.text(body)
        assert (outcome.answers, outcome.message.because, outcome.message.needs_person) == ([], ECHO, True)
    assert (scores(written_to), flags(written_to)) == ([], [])


@pytest.mark.parametrize(
    ("body", "pain"), [("3", 3), ("yes.", None), ("Is your pain over 6?", None), ("my pain is 4", 4)]
)
def test_what_a_patient_may_answer_is_no_echo_though_a_clinician_wrote_it_too(
    written_to: Phone, body: str, pain: int | None
) -> None:
    outcome = written_to.text(body)
    assert outcome.message.because != ECHO
    assert outcome.message.patient_id is not None
    assert scores(written_to) == [pain] * (pain is not None)


def test_own_words_are_known_for_a_day_and_on_the_phone_they_went_to(
    written_to: Phone, ann: PatientPersona, clock: ClockHand
) -> None:
    other = make_patient(ann.clinic, given_name="Borvin", family_name="Samplewick", phone="+12125550177")
    assert Phone(ann.clinic, other.phone).text("Are your legs weak").message.because != ECHO
    clock.forward(hours=25)
    assert written_to.text("Are your legs weak").message.because != ECHO


@pytest.mark.parametrize("language", message_pack().languages)
def test_no_text_of_ours_is_too_short_to_be_known_again(language: str) -> None:
    pack = message_pack()
    for key in pack.keys(language):
        assert len(plain_text(pack.render(key, language, SHORT_VALUES))) >= SHORTEST, key


@pytest.mark.parametrize(
    ("text", "is_ours"),
    [
        (SAID, True),
        (SAID.replace(", ", ",\n"), True),
        (f'Liked "{SAID[:60]}..."', True),
        (f'Liked "{SAID[:20]}..."', False),
        (f'cannot breathe "{SAID}"', False),
        (f"{SAID} my legs are numb", False),
        (f'Liked "{SAID}" my legs are numb', False),
        (SAID.replace("2", "3"), False),
    ],
)
def test_only_the_whole_of_our_words_is_ours(text: str, is_ours: bool) -> None:
    assert is_echo(text, [SAID]) is is_ours
