"""Who told the carrier to stop: keywords are whole texts, as with Twilio's Advanced Opt-Out."""

import threading

_KEYWORDS = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"), "STOP"),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}
CANNED_REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def opt_out_type(body: str) -> str | None:
    """STOP, START or HELP where the whole text is such a keyword; "Stop please" is none."""
    return _KEYWORDS.get(body.strip().upper())


class OptOuts:
    """Pairs of a phone and the number of ours that it blocked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocked: set[tuple[str, str]] = set()

    def hear(self, phone: str, number: str, kind: str | None) -> None:
        """Notes what a keyword asks for."""
        with self._lock:
            if kind == "STOP":
                self._blocked.add((phone, number))
            elif kind == "START":
                self._blocked.discard((phone, number))

    def set(self, phone: str, number: str, opted_out: bool) -> None:
        """Closes a phone to a number of ours, or opens it again, without a text: as a carrier's own desk may do."""
        self.hear(phone, number, "STOP" if opted_out else "START")

    def listed(self) -> list[tuple[str, str]]:
        """Every pair of a phone and the number that it is closed to."""
        with self._lock:
            return sorted(self._blocked)

    def blocks(self, phone: str, number: str) -> bool:
        """Whether texts from this number of ours may not reach the phone."""
        return (phone, number) in self._blocked

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._blocked.clear()
