"""The phone page's line to the simulated carrier's levers."""

from typing import Any

import requests

_SECONDS = 5


class CarrierAway(Exception):
    """The simulated carrier does not answer."""


class CarrierLevers:
    """Text from a phone, set a network fault, look at what waits."""

    def __init__(self, address: str) -> None:
        self._address = f"{address}/simulator"

    def text(self, phone: str, number: str, body: str) -> None:
        """A phone texts one of our numbers."""
        self._ask("POST", "inbound", {"from": phone, "to": number, "body": body})

    def set_fault(self, phone: str, fault: dict[str, Any] | None) -> None:
        """Give one phone's network this fault alone, or none."""
        for known in self._ask("GET", "faults")["items"]:
            if known["phone"] == phone:
                self._ask("DELETE", f"faults/{known['id']}")
        if fault is not None:
            self._ask("POST", "faults", {**fault, "phone": phone})

    def fault_of(self, phone: str) -> str:
        """The fault that one phone's network has now, or nothing."""
        return next(
            (str(known["fault"]) for known in self._ask("GET", "faults")["items"] if known["phone"] == phone), ""
        )

    def calls(self, phone: str) -> list[dict[str, Any]]:
        """The calls of one phone, oldest first."""
        return list(self._ask("GET", f"calls?phone=%2B{phone.removeprefix('+')}")["items"])

    def who_answers(self, phone: str) -> str:
        """Who takes the next call to one phone."""
        return str(self._ask("GET", f"phones?phone=%2B{phone.removeprefix('+')}")["answers"])

    def let_answer(self, phone: str, answers: str) -> None:
        """From now on this takes the calls to one phone."""
        self._ask("POST", "phones", {"phone": phone, "answers": answers})

    def call_in(self, phone: str, number: str) -> None:
        """A phone calls one of our numbers, and its keys are pressed by hand."""
        self._ask("POST", "calls", {"from": phone, "to": number})

    def play_call(self, sid: str, deed: str, body: dict[str, Any]) -> None:
        """Pick up, press keys, or hang up; a call that is over by then stays over."""
        self._ask("POST", f"calls/{sid}/{deed}", body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = requests.request(method, f"{self._address}/{path}", json=body, timeout=_SECONDS)
            answer.raise_for_status()
            return answer.json() if answer.content else {}
        except (requests.RequestException, ValueError):
            raise CarrierAway("The simulated carrier does not answer.") from None
