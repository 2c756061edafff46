"""What rules, services and the reply reader say in English is told in Spanish, the patient's own words as written."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask

import recovery_api
from recovery_api.clinic.retold import retold
from recovery_api.clinic.text_page import title_of
from recovery_api.clinic.text_titles import TITLES
from recovery_api.domain import reply_verdict, worsening_rules
from recovery_api.domain.conditions import CONDITIONS
from recovery_api.packs.rule_pack import rule_pack
from recovery_api.packs.texts import message_pack
from tests.clinic.page_reader import page_maker
from tests.clinic.test_translations import SPANISH

PACKAGE = Path(recovery_api.__file__).parent
REFUSALS = {"Invalid", "Conflict", "NotFound", "NotAllowed", "SignInRefused", "Trouble", "StaleVersion"}
# What no page says: the apps, the web check-in, the call and the command line have words of their own.
ELSEWHERE = {
    "add_clinic", "answer_questionnaire", "fill_in_form", "form_answers", "protocol_steps", "questionnaires",
    "web_answers", "read_plan_facts",
}  # fmt: skip
PLACE = re.compile(r"\{(\w+)\}")


@pytest.fixture
def spanish() -> Iterator[Flask]:
    """A page in Spanish."""
    app = page_maker()
    with app.test_request_context("/", headers={"Accept-Language": "es"}):
        yield app


def sentence_of(node: ast.expr) -> str | None:
    """A message as its source has it, with a number for each value; None where it is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def behind_the_pages() -> list[Path]:
    """The files of the domain and the services that a page of the clinicians' can come to."""
    found, ahead = set(), sorted((PACKAGE / "clinic").glob("*.py"))
    while ahead:
        named = re.findall(
            r"^from recovery_api\.((?:domain|services)\.\w+) import", ahead.pop().read_text(), re.MULTILINE
        )
        new = {PACKAGE / f"{name.replace('.', '/')}.py" for name in named} - found
        found |= new
        ahead += sorted(new)
    return sorted(file for file in found if file.stem not in ELSEWHERE)


def refusals() -> Iterator[tuple[str, str]]:
    """Every message with which the domain and the services refuse something that a page may ask."""
    for file in behind_the_pages():
        for node in ast.walk(ast.parse(file.read_text())):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            given: list[ast.expr] = []
            if isinstance(node, ast.Call) and name in REFUSALS:
                given = node.args[(name == "Trouble") : 2][:1]
            elif isinstance(node, ast.Call) and name == "Refusals":
                given = [one.value for one in node.keywords]
            for one in given:
                if said := sentence_of(one):
                    yield file.stem, said.replace("{outcome}", "signed")


def test_every_refusal_of_the_services_has_a_spanish_one(spanish: Flask) -> None:
    found = dict.fromkeys(refusals())
    assert len(found) > 100
    assert [one for one in found if retold(one[1]) == one[1]] == []


def test_every_sentence_and_meaning_of_a_rule_has_a_spanish_one(spanish: Flask) -> None:
    said = [PLACE.sub("7", rule.sentence) for rule in rule_pack().rules if PLACE.sub("", rule.sentence)]
    said += [PLACE.sub("7", one.means) for one in CONDITIONS.values()]
    assert [one for one in said if retold(one) == one] == []


def test_every_kind_of_danger_and_every_reason_of_the_reply_reader_has_a_spanish_one(spanish: Flask) -> None:
    dangers = [
        line.partition("say: ")[2].strip()
        for language in ("en", "es")
        for line in (PACKAGE / f"packs/replies/{language}.yaml").read_text().splitlines()
        if line.strip().startswith("say: ")
    ]
    assert len(dangers) > 20
    said = [*dangers, *(f"{one[0].upper()}{one[1:]}" for one in dangers), *reply_verdict._REASONS.values()]
    said += [reply_verdict._UNREAD, *reply_verdict._QUALIFIERS.values(), *worsening_rules._TIMES.values()]
    assert [one for one in said if retold(one) == one] == []


def test_every_text_of_the_product_has_a_spanish_title(spanish: Flask) -> None:
    keys = {key for texts in message_pack().texts.values() for key in texts}
    assert [key for key in sorted(keys) if title_of(key) == key.replace("_", " ").capitalize()] == []
    assert {key for key in keys if title_of(key) in TITLES.values()} == set()
    assert set(TITLES) <= keys


def test_in_english_a_text_is_called_by_what_it_is_for() -> None:
    assert title_of("check_in_pain") == "Check-in: pain now"
    assert title_of("fall_safety") == "Fall safety"
    assert len(set(TITLES.values())) == len(TITLES)


def test_the_values_of_a_sentence_are_those_of_the_english_one() -> None:
    with (SPANISH / "said.po").open("rb") as file:
        known = [one for one in read_po(file, locale="es") if one.id]
    assert len(known) > 200
    for one in known:
        assert sorted(PLACE.findall(str(one.id))) == sorted(PLACE.findall(str(one.string))), one.id
        assert str(one.string).strip(), one.id


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Pain 8 and 9 in a row; their usual is about 3", "Dolor 8 y 9 seguidos; lo habitual es alrededor de 3"),
        (
            'A fall: "fell down". Fever or chills: "twice". Pain 8 (roughly). 20 minutes walked.',
            "Una caída: «fell down». Fiebre o escalofríos: «twice». Dolor 8 (más o menos). 20 minutos caminados.",
        ),
        (
            "Fever or shaking chills reported; One calf newly swollen, hot or sore, together with pain 8; "
            "their usual is not known yet",
            "Reporta fiebre o escalofríos con temblor; Una pantorrilla recién hinchada, caliente o adolorida, "
            "junto con dolor 8; lo habitual es aún desconocido",
        ),
        (
            "New leg weakness reported (came 9 hours late)",
            "Reporta debilidad nueva en las piernas (llegó con 9 horas de retraso)",
        ),
        (
            "3 check-ins missed in a row after strong pain; last pain 8 on day 4",
            "3 reportes seguidos sin respuesta después de dolor fuerte; último dolor 8 en el día 4",
        ),
        (
            "No text could tell of a changed visit: call; now on 28 Nov 2026 at 10:00; called off: 3 Dec 2026 at 09:30",
            "Ningún mensaje pudo avisar de una cita que cambió: llame; ahora el 28 nov 2026 a las 10:00; "
            "cancelada: la del 3 dic 2026 a las 09:30",
        ),
        ("Words that nobody knows, or two", "Words that nobody knows, or two"),
        ("", ""),
    ],
)
def test_a_reason_is_told_with_its_values_and_the_patients_words_as_they_are(
    spanish: Flask, said: str, told: str
) -> None:
    assert retold(said) == told


def test_an_english_page_and_what_runs_without_a_page_tell_it_as_it_is() -> None:
    said = "New leg weakness reported"
    assert retold(said) == said
    with page_maker().test_request_context("/", headers={"Accept-Language": "en"}):
        assert retold(said) == said
