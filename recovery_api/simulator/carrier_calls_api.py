"""The part of Twilio's REST API that calls need, and the levers by which a test or a page plays the phone."""

import re
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import parse_qs

from recovery_api.simulator.carrier_api import basic, in_error, refusal, spoilt
from recovery_api.simulator.carrier_call_records import ANSWERS, Behaviour, CarrierCall
from recovery_api.simulator.carrier_calls import Calls
from recovery_api.simulator.carrier_control import BadControl, check_caller, content_of
from recovery_api.simulator.carrier_faults import AFTER_ACCEPT, REFUSING, FaultBoard
from recovery_api.simulator.carrier_messages import API_VERSION
from recovery_api.simulator.carrier_orders import phone_in
from recovery_api.simulator.carrier_requests import CarrierError
from recovery_api.simulator.server import Answer, Request, in_json

_PATH = re.compile(rf"/{API_VERSION}/Accounts/(?P<account>[^/]+)/Calls(?:/(?P<sid>[^/]+))?\.json")
_LEVER = re.compile(r"/simulator/calls(?:/(?P<sid>CA[0-9a-f]{32})/(?P<deed>pick-up|keys|hang-up))?|/simulator/phones")
_KEYS = re.compile(r"[0-9*#]{1,32}")


class CallsApi:
    """Creates, lists and shows calls as Twilio does, and lets a phone be played."""

    def __init__(
        self, calls: Calls, faults: FaultBoard, account_sid: str, credentials: Collection[tuple[str, str]]
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._account_sid = account_sid
        self._basic = {basic(username, password) for username, password in credentials}

    def takes(self, path: str) -> bool:
        """Whether a path is about calls."""
        return bool(_PATH.fullmatch(path) or _LEVER.fullmatch(path))

    def clear(self) -> None:
        """Forgets every call and how phones behave."""
        self._calls.store.clear()

    def answer(self, request: Request) -> Answer:
        """Carries out one request."""
        lever, path = _LEVER.fullmatch(request.path), _PATH.fullmatch(request.path)
        try:
            if lever is not None:
                return self._pull(request, lever)
            return self._api(request, path["account"] if path else "", path["sid"] if path else None)
        except CarrierError as error:
            return in_error(error)
        except (BadControl, ValueError) as error:
            return in_json({"error": str(error)}, 400)

    def _api(self, request: Request, account: str, sid: str | None) -> Answer:
        if request.headers.get("Authorization") not in self._basic or account != self._account_sid:
            raise CarrierError(20003, "Authenticate", 401)
        if request.method == "POST" and sid is None:
            return self._create(request)
        if sid is None:
            return self._list(request)
        return in_json(self._found(sid).as_resource(self._account_sid))

    def _create(self, request: Request) -> Answer:
        fields = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        phone = fields.get("To", [""])[0]
        fault = self._faults.strike(REFUSING, phone, "create")
        if fault is not None:
            return refusal(fault)
        call = self._calls.create(fields)
        answer = in_json(call.as_resource(self._account_sid), 201)
        fault = self._faults.strike(AFTER_ACCEPT, phone, "create")
        return answer if fault is None else spoilt(fault, answer)

    def _list(self, request: Request) -> Answer:
        wanted_from = request.asked("From")
        found = [call for call in self._calls.store.of(request.asked("To")) if wanted_from in (None, call.from_)]
        shown = [call.as_resource(self._account_sid) for call in reversed(found)]
        return in_json({"calls": shown, "page": 0, "page_size": len(shown), "next_page_uri": None})

    def _pull(self, request: Request, lever: re.Match[str]) -> Answer:
        check_caller(request)
        if request.path.endswith("/phones"):
            if request.method == "GET":
                return in_json({"answers": self._calls.store.behaviour_of(request.asked("phone") or "").answers})
            wanted = content_of(request)
            self._calls.store.behave(phone_in(wanted, "phone"), _behaviour(wanted))
            return Answer(204)
        if lever["sid"] is None:
            return self._call_in(request) if request.method == "POST" else self._shown(request)
        call = self._found(lever["sid"])
        deeds: dict[str, Callable[[], Any]] = {
            "pick-up": lambda: self._calls.pick_up(call, str(content_of(request).get("answered_by", ""))),
            "keys": lambda: self._calls.press(call, _keys(content_of(request))),
            "hang-up": lambda: self._calls.end(call, "completed" if call.status == "in-progress" else "no-answer"),
        }
        deeds[lever["deed"]]()
        return in_json(call.as_shown())

    def _call_in(self, request: Request) -> Answer:
        wanted = content_of(request)
        call = self._calls.call_in(phone_in(wanted, "from"), phone_in(wanted, "to"), _behaviour(wanted))
        return in_json(call.as_shown(), 201)

    def _shown(self, request: Request) -> Answer:
        return in_json({"items": [call.as_shown() for call in self._calls.store.of(request.asked("phone"))]})

    def _found(self, sid: str) -> CarrierCall:
        call = self._calls.store.get(sid)
        if call is None:
            raise CarrierError(20404, "The requested call was not found", 404)
        return call


def _behaviour(wanted: dict[str, Any]) -> Behaviour:
    answers, keys = wanted.get("answers", "by_hand"), wanted.get("keys", [])
    if answers not in ANSWERS:
        raise BadControl(f"answers: one of {', '.join(ANSWERS)}")
    if not isinstance(keys, list) or not all(isinstance(one, str) and len(one) <= 32 for one in keys):
        raise BadControl("keys: a list of texts, one for each turn")
    return Behaviour(answers, tuple(keys), wanted.get("clinic_answers", True) is True)


def _keys(wanted: dict[str, Any]) -> str:
    keys = wanted.get("keys", "")
    if not isinstance(keys, str) or _KEYS.fullmatch(keys) is None:
        raise BadControl("keys: digits, star and pound")
    return keys
