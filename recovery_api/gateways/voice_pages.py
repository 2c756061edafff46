"""Pages by voice: the carrier of calls rings a clinician, who takes the flag by a key."""

from recovery_api.gateways.page_channel import NotNow, OutboundPage, PageOutcome, Refused, Taken
from recovery_api.gateways.sms import Accepted, Rejected
from recovery_api.gateways.voice import CallGateway, OutboundCall

RING_SECONDS = 30


class VoicePages:
    """Has the clinic's own number call; the words come from our web hook once somebody picks up."""

    def __init__(self, calls: CallGateway, public_url: str) -> None:
        self._calls = calls
        self._hooks = f"{public_url}/webhooks/twilio/voice/page"

    def page(self, page: OutboundPage) -> PageOutcome:
        """Places one call. Where its answer was lost it is placed again: a page told twice does no harm."""
        outcome = self._calls.place(
            OutboundCall(
                to=page.to,
                from_=page.from_number,
                url=f"{self._hooks}?p={page.call_id}",
                status_callback=f"{self._hooks}/status?p={page.call_id}",
                ring_seconds=RING_SECONDS,
            )
        )
        if isinstance(outcome, Accepted):
            return Taken()
        if isinstance(outcome, Rejected):
            return Refused(f"code_{outcome.code}")
        return NotNow(type(outcome).__name__)
