"""Over the whole run: what was sealed and every phone stand in no log line, metric, error answer or trace."""

import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog
from flask import Response, request, request_finished
from structlog.typing import EventDict, WrappedLogger

from recovery_api.logs import keep_allowed_keys
from recovery_api.vault import ClinicVault
from tests.leaks import PHONE

SHORTEST = 8  # characters: a shorter word of a patient's may well be a word of ours
MOST = 2_000
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")
_PEOPLE = ("patient", "clinician", "contact_point")
_ERRORS = ("application/problem+json", "text/plain")


class Canaries:
    """What must never be written, and what was written, in one test."""

    def __init__(self) -> None:
        self.people: set[str] = set()
        self.sealed: set[str] = set()
        self.written: set[str] = set()
        self.keeps = True  # not what hypothesis makes up, which takes words of our own code for a patient's

    def keep(self, place: str, text: str) -> None:
        """This was sealed, so nobody may read it elsewhere; names and phones are those of many tests."""
        kept = self.people if place.partition(".")[0] in _PEOPLE else self.sealed
        if self.keeps and len(text) >= SHORTEST and len(kept) < MOST:
            kept.add(text)

    def write(self, line: str) -> None:
        """This was written where operators read."""
        self.written.add(_IDS.sub("id", line))

    def found(self) -> list[str]:
        """Lines that hold a phone or something sealed."""
        secrets = self.people | self.sealed
        return sorted(line for line in self.written if PHONE.search(line) or any(one in line for one in secrets))

    def forget(self) -> None:
        """The next test begins."""
        self.sealed.clear()
        self.written.clear()
        self.keeps = True


class _Listener(logging.Handler):
    def __init__(self, canaries: Canaries) -> None:
        super().__init__()
        self._canaries = canaries

    def emit(self, record: logging.LogRecord) -> None:
        self._canaries.write(self.format(record))


@pytest.fixture(scope="session")
def canaries() -> Iterator[Canaries]:
    """Everything that is sealed, logged, traced or answered with an error, from the first test to the last."""
    birds = Canaries()
    with pytest.MonkeyPatch.context() as patch:
        seal = ClinicVault.seal

        def seal_and_keep(vault: ClinicVault, place: str, row_id: UUID, text: str) -> bytes:
            birds.keep(place, text)
            return seal(vault, place, row_id, text)

        def listen(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
            birds.write(str(keep_allowed_keys(logger, name, event)))
            return event

        patch.setattr(ClinicVault, "seal", seal_and_keep)
        structlog.configure(processors=[listen, *structlog.get_config()["processors"]])
        listener = _Listener(birds)
        logging.getLogger().addHandler(listener)
        with request_finished.connected_to(_watch(birds)):
            yield birds
        logging.getLogger().removeHandler(listener)
        structlog.reset_defaults()


def _watch(birds: Canaries) -> Any:
    def watch(_: object, response: Response, **__: object) -> None:
        is_error = response.status_code >= 400 and response.mimetype in _ERRORS
        if (is_error or request.path == "/metrics") and not response.is_streamed:
            birds.write(response.get_data(as_text=True))

    return watch


@pytest.fixture(autouse=True)
def nothing_is_written_in_clear(canaries: Canaries, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails whichever test wrote a phone, or anything that was sealed in it."""
    canaries.forget()
    canaries.keeps = not getattr(request.function, "is_hypothesis_test", False)
    yield
    assert canaries.found() == []
