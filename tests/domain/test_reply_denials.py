"""Where a denial ends: what stands in its list is denied, and a new finding behind it is never swallowed."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.replies import Reply
from recovery_api.domain.reply_lexicon import Lexicon
from recovery_api.domain.reply_reach import ReachReader
from recovery_api.packs.reading import LANGUAGES, language_pack, reply_reader
from tests.domain.reply_figures import labelled

SERIOUS = ("emergency", "urgent")
DENIALS = {
    "en": (
        "no fever", "no trouble breathing", "no chest pain", "not numb", "no numbness or tingling", "didnt fall",
        "no falls", "no drainage", "no trouble peeing", "no confusion", "no calf pain", "i dont have a fever",
        "no fever, chills or chest pain", "no blood", "no headache",
    ),
    "es": (
        "sin fiebre", "no tengo fiebre", "sin falta de aire", "no me cai", "sin hormigueo", "sin sangrado",
        "sin dolor de pecho", "ni fiebre ni escalofrios",
    ),
}  # fmt: skip
JOINS = {"en": (", ", " ", " and ", " but ", " just "), "es": (", ", " ", " y ", " pero ", " solo ")}
NAMES = {
    "en": (
        "fever",
        "chills",
        "numbness",
        "chest pain",
        "bleeding",
        "rash",
        "drainage",
        "leg weakness",
        "trouble breathing",
    ),
    "es": ("fiebre", "escalofrios", "adormecimiento", "dolor de pecho", "sangrado", "ronchas", "debilidad"),
}
LISTS = {
    "en": (
        "no {}, {} or {}",
        "no {} {} or {}",
        "no {}, {}, or {}",
        "no {}, no {}, no {}",
        "i dont have any {}, {} or {}",
    ),
    "es": ("sin {}, {} ni {}", "no tengo {}, {} o {}", "ni {} ni {} ni {}"),
}


def cases() -> list[tuple[str, str]]:
    path = Path(__file__).parent.parent / "data" / "replies_denials.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["expected"]) for row in csv.DictReader(file)]


def read(text: str, language: str = "en") -> Reply:
    return reply_reader().read(text, "symptoms", language)


def serious(reply: Reply) -> bool:
    return reply.tier in SERIOUS


FITS = {
    "flag": serious,
    "seen": lambda reply: reply.tier is not None or reply.unread,
    "plain": lambda reply: reply.tier is None and not reply.unread,
    "no flag": lambda reply: not serious(reply),
}


@pytest.mark.parametrize("expected", FITS)
def test_every_labelled_denial_is_read_as_a_person_would(expected: str) -> None:
    texts = [text for text, label in cases() if label == expected]
    assert len(texts) > 15
    assert [text for text in texts if not FITS[expected](read(text))] == []


def dangers_in_words(language: str) -> list[str]:
    """Dangers of the labelled batches that stand in words and are flagged when they are all that is said."""
    texts = [label.text for label in labelled("replies_blind.csv") if label.tier in SERIOUS]
    spoken = [
        text for text in texts if 9 < len(text) < 60 and not any(len(w) == 1 and w in "ABCDEFG" for w in text.split())
    ]
    return [text for text in spoken if serious(read(text)) and read(text).language == language]


@pytest.mark.soak
def test_whatever_is_denied_before_a_danger_it_is_never_left_to_nobody(samples) -> None:
    unseen = []
    for language in LANGUAGES:
        dangers = dangers_in_words(language)
        for i, danger in enumerate(dangers[: samples(25, 500)]):
            for k, denial in enumerate(DENIALS[language]):
                join = JOINS[language][(i + k) % len(JOINS[language])]
                reply = read(f"{denial}{join}{danger}", language)
                if reply.tier is None and not reply.unread:
                    unseen.append(f"{denial}{join}{danger}")
    assert unseen == []


@given(st.sampled_from(LANGUAGES), st.data())
def test_a_list_of_names_that_is_closed_denies_them_all(language: str, data: st.DataObject) -> None:
    names = data.draw(st.permutations(NAMES[language]))[:3]
    text = data.draw(st.sampled_from(LISTS[language])).format(*names)
    assert not serious(read(text, language)), text


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        ("no calf pain my calf is swollen", "my"),
        ("no numbness dragging my leg", "dragging"),
        ("no fever pain is worse", "pain"),
        ("no weakness in my left leg foot drags", "foot"),
        ("no fever or chills wound leaking", "wound"),
        ("no me duele el pecho me falta el aire", "me"),
        ("no numbness or tingling in my legs or feet when i walk", None),
        ("no pain shooting down my leg", None),
        ("no peeing since noon", None),
        ("no fever, wound leaking yellow", None),
    ],
)
def test_a_denial_ends_at_the_first_word_that_does_not_go_on_with_it(text: str, beyond: str | None) -> None:
    lexicon = Lexicon({language: language_pack(language) for language in LANGUAGES})
    words = lexicon.read(text, "en")
    ends = ReachReader(lexicon).ends(words.codes)
    assert [words.pieces[end] for end in ends] == ([] if beyond is None else [beyond])


def test_one_blow_to_the_head_is_no_head_start() -> None:
    assert serious(read("I hit my head on the sink"))
    assert not serious(read("I head on home at noon"))


@pytest.mark.parametrize(
    ("text", "pain", "letters"),
    [
        ("7, B and C", 7, 2),
        ("3, A", 3, 1),
        ("7 B", 7, 1),
        ("AC 5", 5, 2),
        ("7 y b", 7, 1),
        ("7B", None, 1),
        ("a 7", 7, 0),
        ("A 7", 7, 0),
        ("at a 4", 4, 0),
        ("PAIN 7", 7, 0),
        ("BAD 7", 7, 0),
        ("7 a day", 7, 0),
        ("de 5 a 7", 7, 0),
        ("TIME 10", None, 0),
        ("B 12 shot", None, 0),
    ],
)
def test_letters_beside_one_score_are_read_too(text: str, pain: int | None, letters: int) -> None:
    reply = reply_reader().read(text, "pain", "en")
    assert (reply.pain, len(reply.symptoms)) == (pain, letters)
