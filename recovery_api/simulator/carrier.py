"""A carrier of our own: Twilio's API, web hooks and bad days over real TCP, for demos and tests."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from recovery_api.clock import Clock, real_now
from recovery_api.simulator.carrier_api import CarrierApi
from recovery_api.simulator.carrier_callbacks import Webhooks
from recovery_api.simulator.carrier_calls import Calls, call_address
from recovery_api.simulator.carrier_calls_api import CallsApi
from recovery_api.simulator.carrier_control import PREFIX, CarrierControl
from recovery_api.simulator.carrier_delivery import Delivery, Pace
from recovery_api.simulator.carrier_faults import FaultBoard
from recovery_api.simulator.carrier_player import Player
from recovery_api.simulator.carrier_script import Script
from recovery_api.simulator.carrier_state import CarrierState
from recovery_api.simulator.carrier_timetable import Timetable
from recovery_api.simulator.server import Answer, CarrierServer, Request

_THREADS = 16
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLAY = ("demo", "test")


class CarrierRefused(RuntimeError):
    """The simulated carrier must not run here."""


class Carrier:
    """One simulated account. `app_url` is where texts from phones are posted: an address of the application,
    or a hook's whole address with its own overrides; "" for nowhere. With `connect_to` ("127.0.0.1:8000") every
    web hook goes to that place, over plain HTTP, whatever host it is signed for.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        app_url: str = "",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 0,
        clock_file: Path | None = None,
        connect_to: str = "",
        api_key: tuple[str, str] | None = None,
        pace: Pace | None = None,
        canned_replies: bool = True,
    ) -> None:
        if host not in _LOOPBACK:
            raise CarrierRefused("the simulated carrier listens on this machine alone")
        self.state = CarrierState(account_sid, real_now, Clock(clock_file).now)
        self.faults = FaultBoard(seed)
        self._timetable = Timetable(_THREADS)
        self._webhooks = Webhooks(auth_token, self._timetable, connect_to)
        self.delivery = Delivery(
            self.state, self.faults, self._timetable, self._webhooks, app_url, pace or Pace(), canned_replies
        )
        credentials = {(account_sid, auth_token), *((api_key,) if api_key else ())}
        self._api = CarrierApi(self.state, self.faults, self.delivery, credentials)
        self.player = Player(self.state, self.faults, self.delivery, self._timetable, self._webhooks)
        self._control = CarrierControl(
            self.state, self.faults, self.delivery, self._webhooks, self._timetable, self.player, seed
        )
        inbound_calls = call_address(app_url)
        calls = Calls(
            self.state, self.faults, self._timetable, self._webhooks, inbound_calls, pace or Pace(),
            Clock(clock_file).now,
        )  # fmt: skip
        self._calls = CallsApi(calls, self.faults, account_sid, credentials)
        self._server = CarrierServer(host, port, self._answer)

    @property
    def address(self) -> str:
        """Where it listens: what TWILIO_API_BASE is set to."""
        return self._server.address

    def start(self) -> None:
        """Begins to serve."""
        self._timetable.start()
        self._server.start()

    def stop(self) -> None:
        """Ends every connection and thread; what was due is dropped."""
        self._server.stop()
        self._timetable.stop()
        self._webhooks.interrupt()
        self._timetable.join()
        self._webhooks.close()

    def __enter__(self) -> "Carrier":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answer(self, request: Request) -> Answer:
        if self._calls.takes(request.path):
            return self._calls.answer(request)
        if request.path == f"{PREFIX}reset":
            self._calls.clear()
        part = self._control if request.path.startswith(PREFIX) else self._api
        return part.answer(request)


def run_carrier(
    host: str,
    port: int,
    account_sid: str,
    auth_token: str,
    app_url: str,
    seed: int = 0,
    clock_file: Path | None = None,
    *,
    connect_to: str = "",
    api_key: tuple[str, str] | None = None,
    canned_replies: bool = True,
    script: Script | None = None,
    log_file: Path | None = None,
    on_ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Runs a carrier in this process until SIGTERM or SIGINT, playing `script` from its start on; writes its log then.

    Raises CarrierRefused outside demo and test, BadFault or BadOrder for a script that cannot be played.
    """
    if os.environ.get("RECOVERY_ENV", "production") not in _PLAY:
        raise CarrierRefused("RECOVERY_ENV must be demo or test: the simulated carrier never runs in production")
    ended = threading.Event()
    carrier = Carrier(
        account_sid, auth_token, app_url, host=host, port=port, seed=seed, clock_file=clock_file,
        connect_to=connect_to, api_key=api_key, canned_replies=canned_replies,
    )  # fmt: skip
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with carrier:
            on_ready(carrier.address)
            if script is not None:
                carrier.player.play(script)
            ended.wait()
            if log_file is not None:
                log_file.write_text(json.dumps(carrier.state.log.as_json(), indent=1) + "\n", encoding="utf-8")
    finally:
        for number, action in before.items():
            signal.signal(number, action)
