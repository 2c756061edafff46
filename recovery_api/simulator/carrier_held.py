"""Web hooks that wait until a later one has overtaken them."""

import threading
from collections.abc import Callable
from functools import partial

from recovery_api.simulator.carrier_timetable import Timetable

_BEHIND_SECONDS = 0.1
_Place = tuple[str, str]


class HeldHooks:
    """At most one held web hook a phone and kind of traffic; none is held for ever."""

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable
        self._lock = threading.Lock()
        self._held: dict[_Place, Callable[[], None]] = {}

    def hold(self, place: _Place, post: Callable[[], None], most_seconds: float) -> None:
        """Keeps a web hook back until another of its place is released, or the time is over."""
        with self._lock:
            before, self._held[place] = self._held.get(place), post
        self._timetable.after(most_seconds, partial(self._give_up, place, post))
        if before is not None:
            before()

    def release(self, place: _Place) -> None:
        """Another one was posted: what is held goes out a moment after it."""
        with self._lock:
            post = self._held.pop(place, None)
        if post is not None:
            self._timetable.after(_BEHIND_SECONDS, post)

    def _give_up(self, place: _Place, post: Callable[[], None]) -> None:
        with self._lock:
            if self._held.get(place) is not post:
                return
            del self._held[place]
        post()
