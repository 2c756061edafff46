"""Segment counting is held to the carrier's own vectors."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.domain.segments import measure, not_gsm, smart_encode
from recovery_api.packs.texts import smart_encoding

DATA = Path(__file__).parent.parent / "data" / "twilio"
VECTORS = json.loads((DATA / "segment_vectors.json").read_text(encoding="utf-8"))["vectors"]
REFERENCE_MAP = json.loads((DATA / "smart_encoding_map.json").read_text(encoding="utf-8"))["map"]


def test_there_are_98_vectors() -> None:
    assert len(VECTORS) == 98


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_a_text_is_counted_as_the_carrier_counts_it(vector: dict) -> None:
    text = smart_encode(vector["text"], smart_encoding()) if vector["smart_encoding"] else vector["text"]
    if vector["smart_encoding"]:
        assert text == vector["sent_text"]
    counted = measure(text)
    assert (counted.encoding, counted.segments, counted.characters) == (
        vector["encoding"],
        vector["segments"],
        vector["characters"],
    )


def test_the_shipped_smart_encoding_is_the_reference_map() -> None:
    assert smart_encoding() == {chr(int(code[2:], 16)): plain for code, plain in REFERENCE_MAP.items()}


def test_what_forces_a_text_into_ucs2_is_named_with_its_place() -> None:
    assert not_gsm("Está bien ^") == [(3, "á")]


@given(st.text())
def test_every_text_has_a_cost_and_gsm_is_never_dearer(text: str) -> None:
    counted = measure(text)
    assert counted.segments >= 1
    assert (counted.encoding == "GSM-7") == (not not_gsm(text))


@given(st.text(alphabet="ab €^é", max_size=700), st.text(alphabet="ab €^é", max_size=20))
def test_a_longer_text_never_costs_fewer_segments(text: str, more: str) -> None:
    assert measure(text + more).segments >= measure(text).segments
