"""Calls as the carrier makes them: it rings, asks the application for words, says them, and takes keys."""

import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from recovery_api.simulator.carrier_call_hooks import fetch
from recovery_api.simulator.carrier_call_records import ANSWERED_BY, Behaviour, CallStore, CarrierCall, Line
from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_delivery import Pace
from recovery_api.simulator.carrier_faults import FaultBoard
from recovery_api.simulator.carrier_requests import CarrierError
from recovery_api.simulator.carrier_state import CarrierState
from recovery_api.simulator.carrier_timetable import Timetable

_WORDS_A_SECOND = 2.5
_INBOUND_HOOK = "/webhooks/twilio/voice/inbound#rc=2&rp=all&ct=3000&rt=5000"
_TROUBLE = "We are sorry, an application error has occurred. Goodbye."
_FIELDS = frozenset(
    {
        "To", "From", "Url", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackEvent",
        "StatusCallbackMethod", "MachineDetection", "MachineDetectionTimeout", "Timeout", "TimeLimit", "Record",
    }
)  # fmt: skip


class Calls:
    """Every call, and what happens on its line."""

    def __init__(
        self,
        state: CarrierState,
        faults: FaultBoard,
        timetable: Timetable,
        webhooks: Webhooks,
        inbound_url: str,
        pace: Pace,
        shown_now: Callable[[], datetime],
    ) -> None:
        self.store = CallStore()
        self._state = state
        self._faults = faults
        self._timetable = timetable
        self._webhooks = webhooks
        self._inbound_url = inbound_url
        self._pace = pace
        self._shown_now = shown_now

    def create(self, fields: Mapping[str, Sequence[str]]) -> CarrierCall:
        """Takes a call to make. Raises CarrierError as Twilio would."""
        said = {name: values[0] for name, values in fields.items()}
        unknown = set(said) - _FIELDS
        if unknown:
            raise CarrierError(20001, f"Unknown parameters: {min(unknown)}")
        if not said.get("To", "").startswith("+") or not said.get("From", "").startswith("+"):
            raise CarrierError(21211, "Invalid 'To' or 'From' phone number")
        if not said.get("Url", "").startswith("http"):
            raise CarrierError(21205, "Url is not a valid URL")
        self._state.count("calls")
        call = self._begin(said["From"], said["To"], "outbound-api", said["Url"], said.get("StatusCallback", ""))
        call.ring_seconds = int(said.get("Timeout", "60"))
        self._timetable.after(self._pace.sent, partial(self._ring, call))
        return call

    def call_in(self, phone: str, number: str, behaviour: Behaviour) -> CarrierCall:
        """A phone calls one of our numbers, by hand or pressing the keys of its behaviour."""
        call = self._begin(phone, number, "inbound", self._inbound_url, self._inbound_url.replace("inbound", "status"))
        call.behaviour, call.is_scripted, call.keys = behaviour, behaviour.answers != "by_hand", deque(behaviour.keys)
        call.status = "ringing"
        self._timetable.after(self._pace.sent, partial(self.pick_up, call))
        return call

    def _begin(self, from_: str, to: str, direction: str, url: str, callback: str) -> CarrierCall:
        behaviour = self.store.behaviour_of(to)
        call = CarrierCall(
            f"CA{secrets.token_hex(16)}", direction, from_, to, "queued", self._state.real_now(),
            self._shown_now(), url, callback, 60, behaviour,
        )  # fmt: skip
        call.is_scripted = direction != "inbound" and behaviour.answers != "by_hand"
        call.keys = deque(behaviour.keys)
        return self.store.add(call)

    def _ring(self, call: CarrierCall) -> None:
        with call.lock:
            if call.is_over:
                return
            call.status = "ringing"
            turn = call.turn
        answers = call.behaviour.answers
        if answers in ("busy", "fails"):
            self.end(call, "busy" if answers == "busy" else "failed")
        elif answers == "no_answer":
            self._timetable.after(self._pace.delivered, partial(self.end, call, "no-answer"))
        elif answers == "by_hand":
            self._timetable.after(call.ring_seconds, partial(self._rang_out, call, turn))
        else:
            self._timetable.after(self._pace.delivered, partial(self.pick_up, call))

    def _rang_out(self, call: CarrierCall, turn: int) -> None:
        if call.status == "ringing" and call.turn == turn:
            self.end(call, "no-answer")

    def pick_up(self, call: CarrierCall, answered_by: str = "") -> None:
        """Somebody, or a machine, takes the call, and the application is asked for the first words."""
        with call.lock:
            if call.status != "ringing":
                return
            call.status = "in-progress"
            call.turn += 1
            if call.direction != "inbound":
                call.answered_by = answered_by or ANSWERED_BY.get(call.behaviour.answers, "human")
            self._ask(call, call.url, {})

    def press(self, call: CarrierCall, keys: str) -> bool:
        """Presses keys one after the other; the pound key sends them. False where the line takes none."""
        with call.lock:
            for key in keys:
                if call.waits_for != "keys" or call.is_over:
                    return False
                if key == "#":
                    self._answer(call, call.typed)
                else:
                    call.typed += key
                    self._wait_in_silence(call, 0)
            return True

    def end(self, call: CarrierCall, status: str = "completed") -> None:
        """The line goes dead, and the application is told how it ended."""
        with call.lock:
            if call.is_over:
                return
            call.status, call.waits_for, call.typed = status, "", ""
            call.turn += 1
            endings = {"completed": "The call is over.", "busy": "The line was busy.", "no-answer": "Nobody picked up."}
            call.heard.append(Line("line", endings.get(status, "The call failed.")))
        if call.callback and not self._faults.strike({"no_webhooks"}, call.phone, "status"):
            fields = {**call.fields(self._state.account_sid), "CallDuration": "1", "SequenceNumber": "0"}
            self._webhooks.post(call.callback, fields)

    def _ask(self, call: CarrierCall, address: str, news: dict[str, str]) -> None:
        """Asks the application what comes next, twice where the network repeats itself, and does it."""
        fields = {**call.fields(self._state.account_sid), **news}
        if self._faults.strike({"deliver_twice"}, call.phone, "inbound"):
            fetch(self._webhooks, address, fields)
        self._play(call, _parsed(fetch(self._webhooks, address, fields)))

    def _play(self, call: CarrierCall, twiml: Element) -> None:
        call.waits_for, call.typed = "", ""
        if twiml.tag != "Response":
            call.heard.append(Line("machine", _TROUBLE))
            self.end(call)
            return
        call.heard += [Line("machine", say.text or "") for say in twiml.findall("Say")]
        gather, dial = twiml.find("Gather"), twiml.find("Dial")
        if gather is not None:
            self._gather(call, gather)
        elif dial is not None:
            self._dial(call, dial)
        else:
            self.end(call)

    def _gather(self, call: CarrierCall, gather: Element) -> None:
        asked = [say.text or "" for say in gather.findall("Say")]
        call.heard += [Line("machine", words) for words in asked]
        call.action, call.waits_for = gather.get("action", ""), "keys"
        if not call.is_scripted:
            seconds = float(gather.get("timeout", "5"))
            self._wait_in_silence(call, seconds + sum(len(words.split()) for words in asked) / _WORDS_A_SECOND)
        elif call.keys:
            keys = call.keys.popleft()
            call.turn += 1
            self._timetable.after(0, partial(self._answer_in_turn, call, call.turn, keys))
        else:
            self.end(call)

    def _wait_in_silence(self, call: CarrierCall, seconds: float) -> None:
        call.turn += 1
        self._timetable.after(seconds or 8.0, partial(self._answer_in_turn, call, call.turn, None))

    def _answer_in_turn(self, call: CarrierCall, turn: int, keys: str | None) -> None:
        with call.lock:
            if call.turn == turn and not call.is_over:
                self._answer(call, call.typed if keys is None else keys)

    def _answer(self, call: CarrierCall, digits: str) -> None:
        call.turn += 1
        call.waits_for = ""
        call.heard.append(Line("phone", digits))
        self._ask(call, call.action, {"Digits": digits.removesuffix("#"), "FinishedOnKey": "#"})

    def _dial(self, call: CarrierCall, dial: Element) -> None:
        call.action, call.waits_for = dial.get("action", ""), "clinic"
        call.turn += 1
        answers = call.behaviour.clinic_answers
        call.heard.append(Line("line", "The clinic takes the call." if answers else "Nobody at the clinic picks up."))
        news = {"DialCallStatus": "completed" if answers else "no-answer"}
        wait = self._pace.delivered if call.is_scripted else 3.0
        self._timetable.after(wait, partial(self._dialed, call, call.turn, news))

    def _dialed(self, call: CarrierCall, turn: int, news: dict[str, str]) -> None:
        with call.lock:
            if call.turn == turn and not call.is_over:
                call.turn += 1
                self._ask(call, call.action, news)


def call_address(app_url: str) -> str:
    """Where calls to our numbers are announced, beside where texts are; nowhere for an address of one hook."""
    return "" if not app_url or urlsplit(app_url).path.strip("/") else app_url.rstrip("/") + _INBOUND_HOOK


def _parsed(answer: str | None) -> Element:
    """The application's TwiML; an element of another name where there was none that can be read."""
    parser: Any = XMLPullParser(["start"])
    try:
        parser.feed(answer or "<nothing/>")
        parser.close()
    except ParseError:
        return Element("unreadable")
    return next(root for _, root in parser.read_events() if isinstance(root, Element))
