"""A text names nobody, no illness and no procedure; words of every day stay free, whoever is called so."""

import pytest

from recovery_api.domain.errors import PackError
from recovery_api.domain.private_words import (
    KnownNames,
    carrier_answers,
    name_parts,
    named_conditions,
    named_people,
    without_allowed,
)
from recovery_api.domain.text_lint import problems
from recovery_api.packs.quick_texts import quick_texts
from recovery_api.packs.texts import everyday_words, message_pack

NAMES = KnownNames(
    own=name_parts("Will", "de la Peña-Testerby", "May"),
    others=name_parts("Borvin", "Samplewick", "Grace", "Domingo", "Li"),
    everyday=everyday_words(),
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hi Will, please call us.", ["Will"]),
        ("hello will", ["will"]),
        ("Will, please call us.", ["Will"]),
        ("A nurse will call you. Will you be at home?", []),
        ("Please tell Will to rest.", ["Will"]),
        ("Your visit is on May 3. It may rain.", []),
        ("Dear May: we moved your visit.", ["May"]),
        ("testerby, call us", ["testerby"]),
        ("Ms. TESTERBY'S pills", ["TESTERBY"]),
        ("Sra. Pena, llame.", ["Pena"]),
        ("Sen\u0303ora Pen\u0303a", ["Peña"]),
        ("Tester\u200bby, call us", ["Testerby"]),
        ("The pills of de la", []),
        ("Mr. Samplewick, call us. Borvin too.", ["Samplewick", "Borvin"]),
        ("we saw samplewick", []),
        ("Say grace. Grace is at two.", []),
        ("Is that you, Grace?", ["Grace"]),
        ("Nos vemos el Domingo 3", []),
        ("Li will call you.", []),
        ("Annabel will call you.", []),
    ],
)
def test_a_text_names_nobody_and_may_say_what_everybody_says(text: str, found: list[str]) -> None:
    assert named_people(text, NAMES) == found


@pytest.mark.parametrize(
    "word",
    [
        "vertebroplasty",
        "Kyphoplasty",
        "vertebroplastia",
        "cifoplastia",
        "cirugía",
        "surgery",
        "operación",
        "fracture",
        "FRACTURA",
        "osteoporosis",
        "cement",
        "tumor",
        "Cáncer",
        "metastasis",
        "vértebra",
        "diagnóstico",
        "mieloma",
        "stenosis",
        "biopsy",
        "L2",
        "T12",
        "T11-L1",
        "M80.08",
    ],
)
def test_a_word_of_the_illness_or_the_procedure_is_found_however_it_is_written(word: str) -> None:
    assert named_conditions(f"About your {word}: call us.") == [word]
    assert f"names {word!r}" in problems("saved", "en", f"About your {word}: call us.")


@pytest.mark.parametrize(
    "text", ["Take 2 pills at 10 AM.", "Your procedure is on 3/5.", "Call 911. Vitamin B12 is OK."]
)
def test_plain_care_is_no_diagnosis(text: str) -> None:
    assert named_conditions(text) == []


def test_what_our_own_texts_and_drafts_say_may_be_written_to_anybody() -> None:
    said = [text for own in message_pack().texts.values() for text in own.values()]
    for text in [*said, *(one.body for one in quick_texts())]:
        assert (named_conditions(text), named_people(text, NAMES)) == ([], []), text


def test_a_draft_for_nurses_is_held_to_the_linter_when_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = {"texts": [{"key": "bad", "title": "Bad", "body": "{clinic}: How is your fracture? Reply YES."}]}
    monkeypatch.setattr("recovery_api.packs.quick_texts.load_yaml", lambda _: drafts)
    with pytest.raises(PackError, match=r"quick_texts/en\.yaml: bad: names 'fracture'; uses YES as an answer"):
        quick_texts.__wrapped__()


def test_an_answer_that_the_carrier_would_take_for_itself_is_no_answer() -> None:
    assert carrier_answers("Are you well? Reply YES or text no.") == ["YES", "NO"]
    assert carrier_answers("Responda con SI.") == ["SI"]
    assert carrier_answers("Text START to get our texts again, STOP to end them. Reply 1 for yes.") == []


def test_the_clinics_own_name_phone_and_links_are_let_through_and_nothing_beside_them() -> None:
    allowed = ["Will Surgery Center", "(212) 555-0100", "https://care.example/about", ""]
    text = "WILL SURGERY CENTER: call (212) 555-0100 or see https://care.example/about/en. Will, no surgery!"
    left = without_allowed(text, allowed)
    assert (named_conditions(left), named_people(left, NAMES)) == (["surgery"], ["Will"])
