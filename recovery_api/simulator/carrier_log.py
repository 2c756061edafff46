"""What the carrier did, text by text, in an order that does not hang on which thread was first."""

import threading
from collections import defaultdict
from typing import Any

_MOST_KEPT = 200_000
_Text = tuple[str, str, int]


class CarrierLog:
    """Notes by phone, direction and number of the text; two runs of the same play have the same log.

    It holds neither times nor ids, which no two runs share.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._notes: defaultdict[_Text, list[dict[str, Any]]] = defaultdict(list)
            self._script: list[dict[str, Any]] = []
            self._count = 0

    def note(self, phone: str, direction: str, nth: int, what: str, **facts: Any) -> None:
        """One step in the life of a phone's nth text (or request) in a direction."""
        with self._lock:
            self._count += 1
            if self._count <= _MOST_KEPT:
                self._notes[phone, direction, nth].append({"what": what, **facts})

    def note_event(self, at: float, event: dict[str, Any]) -> None:
        """An event of the script that was carried out, `at` in its own seconds."""
        with self._lock:
            self._script.append({"at": at, **event})

    def as_json(self, phone: str | None = None) -> dict[str, Any]:
        """The log of all phones or one. `left_out` counts notes that there was no room for."""
        with self._lock:
            texts = [
                {"phone": key[0], "direction": key[1], "nth": key[2], "steps": list(self._notes[key])}
                for key in sorted(self._notes)
                if phone in (None, key[0])
            ]
            script = sorted(self._script, key=lambda event: (event["at"], event["number"]))
            return {"script": script, "texts": texts, "left_out": max(0, self._count - _MOST_KEPT)}
