"""Language packs: what a pack must have, and that a further language needs data alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from recovery_api.domain.errors import PackError
from recovery_api.domain.replies import ReplyReader
from recovery_api.domain.reply_vocabulary import NO_TARGETS
from recovery_api.packs import load_yaml
from recovery_api.packs.reading import LANGUAGES, language_pack, reply_reader

FRENCH = Path(__file__).parent.parent / "data" / "replies_fr.yaml"


@pytest.fixture(scope="module")
def three_languages() -> ReplyReader:
    french = yaml.safe_load(FRENCH.read_text(encoding="utf-8"))
    return ReplyReader({"en": language_pack("en"), "es": language_pack("es"), "fr": french})


def test_a_third_language_is_read_from_data_alone(three_languages: ReplyReader) -> None:
    assert three_languages.read("sept", "pain", "fr").pain == 7
    assert three_languages.read("douleur 6 aujourd'hui", "any", "fr").pain == 6
    assert three_languages.read("je ne sens pas mes jambes", "any", "fr").symptoms == {"leg_weakness"}
    assert three_languages.read("jambes engourdies", "any", "en").tier == "emergency"
    assert three_languages.read("ARRET", "any", "fr").intent == "opt_out"
    assert three_languages.read("mes jambes", "any", "en").language == "fr"


def test_the_other_languages_are_read_as_before(three_languages: ReplyReader) -> None:
    for text in ("7", "siete", "no siento las piernas", "no fever 3", "can't feel my legs", "6 or 7"):
        assert three_languages.read(text, "pain") == reply_reader().read(text, "pain")


def broken(pattern: str) -> dict[str, Any]:
    pack = language_pack("en")
    return {**pack, "patterns": {**pack["patterns"], "call_me": [pattern]}}


def test_a_pattern_with_an_unknown_concept_is_refused_by_name() -> None:
    with pytest.raises(PackError, match=r"call_me.*BANANA|CALL BANANA.*no word has this meaning"):
        ReplyReader({"en": broken("CALL BANANA")})


def test_a_pattern_without_a_word_that_must_be_there_is_refused() -> None:
    with pytest.raises(PackError, match="no word that must be there"):
        ReplyReader({"en": broken("^ me? $")})


def test_a_word_of_everyday_speech_keeps_its_own_meaning_in_each_language() -> None:
    assert reply_reader().read("I went once", "pain").qualifier == "words"
    assert reply_reader().read("tengo un once", "pain").qualifier == "out_of_range"


@pytest.mark.parametrize("language", ["en", "es"])
def test_ordinary_words_are_no_words_of_the_field(language: str) -> None:
    pack, ordinary = load_yaml(f"replies/{language}.yaml"), load_yaml(f"replies/{language}_ordinary.yaml")
    field = {word for name, words in pack["words"].items() if name not in NO_TARGETS for word in words.split()}
    assert not field & set(ordinary["words"].split())


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_group_of_words_in_a_pack_is_used(language: str) -> None:
    sources = (Path(__file__).parents[2] / "recovery_api" / "domain").glob("repl*.py")
    used = " ".join([path.read_text(encoding="utf-8") for path in sources])
    used += " ".join(str({**language_pack(name), "words": None}) for name in LANGUAGES)
    used += " ".join(words for name in LANGUAGES for words in language_pack(name)["words"].values())
    named = set(re.findall(r"[A-Z][A-Z_]+", used))
    assert set(language_pack(language)["words"]) <= named
