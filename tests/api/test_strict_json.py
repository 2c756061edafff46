"""JSON as it is accepted: what is hostile or ambiguous is refused, what is valid is read as others read it."""

import json
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.api.refusals import BadJson
from recovery_api.api.strict_json import DEEPEST, LARGEST_BODY, parse
from tests.builders import PatientPersona, check_in_body

HOSTILE = {
    "nothing but brackets": b"[" * 100_000,
    "nothing but braces": b'{"a":' * 5_000,
    "one level too deep": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "a key twice": b'{"pain": 3, "pain": 9}',
    "a key twice, one escaped": b'{"pain": 3, "p\\u0061in": 9}',
    "NaN": b'{"pain": NaN}',
    "infinity": b'{"pain": Infinity}',
    "minus infinity": b'{"pain": -Infinity}',
    "a number beyond all": b'{"pain": 1e999}',
    "a number of 5,000 digits": b'{"pain": ' + b"9" * 5_000 + b"}",
    "NUL, escaped": b'{"note": "a\\u0000b"}',
    "NUL in a key": b'{"no\\u0000te": "a"}',
    "NUL, raw": b'{"note": "a\x00b"}',
    "a lone high surrogate": b'{"note": "\\ud800"}',
    "a lone low surrogate": b'{"note": "\\udc00 is alone"}',
    "a surrogate as UTF-8": b'{"note": "\xed\xa0\x80"}',
    "half a letter": b'{"note": "\xc3"}',
    "UTF-16": '{"pain": 3}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"pain": 3}',
    "an open string of escapes": b'{"note": "' + b'\\"' * 10_000,
    "a string of backslashes": b'"' + b"\\" * 20_001,
    "not closed": b'{"pain": 3',
    "something behind": b'{"pain": 3} 4',
    "single quotes": b"{'pain': 3}",
    "a comma too many": b'{"pain": 3,}',
    "a comment": b'{"pain": 3 /* high */}',
    "blank": b"   ",
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadJson):
        parse(body)


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_body_gets_a_problem_and_stores_nothing(body: bytes, ann: PatientPersona) -> None:
    answer = ann.post("/me/check-ins", data=body, content_type="application/json")
    assert answer.status_code == (413 if len(body) > LARGEST_BODY else 400)
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] in ("bad_json", "too_large")
    assert ann.get("/me/check-ins").json["items"] == []


@given(VALUES)
def test_what_is_valid_is_read_as_every_other_reader_reads_it(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=300) | st.text('[]{}",:\\ \x00u0d8e1-.aé', max_size=300).map(str.encode))
def test_no_bytes_do_more_than_be_refused(body: bytes) -> None:
    with suppress(BadJson):
        parse(body)


def test_brackets_inside_strings_are_not_depth() -> None:
    assert parse(b'{"note": "' + b"[" * 1_000 + b'\\"' + b"{" * 1_000 + b'"}')["note"].count("[") == 1_000


def test_exactly_sixteen_levels_are_read() -> None:
    parse(b"[" * DEEPEST + b"]" * DEEPEST)


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
     "application/json; charset=utf-16"],
)  # fmt: skip
def test_another_media_type_is_refused(media_type: str, ann: PatientPersona) -> None:
    body = json.dumps(check_in_body(ann))
    answer = ann.post("/me/check-ins", data=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json["code"]) == (415, "not_json")


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_taken_however_its_type_is_written(media_type: str, ann: PatientPersona) -> None:
    body = json.dumps(check_in_body(ann))
    assert ann.post("/me/check-ins", data=body, headers={"Content-Type": media_type}).status_code == 201


def test_a_body_is_refused_by_its_announced_length_alone(ann: PatientPersona) -> None:
    told = {"CONTENT_LENGTH": str(10 * 1024 * 1024)}
    answer = ann.post("/me/check-ins", data=b"{}", content_type="application/json", environ_overrides=told)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@pytest.mark.parametrize("words", [b"x", b"[]", b" "], ids=["junk", "lists", "padding"])
def test_a_body_that_does_not_say_its_length_is_refused_by_what_comes(words: bytes, ann: PatientPersona) -> None:
    whole = json.dumps(check_in_body(ann)).encode() + words * LARGEST_BODY
    chunked = {"wsgi.input": BytesIO(whole), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = ann.post("/me/check-ins", content_type="application/json", environ_overrides=chunked)
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


def test_a_body_just_within_the_limit_is_read(ann: PatientPersona) -> None:
    body = json.dumps(check_in_body(ann)).encode()
    padded = body + b" " * (LARGEST_BODY - len(body))
    assert ann.post("/me/check-ins", data=padded, content_type="application/json").status_code == 201
    assert ann.post("/me/check-ins", data=padded + b" ", content_type="application/json").status_code == 413
