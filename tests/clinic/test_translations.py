"""The pages in Spanish: every word of theirs has one, with the same values, in the file that is read."""

import re
from pathlib import Path

import pytest
from babel.messages import Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import recovery_api

CLINIC = Path(recovery_api.__file__).parent / "clinic"
SPANISH = CLINIC / "translations/es/LC_MESSAGES"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
VALUES = re.compile(r"%\(\w+\)s|\{\w\}")


@pytest.fixture(scope="module")
def words() -> list[Message]:
    with (SPANISH / "messages.po").open("rb") as file:
        return [one for one in read_po(file, locale="es") if one.id]


def each(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


def test_every_word_of_the_pages_has_a_spanish_one(words: list[Message]) -> None:
    known = {each(one.id)[0] for one in words if all(each(one.string))}
    found = extract_from_dir(CLINIC, METHODS, {"**": {}}, KEYWORDS)
    missing = {each(said)[0] for _, _, said, _, _ in found if each(said)[0]} - known
    assert sorted(missing) == []


def test_the_values_of_a_word_are_those_of_the_english_one(words: list[Message]) -> None:
    for one in words:
        english, spanish = each(one.id), each(one.string)
        assert len(english) == len(spanish)
        for said, told in zip(english[-1:], spanish[-1:], strict=True):
            assert sorted(VALUES.findall(said)) == sorted(VALUES.findall(told)), said


def test_the_compiled_file_is_as_new_as_the_words(words: list[Message]) -> None:
    with (SPANISH / "messages.mo").open("rb") as file:
        compiled = {each(one.id)[0]: each(one.string) for one in read_mo(file) if one.id}
    assert compiled == {each(one.id)[0]: each(one.string) for one in words}
