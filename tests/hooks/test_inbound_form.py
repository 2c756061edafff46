"""Web hooks are read by a grammar that a shifted boundary between two fields cannot pass."""

import json
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.hooks.form_fields import BadForm, read_fields
from recovery_api.hooks.inbound_form import read_inbound, read_status
from recovery_api.hooks.signature import signed_by

VECTORS = json.loads((Path(__file__).parents[1] / "data/twilio/signature_vectors.json").read_text())["vectors"]
SID = "SM" + "1" * 32
INBOUND = next(vector["params"] for vector in VECTORS if vector["name"] == "inbound_sms")
STATUS = next(vector["params"] for vector in VECTORS if vector["name"] == "status_callback_failed")


def arrived(changes=(), drop=(), base=INBOUND):
    fields = {**base, **dict(changes)}
    return {
        name: tuple(value) if isinstance(value, list) else (value,)
        for name, value in fields.items()
        if name not in drop
    }


def refusal(fields, read=read_inbound):
    with pytest.raises(BadForm) as refused:
        read(fields)
    return refused.value.field, refused.value.reason


def test_a_text_is_read():
    form = read_inbound(arrived())
    assert (form.message_sid, form.from_, form.to, form.body) == (SID, "+13235550123", "+14015550100", "7")
    assert (form.account_sid, form.media, form.opt_out_type) == ("AC" + "a" * 32, 0, None)
    assert form.messaging_service_sid == "MG" + "b" * 32
    assert not form.body_may_be_cut


@pytest.mark.parametrize("vector", [v for v in VECTORS if v["name"].startswith("inbound")], ids=lambda v: v["name"])
def test_every_inbound_vector_is_read(vector):
    form = read_inbound(read_fields(urlencode(vector["params"]).encode()))
    assert form.body == vector["params"]["Body"]
    assert form.media == int(vector["params"]["NumMedia"])
    assert form.opt_out_type == vector["params"].get("OptOutType")


def test_a_delivery_report_is_read():
    form = read_status(arrived(base=STATUS))
    assert (form.message_sid, form.status, form.error_code) == ("SM" + "3" * 32, "undelivered", 30003)
    assert read_status(arrived(base=STATUS, drop=["ErrorCode"])).error_code is None
    assert read_status(arrived({"ErrorCode": ""}, base=STATUS)).error_code is None
    assert (
        read_status(arrived({"MessageStatus": "teleported", "SmsStatus": "teleported"}, base=STATUS)).status
        == "teleported"
    )


@pytest.mark.parametrize("name", ["MessageSid", "AccountSid", "From", "To", "Body", "NumMedia"])
def test_a_text_without_a_required_field_is_refused(name):
    assert refusal(arrived(drop=[name])) == (name, "missing")


@pytest.mark.parametrize("name", ["MessageSid", "AccountSid", "MessageStatus"])
def test_a_report_without_a_required_field_is_refused(name):
    assert refusal(arrived(base=STATUS, drop=[name, "SmsSid", "SmsStatus"]), read_status) == (name, "missing")


@pytest.mark.parametrize("name", sorted(INBOUND))
def test_a_field_given_twice_is_refused(name):
    assert refusal(arrived({name: [INBOUND[name], INBOUND[name]]})) == (name, "repeated")
    assert refusal(arrived({name: []})) == (name, "repeated")


@pytest.mark.parametrize("name", ["SmsSid", "SmsMessageSid"])
def test_the_three_ids_of_a_text_must_agree(name):
    assert refusal(arrived({name: "SM" + "2" * 32})) == (name, "differs")
    assert read_inbound(arrived(drop=[name])).message_sid == SID


def test_the_two_statuses_of_a_report_must_agree():
    assert refusal(arrived({"SmsStatus": "sent"}, base=STATUS), read_status) == ("SmsStatus", "differs")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MessageSid", "SM123"),
        ("MessageSid", SID + "\n"),
        ("MessageSid", "XX" + "1" * 32),
        ("AccountSid", "AC" + "g" * 32),
        ("MessagingServiceSid", ""),
        ("From", "Anonymous"),
        ("From", "+1323555012３"),
        ("From", "whatsapp:+13235550123"),
        ("To", "+0401555"),
        ("NumMedia", "-1"),
        ("NumMedia", "1e1"),
        ("NumMedia", "11"),
        ("SmsStatus", "delivered"),
        ("OptOutType", "stop"),
        ("ApiVersion", "2010"),
        ("FromCity", "A\nB"),
        ("MediaUrl0", "javascript:alert(1)"),
    ],
)
def test_a_value_outside_its_grammar_is_refused(name, value):
    assert refusal(arrived({name: value})) == (name, "malformed")


@pytest.mark.parametrize("sender", ["+13235550123", "70404", "+4915555550123"])
def test_long_and_short_numbers_may_text_us(sender):
    assert read_inbound(arrived({"From": sender})).from_ == sender


@pytest.mark.parametrize(
    "body",
    ["", " 7 \n", "¿Cómo está? 😀", "a\tb\r\nc", "x" * 1600, "From+15555550199 said NumMedia0", "=1+1", "\u202e7"],
)
def test_the_patients_words_may_be_anything_and_stay_as_they_are(body):
    raw = urlencode({**INBOUND, "Body": body}).encode()
    assert read_inbound(read_fields(raw)).body == body


@pytest.mark.parametrize(
    ("body", "reason"), [("7\x00", "not_text"), ("7\ud800", "not_text"), ("7" * 16_001, "too_long")]
)
def test_words_that_no_database_holds_are_refused(body, reason):
    assert refusal(arrived({"Body": body})) == ("Body", reason)


def test_bytes_that_are_not_utf8_are_refused():
    with pytest.raises(BadForm, match="not_utf8"):
        read_fields(b"Body=%FF%FE")
    with pytest.raises(BadForm, match="not_utf8"):
        read_fields(b"Body=\xff\xfe")


def test_fields_that_twilio_may_add_are_tolerated_within_bounds():
    assert read_inbound(arrived({"SomeNewParam": "x", "ForwardedFrom": "+15555550123"})).body == "7"
    many = {f"New{n}": "x" for n in range(64)}
    assert refusal(arrived(many)) == ("", "too_many_fields")
    assert refusal(arrived({"New": "x" * 70_000})) == ("unknown", "too_long")
    assert refusal(arrived({"New": ["x", "y"]})) == ("unknown", "repeated")
    assert refusal(arrived({"a b": "x"})) == ("unknown", "malformed")
    with pytest.raises(BadForm, match="too_many_fields"):
        read_fields(b"&".join(b"New%d=x" % n for n in range(65)))
    with pytest.raises(BadForm, match="too_large"):
        read_fields(b"Body=" + b"x" * 65_536)


def test_pictures_beyond_those_announced_are_refused():
    picture = {"MediaUrl0": "https://api.twilio.com/m/1", "MediaContentType0": "image/jpeg"}
    assert read_inbound(arrived({**picture, "NumMedia": "1"})).media == 1
    sound = {**picture, "MediaContentType0": "audio/L24; rate=8000"}
    assert read_inbound(arrived({**sound, "NumMedia": "1"})).media == 1
    assert refusal(arrived(picture))[1] == "unannounced"


def signed_alike(before, after):
    """Whether a signature over one set of fields is also one over the other."""

    def joined(fields):
        return "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))

    return joined(before) == joined(after)


def swallowings(fields):
    """Every way in which one field can swallow the next ones without the signature noticing."""
    names = sorted(fields)
    for first in range(len(names)):
        for last in range(first + 1, len(names)):
            swallowed = "".join(name + fields[name][0] for name in names[first + 1 : last + 1])
            kept = {name: fields[name] for name in names if name not in names[first : last + 1]}
            yield {**kept, names[first]: (fields[names[first]][0] + swallowed,)}


@pytest.mark.parametrize(("base", "read"), [(INBOUND, read_inbound), (STATUS, read_status)], ids=["text", "report"])
def test_no_field_can_swallow_its_neighbours(base, read):
    original = arrived(base=base)
    count = 0
    for shifted in swallowings(original):
        assert signed_alike(original, shifted)
        with pytest.raises(BadForm):
            read(shifted)
        count += 1
    assert count > 30


def test_a_name_that_swallows_the_rest_of_its_value_is_refused_where_it_hides_a_known_field():
    original = arrived()
    for name, following in pairwise(sorted(original)):
        merged = {key: value for key, value in original.items() if key not in (name, following)}
        merged[name + original[name][0] + following] = original[following]
        if signed_alike(original, merged):
            with pytest.raises(BadForm):
                read_inbound(merged)


def test_a_sender_hidden_in_the_patients_words_cannot_replace_the_real_one():
    # Somebody texts "3From+15555550199FromA" and replays what Twilio made of it, cut up anew.
    original = arrived({"Body": "3From+15555550199FromA"})
    assert read_inbound(original).from_ == "+13235550123"
    for name, value in (("FromA", "From+13235550123"), ("FromAFrom", "+13235550123"), ("FromAFr", "om+13235550123")):
        replayed = {**original, "Body": ("3",), "From": ("+15555550199",), name: (value,)}
        assert signed_alike(original, replayed)
        assert refusal(replayed) == ("unknown", "swallowed")


def test_words_that_may_have_been_cut_by_a_replay_are_marked():
    original = arrived({"Body": "7 Fever"})
    replayed = {**original, "Body": ("7 ",), "Fever": ("",)}
    assert signed_alike(original, replayed)
    assert read_inbound(replayed).body_may_be_cut
    assert not read_inbound(original).body_may_be_cut


def test_a_refusal_names_no_value():
    with pytest.raises(BadForm) as refused:
        read_inbound(arrived({"From": "+1323555"}) | {"x+15555550123 y": ("a",)})
    assert "555" not in str(refused.value)
    assert "555" not in repr(read_inbound(arrived()))


text = st.text(alphabet=st.characters(codec=None, categories=None), max_size=30)


@given(
    st.dictionaries(st.sampled_from([*INBOUND, *STATUS]) | text, st.lists(text, max_size=2), max_size=12), st.booleans()
)
def test_no_form_makes_it_fail_in_another_way(fields, complete):
    fields = {**arrived(), **arrived(base=STATUS), **fields} if complete else fields
    for read in (read_inbound, read_status):
        with suppress(BadForm):
            read(fields)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(raw):
    try:
        fields = read_fields(raw)
    except BadForm:
        return
    assert signed_by(["t"], "https://recovery.example.org", "/", "", fields, "x") is False


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=300))
def test_any_words_come_through_the_wire_unchanged(body):
    assert read_inbound(read_fields(urlencode({**INBOUND, "Body": body}).encode())).body == body
