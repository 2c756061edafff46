"""What the carrier has yet to do, and the few threads that do it when its time comes."""

import heapq
import itertools
import threading
from collections.abc import Callable

from recovery_api.clock import monotonic


class Timetable:
    """Actions by the moment they fall due, run by a fixed number of threads."""

    def __init__(self, threads: int) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopping = False
        self._under_way = 0
        self._threads = [threading.Thread(target=self._work, name=f"carrier-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Drops what is left and begins nothing more."""
        with self._changed:
            self._stopping = True
            self._due.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Waits for what is under way."""
        for thread in self._threads:
            thread.join()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Runs an action so many seconds from now."""
        with self._changed:
            if not self._stopping:
                heapq.heappush(self._due, (monotonic() + seconds, next(self._order), action))
                self._changed.notify()

    def clear(self) -> None:
        """Drops everything that is not under way."""
        with self._changed:
            self._due.clear()

    def is_idle_otherwise(self) -> bool:
        """Whether nothing is due and nothing under way but the action that asks."""
        with self._changed:
            return not self._due and self._under_way <= 1

    def __len__(self) -> int:
        return len(self._due)

    def _work(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            finally:
                with self._changed:
                    self._under_way -= 1

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._stopping:
                wait = self._due[0][0] - monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
