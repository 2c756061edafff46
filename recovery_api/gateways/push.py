"""Pushes to apps: what a push service must do, and how one try can end. A push carries nothing: no text, no name."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboundPush:
    """One push to one device, worth nothing after `seconds`. What an app shows for it are the app's own words.

    A service that insists on words gets those of its adapter, the same for everybody; `language` is for them.
    """

    token: str
    language: str
    seconds: int

    def __repr__(self) -> str:
        return "OutboundPush(…)"


@dataclass(frozen=True, slots=True)
class Pushed:
    """The service took it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The device is not there any more: its token is to be forgotten."""


@dataclass(frozen=True, slots=True)
class PushRefused:
    """The service will never take it; `why` is a word without personal data."""

    why: str


@dataclass(frozen=True, slots=True)
class PushLater:
    """The service could not take it now."""

    why: str


PushOutcome = Pushed | Gone | PushRefused | PushLater


class PushGateway(Protocol):
    """One push service. Every method may be called by many threads at once."""

    def push(self, push: OutboundPush) -> PushOutcome:
        """Offers one push, once. Raises nothing: every way it can end is an outcome."""
        ...
