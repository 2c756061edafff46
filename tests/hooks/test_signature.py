"""Twilio's signatures are told from forged ones, and nothing that arrives makes the check fail."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from recovery_api.hooks.signature import signed_by

VECTORS = json.loads((Path(__file__).parents[1] / "data/twilio/signature_vectors.json").read_text())["vectors"]
TOKEN = "0123456789abcdef0123456789abcdef"
SITE = "https://recovery.example.org"
PATH = "/webhooks/twilio/inbound"
FIELDS = {"MessageSid": ["SM" + "1" * 32], "Body": ["7"], "From": ["+15555550123"]}


def sign(url, fields, token=TOKEN):
    joined = url + "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    return base64.b64encode(hmac.new(token.encode(), joined.encode(), hashlib.sha1).digest()).decode()


def check(fields=FIELDS, header=None, path=PATH, query="", site=SITE, tokens=(TOKEN,), **more):
    header = sign(SITE + PATH, FIELDS) if header is None else header
    return signed_by(tokens, site, path, query, fields, header, **more)


def ask(vector):
    parts = urlsplit(vector["url"])
    site = f"{parts.scheme}://{parts.netloc}"
    raw_path, _, raw_query = vector["url"].removeprefix(site).partition("?")
    params = {name: value if isinstance(value, list) else [value] for name, value in vector.get("params", {}).items()}
    body = vector["body"].encode() if "body" in vector else None
    return signed_by(
        [vector["auth_token"]], site, raw_path, raw_query, params, vector["signature"],
        algorithm=vector["algorithm"], body=body,
    )  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_published_and_measured_vector_is_judged_rightly(vector):
    assert ask(vector) is vector["valid"]


def test_both_tokens_count_while_one_is_being_replaced():
    assert check(tokens=("f" * 32, TOKEN))
    assert check(tokens=(TOKEN, "f" * 32))


@pytest.mark.parametrize(
    "forged",
    [
        {"header": ""},
        {"header": "="},
        {"header": "é" * 28},
        {"header": sign(SITE + PATH, FIELDS, "f" * 32)},
        {"header": sign(SITE + PATH, FIELDS) + "\n"},
        {"header": sign(SITE + PATH, FIELDS).lower()},
        {"header": sign("https://staging.example.org" + PATH, FIELDS)},
        {"header": sign("http://recovery.example.org" + PATH, FIELDS)},
        {"header": sign("https://recovery.example.org:8443" + PATH, FIELDS)},
        {"path": PATH + "/"},
        {"path": "/webhooks/twilio/status"},
        {"query": "m=1"},
        {"site": "https://staging.example.org"},
        {"fields": {**FIELDS, "Body": ["2"]}},
        {"fields": {**FIELDS, "Extra": ["1"]}},
        {"fields": {**FIELDS, "Body": ["7", "8"]}},
        {"fields": {name: FIELDS[name] for name in ("MessageSid", "Body")}},
        {"fields": {}},
        {"tokens": ()},
        {"tokens": ("",)},
        {"method": "GET"},
        {"algorithm": "HMAC_MD5"},
        {"algorithm": "HMAC_SHA256"},
        {"body": b"{}"},
    ],
)
def test_a_forgery_is_refused(forged):
    assert check()
    assert not check(**forged)


def test_without_a_token_not_even_a_signature_with_an_empty_key_passes():
    assert not check(header=sign(SITE + PATH, FIELDS, ""), tokens=("",))


def test_no_header_is_no_signature():
    assert not signed_by([TOKEN], SITE, PATH, "", FIELDS, None)


def test_a_path_and_query_are_taken_as_they_came_over_the_wire():
    url = SITE + "/webhooks/twilio/status?m=a%2Fb%27&x=%C3%A9"
    assert check(header=sign(url, FIELDS), path="/webhooks/twilio/status", query="m=a%2Fb%27&x=%C3%A9")
    assert not check(header=sign(url, FIELDS), path="/webhooks/twilio/status", query="m=a/b'&x=é")


def test_a_form_of_flask_is_read_with_all_its_values():
    form = MultiDict([("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")])
    assert check(form, sign(SITE + PATH, {"Digits": ["1234", "5678"]}))


def test_a_body_that_is_no_form_must_match_the_hash_that_was_signed():
    body = b'{"a": 1}'
    query = "bodySHA256=" + hashlib.sha256(body).hexdigest()
    header = sign(f"{SITE}{PATH}?{query}", {})
    assert check({}, header, query=query, body=body)
    assert not check({}, header, query=query, body=body + b" ")
    twice = query + "&" + query
    assert not check({}, sign(f"{SITE}{PATH}?{twice}", {}), query=twice, body=body)
    assert not check({}, header, query="&".join(["a=1"] * 100), body=body)


anything = st.text(alphabet=st.characters(codec=None, categories=None), max_size=40)


@given(
    header=anything | st.none(),
    site=anything,
    path=anything,
    query=anything,
    token=anything,
    params=st.dictionaries(anything, st.lists(anything, max_size=3), max_size=5),
    body=st.none() | st.binary(max_size=40),
)
def test_nothing_that_arrives_makes_it_fail(header, site, path, query, token, params, body):
    assert signed_by([token], site, path, query, params, header, body=body) in (True, False)


@given(st.binary(max_size=60))
def test_no_header_of_any_bytes_passes_by_chance(raw):
    assert not check(header=raw.decode("latin-1"))


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=10), st.lists(st.text(max_size=10), min_size=1, max_size=3), max_size=6
    )
)
def test_whatever_twilio_signs_is_accepted(fields):
    assert check(fields, sign(SITE + PATH, fields))
