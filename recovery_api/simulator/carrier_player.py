"""Plays a script against the carrier: every event through the same doors as the levers."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from recovery_api.clock import monotonic
from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_delivery import Delivery
from recovery_api.simulator.carrier_faults import FaultBoard
from recovery_api.simulator.carrier_orders import inbound_order, opt_out_order
from recovery_api.simulator.carrier_script import OUTAGES, Script
from recovery_api.simulator.carrier_state import CarrierState
from recovery_api.simulator.carrier_timetable import Timetable

_LOOK_AGAIN_SECONDS = 0.01


class Player:
    """Carries out the events of scripts when their time comes."""

    def __init__(
        self, state: CarrierState, faults: FaultBoard, delivery: Delivery, timetable: Timetable, webhooks: Webhooks
    ) -> None:
        self._state = state
        self._faults = faults
        self._delivery = delivery
        self._timetable = timetable
        self._webhooks = webhooks
        self._acts: dict[str, Callable[[Mapping[str, Any], float], object]] = {
            "text": self._text,
            "fault": lambda facts, ago: faults.add(dict(facts)),
            "end_faults": lambda facts, ago: faults.end_all(),
            "opt_out": lambda facts, ago: state.opt_outs.set(*opt_out_order(facts)),
            "outage_begins": lambda facts, ago: [faults.add({"fault": kind}) for kind in OUTAGES[facts["of"]]],
            "outage_ends": lambda facts, ago: faults.end_kinds(OUTAGES[facts["of"]]),
        }

    def play(self, script: Script) -> None:
        """Begins a script now. Raises BadFault or BadOrder for an event that could not be carried out."""
        self._check(script)
        self._next(script, 0, monotonic())

    def _check(self, script: Script) -> None:
        for event in script.events:
            if event.kind == "text":
                inbound_order(event.facts)
            elif event.kind == "opt_out":
                opt_out_order(event.facts)
            elif event.kind == "fault":
                self._faults.read(dict(event.facts))

    def _next(self, script: Script, place: int, began: float) -> None:
        """One moment after the other, so that none overtakes another however fast the script is."""
        if place < len(script.events):
            wait = max(0.0, began + script.wait(script.events[place]) - monotonic())
            self._timetable.after(wait, partial(self._act, script, place, began))

    def _act(self, script: Script, place: int, began: float) -> None:
        if script.lockstep and not self._at_rest():
            self._timetable.after(_LOOK_AGAIN_SECONDS, partial(self._act, script, place, began))
            return
        moment = script.events[place].at
        while place < len(script.events) and script.events[place].at == moment:
            event = script.events[place]
            self._acts[event.kind](event.facts, script.ago(event))
            self._state.log.note_event(event.at, event.as_json())
            place += 1
        self._next(script, place, began)

    def _at_rest(self) -> bool:
        return self._timetable.is_idle_otherwise() and not self._webhooks.counts()["outstanding"]

    def _text(self, facts: Mapping[str, Any], ago: float) -> None:
        order = inbound_order(facts)
        number = order.number or self._state.number_last_texting(order.phone)
        self._delivery.receive(order.phone, number, order.body, order.media, order.ago + ago)
