"""Pages by voice: the carrier rings a clinician, a key takes the flag, and nobody's name is said."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from recovery_api.domain.delivery import FailureKind
from recovery_api.domain.tiers import Tier
from recovery_api.gateways.page_channel import NotNow, OutboundPage, Refused, Taken
from recovery_api.gateways.sms import Accepted, NotSent, Rejected, SendOutcome
from recovery_api.gateways.voice import OutboundCall
from recovery_api.gateways.voice_pages import VoicePages
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, acknowledge_flag
from recovery_api.services.follow_clock import follow_clock
from recovery_api.services.tell_pages import Channels, tell_pages
from tests.builders import BuiltClinic, ClockHand, PatientPersona, Persona
from tests.database import ACCOUNT, TOKEN
from tests.services.test_climb_ladder import call, climb, events, finding, flag_of

pytestmark = pytest.mark.usefixtures("real")


class Line:
    """A carrier of calls that plays a script, and keeps what it was asked."""

    def __init__(self, *script: SendOutcome) -> None:
        self.script = list(script)
        self.calls: list[OutboundCall] = []

    def place(self, call: OutboundCall) -> SendOutcome:
        self.calls.append(call)
        return self.script.pop(0) if self.script else Accepted("CA" + "1" * 32, "queued")

    def find_call(self, *_: Any) -> None:
        return None


@pytest.fixture
def rung(ann: PatientPersona, ben: Persona, clock: ClockHand) -> tuple[UUID, Line]:
    """An emergency that nobody took for 15 minutes, and the calls that were made for it."""
    follow(ann.clinic)
    flag_id, line = call(ann, finding(Tier.EMERGENCY)), Line()
    clock.forward(minutes=15)
    climb(ann.clinic, ("sms", "voice"))
    with ann.clinic.app.app_context():
        parts = ann.clinic.wiring
        channels = Channels({"voice": VoicePages(line, parts.settings.public_url)}, "https://r.test/worklist")
        assert tell_pages("tests:0:0", parts.vaults, channels, clock.now) == 1
    return flag_id, line


def follow(clinic: BuiltClinic) -> None:
    with clinic.app.app_context():
        follow_clock(clinic.wiring.vaults, clinic.wiring.clock.now())


def post(clinic: BuiltClinic, address: str, **news: str) -> Any:
    """One web hook of the call, signed; what it says, as XML."""
    fields: Mapping[str, str] = {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": f"CA{uuid4().hex}", "CallStatus": "in-progress",
        "Direction": "outbound-api", "From": clinic.number, "To": "+12125550130", "AnsweredBy": "human", **news,
    }  # fmt: skip
    parts = urlsplit(address)
    target = f"{parts.path}?{parts.query}"
    answer = clinic.app.test_client().post(
        target,
        data=urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={
            "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(
                f"{clinic.wiring.settings.public_url}{target}", fields
            )
        },
    )
    assert answer.status_code == 200, answer.text
    return fromstring(answer.data)


def words(twiml: Any) -> str:
    return " ".join(say.text or "" for say in twiml.iter("Say"))


def action(twiml: Any) -> str:
    return str(twiml.find("Gather").attrib["action"]).partition("#")[0]


def test_a_clinician_is_called_from_the_clinics_number_and_hears_nobodys_name(
    ann: PatientPersona, rung: tuple[UUID, Line]
) -> None:
    [made] = rung[1].calls
    assert (made.to, made.from_) == ("+12125550130", ann.clinic.number)
    heard = words(post(ann.clinic, made.url))
    assert "Harbour Clinic" in heard
    assert "emergency" in heard
    for secret in ("Annwyl", "Testerby", ann.phone, "because of"):
        assert secret not in heard
    assert [row.detail["channel"] for row in events(ann.clinic, rung[0])][-1] == "voice"


def test_the_key_1_takes_the_flag_once(ann: PatientPersona, ben: Persona, rung: tuple[UUID, Line]) -> None:
    keys = action(post(ann.clinic, rung[1].calls[0].url))
    assert "is yours now" in words(post(ann.clinic, keys, Digits="1#"))
    row = flag_of(ann.clinic, rung[0])
    assert (row.status, row.owner_id, row.next_rung_at) == ("acknowledged", ben.id, None)
    assert "is yours now" in words(post(ann.clinic, keys, Digits="1#")), "a repeated web hook hears the same"
    assert len(events(ann.clinic, rung[0], "acknowledged")) == 1


def test_the_key_2_and_silence_leave_it_to_others(ann: PatientPersona, rung: tuple[UUID, Line]) -> None:
    first = post(ann.clinic, rung[1].calls[0].url)
    assert "tell others" in words(post(ann.clinic, action(first), Digits="2#"))
    again = post(ann.clinic, action(first), Digits="")
    once_more = post(ann.clinic, action(again), Digits="7#")
    assert "press 1" in words(once_more)
    assert "tell others" in words(post(ann.clinic, action(once_more), Digits=""))
    assert flag_of(ann.clinic, rung[0]).status == "open"


def test_a_machine_hears_that_a_flag_waits_and_takes_nothing(ann: PatientPersona, rung: tuple[UUID, Line]) -> None:
    heard = post(ann.clinic, rung[1].calls[0].url, AnsweredBy="machine_end_beep")
    assert heard.find("Gather") is None
    assert "emergency" not in words(heard)


def test_what_somebody_has_already_is_not_taken_again(
    ann: PatientPersona, ben: Persona, rung: tuple[UUID, Line], clock: ClockHand
) -> None:
    keys = action(post(ann.clinic, rung[1].calls[0].url))
    with ann.clinic.open() as scope:
        acknowledge_flag(scope, Deed(ben.id, rung[0], None), clock.now)
    assert "not wait" in words(post(ann.clinic, rung[1].calls[0].url))
    assert "is yours" in words(post(ann.clinic, keys, Digits="1#")), "it is"


def test_a_call_that_nobody_took_is_in_the_story_once_and_the_ladder_goes_on(
    ann: PatientPersona, rung: tuple[UUID, Line]
) -> None:
    for _ in range(2):
        post(ann.clinic, rung[1].calls[0].status_callback, CallStatus="no-answer")
    [failed] = events(ann.clinic, rung[0], "page_failed")
    assert (failed.detail["channel"], failed.detail["why"]) == ("voice", "no_answer")
    assert flag_of(ann.clinic, rung[0]).next_rung_at is not None


def test_the_synthetic_patients_flag_calls_nobody(ann: PatientPersona, ben: Persona, clock: ClockHand) -> None:
    flag_id = call(ann, finding(Tier.EMERGENCY))
    with ann.clinic.open() as scope:
        scope.connection.execute(tables.patient.update().values(is_synthetic=True))
    clock.forward(minutes=15)
    climb(ann.clinic, ("sms", "voice"))
    with ann.clinic.open() as scope:
        assert scope.connection.execute(select(tables.page).where(tables.page.c.flag_id == flag_id)).all() == []


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [
        (Accepted("CA" + "1" * 32, "queued"), Taken()),
        (Rejected(21211, FailureKind.RECIPIENT_PERMANENT), Refused("code_21211")),
        (NotSent("refused"), NotNow("NotSent")),
    ],
    ids=["taken", "refused", "not now"],
)
def test_every_end_of_an_offer_is_an_outcome(outcome: SendOutcome, ends: object) -> None:
    page = OutboundPage("+12125550130", "Harbour Clinic", "urgent", "4821", "", "ref", "+12015550100", "0" * 64)
    assert VoicePages(Line(outcome), "https://r.test").page(page) == ends
