"""A clinic's name must fit into its texts: one segment each, with letters that every phone knows."""

import pytest

from recovery_api.domain.clinic_names import LONGEST_NAME, name_problem
from recovery_api.domain.segments import measure
from recovery_api.domain.text_lint import LONGEST_VALUES
from recovery_api.packs.texts import as_sent, message_pack


@pytest.mark.parametrize(
    "name", ["Harbour Clinic", "Clinic Müller & Peña", "N" * LONGEST_NAME, LONGEST_VALUES["clinic"]]
)
def test_a_name_that_every_text_has_room_for_is_taken(name: str) -> None:
    assert name_problem(name) is None
    pack = message_pack()
    texts = [(key, language) for language in pack.languages for key in pack.texts[language]]
    said = [as_sent(pack.render(*one, {**LONGEST_VALUES, "clinic": name})) for one in texts]
    assert {(measure(text).encoding, measure(text).segments) for text in said} == {("GSM-7", 1)}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("N" * (LONGEST_NAME + 1), f"takes {LONGEST_NAME + 1} characters in a text, and {LONGEST_NAME} are the most"),
        ("[" + "N" * (LONGEST_NAME - 1), f"takes {LONGEST_NAME + 1} characters"),
        ("Clínica del Río", "í would make every text cost two segments or three: write Clinica del Rio"),
        ("Clinic 中", "中 would make every text cost two segments or three"),
        ("Lake Cancer Center", "names Cancer, which no text may"),
        ("  ", "must be a name in one line"),
        ("Lake\nClinic", "must be a name in one line"),
    ],
    ids=["long", "bracket", "accent", "script", "diagnosis", "blank", "lines"],
)
def test_a_name_that_would_make_texts_dearer_is_refused_with_a_way_out(name: str, said: str) -> None:
    assert said in str(name_problem(name))
