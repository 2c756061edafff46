"""The levers beside the carrier: what phones text, which faults strike, and what was counted."""

import json
import re
from collections.abc import Callable
from typing import Any

from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_delivery import Delivery
from recovery_api.simulator.carrier_faults import BadFault, FaultBoard
from recovery_api.simulator.carrier_messages import CarrierMessage
from recovery_api.simulator.carrier_orders import BadOrder, inbound_order, opt_out_order
from recovery_api.simulator.carrier_player import Player
from recovery_api.simulator.carrier_script import BadScript, read_script
from recovery_api.simulator.carrier_state import CarrierState
from recovery_api.simulator.carrier_timetable import Timetable
from recovery_api.simulator.server import Answer, Request, in_json

PREFIX = "/simulator/"
_MOST_LISTED = 10_000
_FAULT = re.compile(r"faults/([0-9]{1,9})")


class BadControl(ValueError):
    """A request to the control interface that makes no sense."""


class CarrierControl:
    """JSON under /simulator/, for tests and for the demo's phone page."""

    def __init__(
        self,
        state: CarrierState,
        faults: FaultBoard,
        delivery: Delivery,
        webhooks: Webhooks,
        timetable: Timetable,
        player: Player,
        seed: int,
    ) -> None:
        self._state = state
        self._faults = faults
        self._delivery = delivery
        self._webhooks = webhooks
        self._timetable = timetable
        self._player = player
        self._seed = seed
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "health"): lambda request: in_json({"status": "ok"}),
            ("POST", "inbound"): self._text,
            ("GET", "messages"): self._thread,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "statistics"): self._count,
            ("GET", "opt-outs"): self._list_opt_outs,
            ("POST", "opt-outs"): self._opt_out,
            ("POST", "script"): self._play,
            ("GET", "log"): self._log,
            ("POST", "reset"): self._reset,
        }

    def answer(self, request: Request) -> Answer:
        """Carries out one request; 400 with the reason where it makes no sense."""
        name = request.path.removeprefix(PREFIX)
        one_fault = _FAULT.fullmatch(name)
        route = self._routes.get((request.method, name))
        try:
            check_caller(request)
            if one_fault and request.method == "DELETE":
                return Answer(204) if self._faults.remove(int(one_fault[1])) else in_json({"error": "no fault"}, 404)
            return route(request) if route else in_json({"error": "no such lever"}, 404)
        except (BadControl, BadFault, BadOrder, BadScript) as error:
            return in_json({"error": str(error)}, 400)

    def _text(self, request: Request) -> Answer:
        order = inbound_order(content_of(request))
        number = order.number or self._state.number_last_texting(order.phone)
        message, keyword = self._delivery.receive(order.phone, number, order.body, order.media, order.ago)
        return in_json({"sid": message.sid, "to": number, "opt_out_type": keyword}, 201)

    def _thread(self, request: Request) -> Answer:
        limit = request.asked("limit") or "50"
        if not (limit.isascii() and limit.isdigit()) or not 1 <= int(limit) <= _MOST_LISTED:
            raise BadControl(f"limit: a whole number from 1 to {_MOST_LISTED}")
        thread = self._state.messages.thread(request.asked("phone"), int(limit))
        return in_json({"items": [_shown(message) for message in thread]})

    def _list_faults(self, request: Request) -> Answer:
        return in_json({"items": [fault.as_json() for fault in self._faults.listed()]})

    def _add_fault(self, request: Request) -> Answer:
        return in_json(self._faults.add(content_of(request)).as_json(), 201)

    def _clear_faults(self, request: Request) -> Answer:
        self._faults.clear()
        return Answer(204)

    def _list_opt_outs(self, request: Request) -> Answer:
        pairs = self._state.opt_outs.listed()
        return in_json({"items": [{"phone": phone, "number": number} for phone, number in pairs]})

    def _opt_out(self, request: Request) -> Answer:
        self._state.opt_outs.set(*opt_out_order(content_of(request)))
        return Answer(204)

    def _play(self, request: Request) -> Answer:
        script = read_script(content_of(request), self._seed)
        self._player.play(script)
        return in_json({"events": len(script.events), "seconds": script.seconds / script.speed}, 201)

    def _log(self, request: Request) -> Answer:
        return in_json(self._state.log.as_json(request.asked("phone")))

    def _count(self, request: Request) -> Answer:
        counted = self._state.statistics(request.asked("phone"))
        return in_json({**counted, "webhooks": self._webhooks.counts(), "waiting": len(self._timetable)})

    def _reset(self, request: Request) -> Answer:
        self._timetable.clear()
        self._webhooks.clear()
        self._faults.clear()
        self._state.clear()
        return Answer(204)


def check_caller(request: Request) -> None:
    """Keeps out web pages elsewhere: they can neither name this host nor send JSON without being asked first."""
    host = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
    if host not in ("127.0.0.1", "localhost", "[::1]"):
        raise BadControl("host: this answers on its own machine alone")
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if request.method == "POST" and kind != "application/json":
        raise BadControl("content type: application/json")


def content_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises BadControl."""
    try:
        content = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise BadControl("body: not JSON") from None
    if not isinstance(content, dict):
        raise BadControl("body: a JSON object")
    return content


def _shown(message: CarrierMessage) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "direction": "inbound" if message.direction == "inbound" else "outbound",
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "status": message.status,
        "error_code": message.error_code,
        "at": message.shown_at.isoformat(timespec="seconds"),
    }
