"""A carrier that plays a script, and a real time that only moves when it is told to."""

import itertools
from collections import deque
from collections.abc import Callable, Container, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from recovery_api.clock import real_now
from recovery_api.gateways.sms import (
    Accepted,
    CarrierUnreachable,
    Delivery,
    InboundText,
    OutboundText,
    SendOutcome,
    SentText,
    Unknown,
)
from tests.builders import NOW

LOST_REQUEST, LOST_ANSWER = "the request was lost", "the answer was lost"


class RealTime:
    """What `recovery_api.clock.real_now` says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        hand = self

        class Moved(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:
                return hand.now.astimezone(UTC)

        monkeypatch.setattr("recovery_api.clock.datetime", Moved)

    def forward(self, **by: float) -> None:
        """Let real time pass, as for timedelta."""
        self.now += timedelta(**by)


class ScriptedCarrier:
    """Takes every text, unless its script says otherwise; `taken` are the texts that reached a phone."""

    def __init__(self) -> None:
        self.script: deque[SendOutcome | str] = deque()
        self.taken: dict[str, OutboundText] = {}
        self.taken_at: dict[str, datetime] = {}
        self.offered: list[OutboundText] = []
        self.list_is_reachable = True
        self.inbox: list[InboundText] = []
        self.sent_box: list[SentText] = []
        self.records: dict[str, Delivery] = {}
        self.looked_up: list[str] = []
        self.times_asked = 0
        self.while_sending: Callable[[str, OutboundText], None] = lambda sid, text: None
        self._numbers = itertools.count(1)

    def send(self, text: OutboundText) -> SendOutcome:
        """Play the next entry of the script."""
        self.offered.append(text)
        entry = self.script.popleft() if self.script else None
        if entry == LOST_REQUEST:
            return Unknown(LOST_REQUEST)
        if entry not in (None, LOST_ANSWER):
            return entry
        sid = f"SM{next(self._numbers):032x}"
        self.taken[sid], self.taken_at[sid] = text, real_now()
        self.while_sending(sid, text)
        return Accepted(sid, "queued") if entry is None else Unknown(LOST_ANSWER)

    def find(
        self, to: str, body: str, since: datetime, taken: Container[str] = frozenset(), until: datetime | None = None
    ) -> str | None:
        """The list of what was taken."""
        if not self.list_is_reachable:
            raise CarrierUnreachable("refused")
        self.times_asked += 1
        ends = until or real_now()
        found = (
            sid
            for sid, text in self.taken.items()
            if (text.to, text.body) == (to, body) and sid not in taken and since <= self.taken_at[sid] <= ends
        )
        return next(found, None)

    def list_inbound(self, to: str, since: datetime) -> Iterator[InboundText]:
        """The texts of `inbox`, the newest first as Twilio lists them."""
        self._answer_lists()
        return iter([text for text in reversed(self.inbox) if text.to == to and text.received_at >= since])

    def list_outbound(self, from_: str, since: datetime, until: datetime) -> Iterator[SentText]:
        """The texts of `sent_box`."""
        self._answer_lists()
        return iter([text for text in self.sent_box if since <= text.taken_at <= until])

    def delivery_of(self, sid: str) -> Delivery | None:
        """What `records` says."""
        self._answer_lists()
        self.looked_up.append(sid)
        return self.records.get(sid)

    def _answer_lists(self) -> None:
        if not self.list_is_reachable:
            raise CarrierUnreachable("refused")
