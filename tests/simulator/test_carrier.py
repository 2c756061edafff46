"""The simulated carrier behaves as Twilio does, for Twilio's own client, and fails when it is told to."""

import base64
import datetime as dt
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from recovery_api.cli.simulator import simulator
from recovery_api.simulator.carrier import Carrier, CarrierRefused, run_carrier
from recovery_api.simulator.carrier_callbacks import Overrides, overrides_in
from recovery_api.simulator.carrier_delivery import Pace, inbound_address
from recovery_api.simulator.server import Answer
from tests.simulator.hook_sink import HANG_UP, hook_sink

ACCOUNT, TOKEN, SERVICE = "AC" + "a" * 32, "t" * 32, "MG" + "b" * 32
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
ANN, BEA, CLINIC = "+15555550123", "+15555550124", "+15555550100"
SOON = Pace(sent=0.0, delivered=0.0)
NEVER = Pace(sent=3600)
DATA = Path(__file__).parents[1] / "data/twilio"
RESOURCE = json.loads((DATA / "message_resource.json").read_text())
MAGIC = json.loads((DATA / "magic_numbers.json").read_text())


@pytest.fixture
def sink():
    with hook_sink(TOKEN) as sink:
        yield sink


@pytest.fixture
def carrier(sink):
    with Carrier(ACCOUNT, TOKEN, sink.site, pace=SOON, seed=7) as carrier:
        yield carrier


@pytest.fixture
def still():
    with Carrier(ACCOUNT, TOKEN, pace=NEVER) as carrier:
        yield carrier


class Browser:
    """Plain requests to the carrier, over one kept connection."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)

    def ask(self, method, path, content=None, **headers):
        body = None if content is None else json.dumps(content)
        headers = {"Content-Type": "application/json", **headers}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw else None


@pytest.fixture
def browse():
    opened = []

    def browse(carrier):
        opened.append(Browser(carrier.address))
        return opened[-1].ask

    yield browse
    for browser in opened:
        browser.connection.close()


@pytest.fixture
def client():
    made = []

    def client(carrier, username=ACCOUNT, password=TOKEN):
        made.append(Client(username, password, ACCOUNT))
        made[-1].api.base_url = carrier.address
        return made[-1]

    yield client
    for one in made:
        one.http_client.session.close()


def send(client, **changes):
    return client.messages.create(**{"to": ANN, "from_": CLINIC, "body": "Pain 0-10?", **changes})


def code_of(call):
    with pytest.raises(TwilioRestException) as refused:
        call()
    return refused.value.code


def basic():
    return "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


def fits(value, rule):
    if value is None:
        return rule.get("nullable", False)
    kinds = {"string": str, "integer": int, "object": dict}
    return (
        isinstance(value, kinds[rule["type"]])
        and re.fullmatch(rule.get("pattern", ".*"), str(value), re.DOTALL) is not None
        and value in rule.get("enum", [value])
        and (rule.get("format") != "date-time-rfc-2822" or parsedate_to_datetime(value) is not None)
    )


def test_its_answers_have_the_shape_that_twilio_describes(still, client, browse):
    client = client(still)
    send(client, messaging_service_sid=SERVICE)
    still.state.move(send(client).sid, "undelivered", 30003)
    still.state.receive(ANN, CLINIC, "7", media=1)
    listed = browse(still)("GET", MESSAGES, Authorization=basic())[1]
    assert sorted(listed) == RESOURCE["list"]
    assert len(listed["messages"]) == 3
    for message in listed["messages"]:
        assert set(message) == set(RESOURCE["message"])
        assert [name for name, rule in RESOURCE["message"].items() if not fits(message[name], rule)] == []


def test_the_statuses_of_a_text_are_called_back_with_a_signature(carrier, client, sink):
    message = send(client(carrier), status_callback=f"{sink.site}/status?m=ab12#rc=3&rp=all")
    assert message.status == "queued"
    hooks = sink.taken(2)
    assert {hook["MessageStatus"] for hook in hooks} == {"sent", "delivered"}
    for hook in hooks:
        assert hook["signed"]
        assert (hook["path"], hook["query"]) == ("/status", "m=ab12")
        assert hook["MessageSid"] == hook["SmsSid"] == message.sid
        assert (hook["To"], hook["From"], hook["AccountSid"]) == (ANN, CLINIC, ACCOUNT)
        assert hook["SmsStatus"] == hook["MessageStatus"]
        assert "ErrorCode" not in hook
    shown = message.fetch()
    assert (shown.status, shown.error_code) == ("delivered", None)
    assert shown.date_sent is not None


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"fault": "landline"}, 30006),
        ({"fault": "carrier_blocks"}, 30007),
        ({"fault": "undelivered", "code": 30003}, 30003),
    ],
    ids=["landline", "carrier_blocks", "undelivered"],
)
def test_a_phone_that_cannot_be_reached_ends_undelivered(carrier, client, sink, fault, code):
    carrier.faults.add({**fault, "phone": ANN})
    sids = {phone: send(client(carrier), to=phone, status_callback=sink.site).sid for phone in (ANN, BEA)}
    last = {hook["MessageSid"]: hook for hook in sink.taken(4) if hook["MessageStatus"] != "sent"}
    assert (last[sids[ANN]]["MessageStatus"], last[sids[ANN]]["ErrorCode"]) == ("undelivered", str(code))
    assert last[sids[BEA]]["MessageStatus"] == "delivered"
    assert carrier.state.messages.get(sids[ANN]).error_code == code


def test_a_text_that_waits_in_the_queue_past_its_validity_ends_as_failed_and_never_leaves(carrier, client, sink):
    carrier.faults.add({"fault": "queue_stalls", "phone": ANN, "seconds": 60})
    carrier.faults.add({"fault": "queue_stalls", "phone": BEA, "seconds": 1.4})
    sids = [
        send(client(carrier), to=phone, status_callback=sink.site, validity_period=period).sid
        for phone, period in ((ANN, 1), (BEA, 2))
    ]
    hooks = sink.taken(3)
    told = [(hook["MessageSid"], hook["MessageStatus"], hook.get("ErrorCode")) for hook in hooks]
    assert told[0] == (sids[0], "failed", "30036")
    assert sorted(told[1:]) == [(sids[1], "delivered", None), (sids[1], "sent", None)]
    shown = [client(carrier).messages(sid).fetch() for sid in sids]
    assert [(one.status, one.error_code, one.date_sent is None) for one in shown] == [
        ("failed", 30036, True), ("delivered", None, False),
    ]  # fmt: skip


def test_a_text_that_was_cancelled_in_the_queue_does_not_expire_as_well(still, client):
    message = send(client(still), validity_period=1)
    message.update(status="canceled")
    assert still.state.expire(message.sid, 30036) is None
    assert message.fetch().status == "canceled"


def test_a_messaging_service_keeps_its_sender_and_has_not_chosen_it_at_first(still, client):
    client = client(still)
    first = send(client, messaging_service_sid=SERVICE)
    assert (first.status, first.from_) == ("accepted", CLINIC)
    second = client.messages.create(to=ANN, messaging_service_sid=SERVICE, body="Day 2")
    assert (second.status, second.from_, second.num_segments) == ("accepted", None, "0")
    assert second.fetch().from_ == CLINIC


def test_segments_are_counted_as_they_are_billed(still, client):
    client = client(still)
    assert send(client, body="x" * 161).num_segments == "2"
    assert send(client, body="’" * 70).num_segments == "1"


@pytest.mark.parametrize(("to", "code"), MAGIC["to"].items())
def test_magic_recipients_are_refused(still, client, to, code):
    assert code_of(lambda: send(client(still), to=to)) == code


@pytest.mark.parametrize(("sender", "code"), [item for item in MAGIC["from"].items() if item[0].startswith("+")])
def test_magic_senders_are_refused(still, client, sender, code):
    if code == "ok":
        assert send(client(still), from_=sender).sid
    else:
        assert code_of(lambda: send(client(still), from_=sender)) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": ""}, 21604),
        ({"to": "5555550123"}, 21211),
        ({"to": CLINIC}, 21266),
        ({"from_": "clinic"}, 21212),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"validity_period": 0}, 21624),
        ({"validity_period": 36_001}, 21624),
        ({"status_callback": "not a url"}, 21609),
        ({"status_callback": "https://under_score.example/x"}, 21609),
        ({"status_callback": "http://["}, 21609),
        ({"messaging_service_sid": "MG1"}, 21705),
        ({"content_retention": "forget"}, 20422),
        ({"media_url": ["ftp://x"]}, 21620),
        ({"message_intent": "otp"}, 20001),
        ({"schedule_type": "fixed"}, 35111),
        ({"schedule_type": "fixed", "send_at": "soon"}, 35114),
        ({"schedule_type": "fixed", "send_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, 35114),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_request_that_twilio_would_refuse_is_refused(still, client, changes, code):
    assert code_of(lambda: send(client(still), **changes)) == code
    counted = still.state.statistics()
    assert (counted["creates"], counted["refused"]) == (0, 1)


def test_a_text_needs_a_sender(still, client):
    assert code_of(lambda: client(still).messages.create(to=ANN, body="x")) == 21603


def test_a_field_given_twice_is_refused(still, browse):
    connection = browse(still).__self__.connection
    connection.request(
        "POST", MESSAGES, "To=%2B15555550123&To=%2B15555550124&Body=x&From=%2B15555550100",
        {"Authorization": basic(), "Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    answer = connection.getresponse()
    refused = json.loads(answer.read())
    assert (answer.status, refused["code"], refused["status"]) == (400, 20422, 400)
    assert refused["more_info"].endswith("/20422")


def test_wrong_credentials_and_other_accounts_are_refused(still, client):
    assert code_of(lambda: send(client(still, password="x"))) == 20003
    stranger = client(still)
    stranger.account_sid = "AC" + "c" * 32
    assert code_of(lambda: send(stranger)) == 20404


def test_an_api_key_is_let_in(client):
    with Carrier(ACCOUNT, TOKEN, pace=NEVER, api_key=("SK1", "s")) as carrier:
        assert send(client(carrier, "SK1", "s")).sid


def test_a_text_is_shown_redacted_canceled_and_deleted(still, client):
    client = client(still)
    message = send(client)
    assert client.messages(message.sid).update(body="").body == ""
    assert code_of(lambda: client.messages(message.sid).update(body="other")) == 20001
    assert client.messages(message.sid).update(status="canceled").status == "canceled"
    assert code_of(lambda: client.messages(message.sid).update(status="canceled")) == 30409
    assert client.messages(message.sid).delete()
    assert code_of(message.fetch) == 20404
    assert client.messages.list() == []


def test_a_canceled_text_is_never_sent(carrier, client, sink):
    in_an_hour = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    schedule = {"schedule_type": "fixed", "send_at": in_an_hour, "messaging_service_sid": SERVICE}
    message = send(client(carrier), status_callback=sink.site, **schedule)
    assert message.status == "scheduled"
    assert message.update(status="canceled").status == "canceled"
    assert sink.next()["MessageStatus"] == "canceled"
    assert carrier.state.move(message.sid, "sent") is None


def test_the_list_holds_a_text_at_once_and_filters(still, client):
    client = client(still)
    first, second = send(client), send(client, to=BEA)
    still.state.receive(ANN, CLINIC, "7")
    assert [one.sid for one in client.messages.list(to=ANN)] == [first.sid]
    assert {one.sid for one in client.messages.list(from_=CLINIC)} == {first.sid, second.sid}
    assert [one.body for one in client.messages.list(to=CLINIC)] == ["7"]
    assert client.messages.list(to=ANN, from_=BEA) == []


def test_the_list_is_paged_from_the_newest_without_gaps_while_texts_come_in(still, client):
    client = client(still)
    sids = [send(client, body=f"Day {number}").sid for number in range(7)]
    page = client.messages.page(page_size=3)
    seen = [one.sid for one in page]
    send(client, body="meanwhile")
    while (page := page.next_page()) is not None:
        seen += [one.sid for one in page]
    assert seen == sids[::-1]
    assert [one.sid for one in client.messages.list(limit=2)][1] == sids[-1]


def test_a_page_goes_on_where_it_was_though_its_last_text_was_deleted(still, client):
    client = client(still)
    sids = [send(client, body=f"Day {number}").sid for number in range(4)]
    page = client.messages.page(page_size=2)
    assert [one.sid for one in page] == [sids[3], sids[2]]
    client.messages(sids[2]).delete()
    assert [one.sid for one in page.next_page()] == [sids[1], sids[0]]


def test_the_list_filters_by_the_time_of_sending(still, client):
    client = client(still)
    waiting, sent = send(client), send(client)
    still.state.move(sent.sid, "sent")
    moment = still.state.messages.get(sent.sid).sent_at.replace(microsecond=0)
    second = dt.timedelta(seconds=1)

    def listed(**filters):
        return [one.sid for one in client.messages.list(**filters)]

    assert waiting.sid in listed()
    assert listed(date_sent_after=moment) == listed(date_sent_before=moment) == [sent.sid]
    assert listed(date_sent_after=moment + second) == listed(date_sent_before=moment - second) == []
    assert listed(date_sent=str(moment.date())) == [sent.sid]
    assert listed(date_sent=str(moment.date() - dt.timedelta(days=1))) == []
    assert listed(date_sent_before=str(moment.date())) == [sent.sid]


@pytest.mark.parametrize(
    "query", ["PageSize=0", "PageSize=1001", "PageSize=x", "Page=-1", "PageToken=PAx", "DateSent=x"]
)
def test_a_list_that_cannot_be_is_refused(still, browse, query):
    path = f"{MESSAGES}?{query}"
    status, refused = browse(still)("GET", path, Authorization=basic())
    assert (status, refused["code"]) == (400, 20422)


def test_a_phones_text_is_posted_with_a_signature_and_listed_at_once(carrier, client, browse, sink):
    send(client(carrier), messaging_service_sid=SERVICE)
    status, taken = browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "body": "8 it hurts 😕\n"})
    assert (status, taken["to"], taken["opt_out_type"]) == (201, CLINIC, None)
    hook = sink.next()
    assert hook["signed"]
    assert hook["path"] == "/webhooks/twilio/inbound"
    assert (hook["Body"], hook["From"], hook["To"]) == ("8 it hurts 😕\n", ANN, CLINIC)
    assert hook["MessageSid"] == hook["SmsSid"] == hook["SmsMessageSid"] == taken["sid"]
    assert (hook["AccountSid"], hook["MessagingServiceSid"]) == (ACCOUNT, SERVICE)
    assert hook["SmsStatus"] == "received"
    [listed] = client(carrier).messages.list(to=CLINIC)
    assert (listed.sid, listed.direction, listed.status) == (taken["sid"], "inbound", "received")
    assert listed.date_sent is not None


def test_a_picture_is_announced(carrier, browse, sink):
    browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "", "media": 1})
    hook = sink.next()
    assert (hook["NumMedia"], hook["Body"], hook["MediaContentType0"]) == ("1", "", "image/jpeg")
    assert hook["MessageSid"].startswith("MM")


@pytest.mark.parametrize(
    ("body", "kind"),
    [(" stop\n", "STOP"), ("Cancel", "STOP"), ("Yes", "START"), ("info", "HELP"), ("Stop please", None)],
)
def test_a_keyword_is_a_whole_text_and_is_named_in_the_web_hook(carrier, browse, sink, body, kind):
    assert (
        browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": body})[1]["opt_out_type"]
        == kind
    )
    assert sink.next().get("OptOutType") == kind


def test_a_phone_that_said_stop_is_closed_to_that_number_until_it_says_start(still, client):
    client = client(still)
    still.delivery.receive(ANN, CLINIC, "STOP")
    assert code_of(lambda: send(client)) == 21610
    assert send(client, to=BEA).sid
    assert send(client, from_="+15555550101").sid
    still.delivery.receive(ANN, CLINIC, "UNSTOP")
    assert send(client).sid
    replies = [one.body for one in client.messages.list(to=ANN) if one.direction == "outbound-reply"]
    assert len(replies) == 2
    assert "unsubscribed" in replies[1]


def test_the_canned_replies_can_be_turned_off():
    with Carrier(ACCOUNT, TOKEN, canned_replies=False) as carrier:
        carrier.delivery.receive(ANN, CLINIC, "HELP")
        assert [one.direction for one in carrier.state.messages.thread(ANN, 5)] == ["inbound"]


def test_a_refused_web_hook_is_tried_again_with_the_same_token(carrier, browse, sink):
    sink.answers = [Answer(503), HANG_UP]
    browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "7"})
    tries = sink.taken(3)
    assert len({hook["token"] for hook in tries}) == len({hook["MessageSid"] for hook in tries}) == 1
    browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "7"})
    assert sink.next()["token"] != tries[0]["token"]


@pytest.mark.parametrize(
    ("fragment", "answer", "tries"),
    [
        ("", Answer(500), 1),
        ("#rp=5xx", Answer(500), 2),
        ("#rp=5xx", Answer(404), 1),
        ("#rp=4xx&rc=2", Answer(404), 3),
        ("#rp=rt", HANG_UP, 2),
        ("#rp=all&rc=0", Answer(500), 1),
    ],
)
def test_a_web_hook_is_tried_as_often_as_its_address_asks(carrier, client, sink, fragment, answer, tries):
    sink.answers = [answer] * 10
    # "sent" is withheld, so that "delivered" is the one web hook whose tries are counted.
    carrier.faults.add({"fault": "no_webhooks", "on": "status", "times": 1})
    send(client(carrier), status_callback=sink.site + "/status" + fragment)
    assert len({hook["token"] for hook in sink.taken(tries)}) == 1
    counted = settled(carrier)
    assert (counted["tries"], counted["failed"], counted["answered"]) == (tries, 1, 0)
    assert sink.empty


def settled(carrier):
    """What was counted once no web hook is outstanding."""
    deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=10)
    while dt.datetime.now(dt.UTC) < deadline:
        counted = carrier._webhooks.counts()
        if not counted["outstanding"] and not len(carrier._timetable):
            return counted
    raise AssertionError(f"web hooks are still outstanding: {counted}")


def test_where_the_application_is_down_the_text_is_still_listed(client, browse):
    with Carrier(ACCOUNT, TOKEN, "http://127.0.0.1:9/hook#rc=1&rp=all") as carrier:
        taken = browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "7"})[1]
        assert settled(carrier)["failed"] == 1
        assert [one.sid for one in client(carrier).messages.list(to=CLINIC)] == [taken["sid"]]


def test_overrides_are_read_within_twilios_bounds():
    assert overrides_in("") == Overrides(5.0, 15.0, 1, frozenset({"ct"}))
    asked = overrides_in("rc=9&rp=ct,5xx&ct=3000&rt=5")
    assert asked == Overrides(3.0, 0.1, 5, frozenset({"ct", "5xx"}))
    assert overrides_in("rc=many&ct=-1") == Overrides()


def test_the_address_for_texts_is_the_hook_unless_a_path_is_given():
    assert inbound_address("http://x:1").startswith("http://x:1/webhooks/twilio/inbound#")
    assert inbound_address("http://x:1/").startswith("http://x:1/webhooks/twilio/inbound#")
    assert inbound_address("http://x:1/y#rc=0") == "http://x:1/y#rc=0"
    assert inbound_address("") == ""


def test_a_web_hook_may_go_to_another_place_than_it_is_signed_for(browse, sink):
    place = urlsplit(sink.site).netloc
    sink.site = "https://recovery.example.org"
    with Carrier(ACCOUNT, TOKEN, sink.site, connect_to=place) as carrier:
        browse(carrier)("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "7"})
        assert sink.next()["signed"]


def test_faults_of_web_hooks(carrier, browse, sink):
    ask = browse(carrier)
    assert ask("POST", "/simulator/faults", {"fault": "deliver_twice", "phone": ANN})[0] == 201
    for phone in (BEA, ANN):
        ask("POST", "/simulator/inbound", {"from": phone, "to": CLINIC, "body": "7"})
    hooks = sink.taken(3)
    assert sorted(hook["From"] for hook in hooks) == [ANN, ANN, BEA]
    twice = [hook for hook in hooks if hook["From"] == ANN]
    assert twice[0] == twice[1]
    ask("DELETE", "/simulator/faults")
    ask("POST", "/simulator/faults", {"fault": "no_webhooks"})
    ask("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "8"})
    assert ask("GET", "/simulator/statistics")[1]["withheld"] == 1
    ask("DELETE", "/simulator/faults")
    ask("POST", "/simulator/faults", {"fault": "late", "seconds": 3600, "on": "inbound"})
    ask("POST", "/simulator/inbound", {"from": ANN, "to": CLINIC, "body": "9"})
    assert ask("GET", "/simulator/statistics")[1]["webhooks"]["outstanding"] == 1
    assert sink.empty


def test_a_late_callback_leaves_the_text_itself_on_time(carrier, client, sink):
    carrier.faults.add({"fault": "late", "seconds": 3600})
    message = send(client(carrier), status_callback=sink.site)
    while message.fetch().status != "delivered":
        pass
    assert sink.empty
    assert carrier._webhooks.counts()["outstanding"] == 2


def test_a_fault_strikes_its_phone_its_traffic_and_its_times_alone(still, client):
    client = client(still)
    still.faults.add({"fault": "unavailable", "phone": ANN, "on": "create", "times": 2})
    assert code_of(lambda: send(client)) == 20503
    assert send(client, to=BEA).sid
    assert client.messages.list(to=ANN) == []
    assert code_of(lambda: send(client)) == 20503
    assert send(client).sid


def test_a_phones_own_fault_goes_before_the_accounts(still, client):
    still.faults.add({"fault": "reject", "code": 30001})
    still.faults.add({"fault": "reject", "code": 21611, "phone": ANN})
    assert code_of(lambda: send(client(still))) == 21611
    assert code_of(lambda: send(client(still), to=BEA)) == 30001


def test_a_share_of_texts_is_struck_and_the_same_seed_strikes_the_same(client):
    def struck(seed):
        with Carrier(ACCOUNT, TOKEN, seed=seed, pace=NEVER) as carrier:
            carrier.faults.add({"fault": "reject", "rate": 0.3})
            return [carrier.faults.strike({"reject"}, ANN, "create") is not None for _ in range(200)]

    assert struck(1) == struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 90


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"fault": "gremlins"},
        {"fault": "late", "seconds": "long"},
        {"fault": "late", "seconds": -1},
        {"fault": "late", "seconds": True},
        {"fault": "late", "rate": 2},
        {"fault": "late", "times": 0},
        {"fault": "late", "on": "tuesdays"},
        {"fault": "late", "phone": 5},
        {"fault": "late", "colour": "red"},
    ],
)
def test_a_fault_that_nobody_knows_is_refused(still, browse, wanted):
    status, refused = browse(still)("POST", "/simulator/faults", wanted)
    assert status == 400
    assert refused["error"]
    assert browse(still)("GET", "/simulator/faults")[1] == {"items": []}


def test_faults_are_listed_and_ended_one_by_one(still, browse):
    ask = browse(still)
    first = ask("POST", "/simulator/faults", {"fault": "landline", "phone": ANN})[1]
    second = ask("POST", "/simulator/faults", {"fault": "throttle", "seconds": 3, "rate": 0.5})[1]
    assert ask("GET", "/simulator/faults")[1]["items"] == [first, second]
    assert (second["rate"], second["seconds"], second["struck"], second["phone"]) == (0.5, 3, 0, None)
    assert ask("DELETE", f"/simulator/faults/{first['id']}") == (204, None)
    assert ask("DELETE", f"/simulator/faults/{first['id']}")[0] == 404
    assert ask("GET", "/simulator/faults")[1]["items"] == [second]


def test_a_thread_is_shown_oldest_first_with_the_demos_time(client, browse, tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("+86400")
    with Carrier(ACCOUNT, TOKEN, pace=NEVER, clock_file=clock) as carrier:
        sent = send(client(carrier))
        carrier.delivery.receive(ANN, CLINIC, "7")
        send(client(carrier), to=BEA)
        items = browse(carrier)("GET", "/simulator/messages?phone=%2B15555550123&limit=10")[1]["items"]
        assert [(one["direction"], one["body"], one["status"]) for one in items] == [
            ("outbound", "Pain 0-10?", "queued"),
            ("inbound", "7", "received"),
        ]
        ahead = dt.datetime.fromisoformat(items[0]["at"]) - sent.date_created
        assert ahead >= dt.timedelta(days=1)
        clock.write_text("+0")
        assert browse(carrier)("GET", "/simulator/messages?phone=%2B15555550123&limit=1")[1]["items"] == items[1:]


def test_sends_are_counted_by_phone_and_words(still, client, browse):
    client = client(still)
    for body in ("Day 1", "Day 1", "Day 2"):
        send(client, body=body)
    send(client, to=BEA, body="Day 1")
    counted = browse(still)("GET", "/simulator/statistics")[1]
    assert (counted["creates"], counted["by_phone"]) == (4, {ANN: 3, BEA: 1})
    assert counted["repeats"] == [{"to": ANN, "body": "Day 1", "count": 2}]
    assert counted["webhooks"] == {"outstanding": 0, "answered": 0, "failed": 0, "tries": 0}
    only = browse(still)("GET", "/simulator/statistics?phone=%2B15555550124")[1]
    assert only["sends"] == [{"to": BEA, "body": "Day 1", "count": 1}]


def test_a_reset_forgets_everything(still, client, browse):
    client, ask = client(still), browse(still)
    send(client)
    still.delivery.receive(BEA, CLINIC, "STOP")
    still.faults.add({"fault": "late"})
    assert ask("POST", "/simulator/reset", {}) == (204, None)
    assert ask("GET", "/simulator/faults")[1]["items"] == []
    assert ask("GET", "/simulator/messages")[1]["items"] == []
    assert ask("GET", "/simulator/statistics")[1]["creates"] == 0
    assert send(client, to=BEA).sid


@pytest.mark.parametrize(
    "wanted",
    [
        {"from": "me", "body": "7"},
        {"from": ANN, "to": 5, "body": "7"},
        {"from": ANN, "body": 7},
        {"from": ANN, "body": "\ud800"},
        {"from": ANN, "body": "7" * 16_001},
        {"from": ANN, "body": "7", "media": 11},
        {"from": ANN, "body": "7", "media": True},
        [],
        "text",
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
def test_a_text_that_no_phone_sends_is_refused(still, browse, wanted):
    assert browse(still)("POST", "/simulator/inbound", wanted)[0] == 400


def test_the_levers_are_out_of_reach_for_pages_of_other_sites(still, browse):
    ask = browse(still)
    assert ask("GET", "/simulator/health") == (200, {"status": "ok"})
    assert ask("GET", "/simulator/health", Host="evil.example")[0] == 400
    assert ask("POST", "/simulator/reset", {}, **{"Content-Type": "text/plain"})[0] == 400
    assert ask("GET", "/simulator/nothing")[0] == 404
    assert ask("GET", "/simulator/messages?limit=0")[0] == 400


@pytest.mark.parametrize("length", ["1048577", "-1", "many"])
def test_a_body_that_is_too_large_or_of_no_known_length_is_refused(still, browse, length):
    connection = browse(still).__self__.connection
    connection.putrequest("POST", "/simulator/inbound")
    connection.putheader("Content-Length", length)
    connection.endheaders()
    with connection.getresponse() as answer:
        assert answer.status == 413


def test_it_listens_on_this_machine_alone():
    with pytest.raises(CarrierRefused):
        Carrier(ACCOUNT, TOKEN, host="0.0.0.0")


@pytest.mark.parametrize("env", ["production", None, "staging"])
def test_it_refuses_to_run_in_production(monkeypatch, env):
    if env is None:
        monkeypatch.delenv("RECOVERY_ENV", raising=False)
    else:
        monkeypatch.setenv("RECOVERY_ENV", env)
    with pytest.raises(CarrierRefused):
        run_carrier("127.0.0.1", 0, ACCOUNT, TOKEN, "")
    done = CliRunner().invoke(simulator, ["--account-sid", ACCOUNT, "--auth-token", TOKEN])
    assert done.exit_code == 1
    assert "production" in done.output
    assert "Traceback" not in done.output


def test_it_runs_as_a_process_of_its_own_until_it_is_told_to_end(client):
    code = "from recovery_api.cli.simulator import simulator; simulator()"
    arguments = ["--account-sid", ACCOUNT, "--auth-token", f"{TOKEN},other", "--seed", "3"]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RECOVERY_ENV": "test"},
    ) as process:
        address = process.stdout.readline().split()[-1]
        message = send(client(type("Place", (), {"address": address})))
        assert message.sid
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
