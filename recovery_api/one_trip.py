"""Statements that are asked together go to the database in one write, and their answers come back in one read.

The driver's own pipeline sends each statement as soon as it is there, and looks for answers each time: for a handful
of short statements that is several times the work, here and in the server, which wakes up for each of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Pipeline
from psycopg.abc import PQGen
from psycopg.generators import send


class OneTrip(Pipeline):
    """A pipeline that keeps everything until it is left; an error is raised then, and nothing after it is done."""

    is_answered = False  # whether the server has said anything yet

    def _process_results(self, queued: Any, results: Any) -> None:
        self.is_answered = True
        super()._process_results(queued, results)

    def _communicate_gen(self) -> PQGen[None]:
        """Put what is queued into the driver's buffer, which leaves with the end of the pipeline or when it is full."""
        while self.command_queue:
            self.command_queue.popleft()()
        return
        yield  # the driver expects a generator

    def _sync_gen(self) -> PQGen[None]:
        if list(self.result_queue) == [None]:  # a BEGIN, which goes with what it begins
            return
        yield from super()._sync_gen()

    def _exit_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        yield from self._communicate_gen()
        yield from send(self.pgconn)
        yield from self._fetch_gen(flush=False)


class OneTripConnection(psycopg.Connection[Any]):
    """A connection whose pipelines make one round trip."""

    @property
    def is_unanswered(self) -> bool:
        """Whether statements were put together of which the server has heard nothing yet."""
        return isinstance(self._pipeline, OneTrip) and not self._pipeline.is_answered

    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        """What is asked in here goes in its order, and is answered once it has ended."""
        with self.lock:
            if self._pipeline is None and not self.closed:
                self._pipeline = OneTrip(self)
        with super().pipeline() as pipeline:
            yield pipeline
