"""Pages that are no texts: what a channel such as e-mail or voice must do, and how one telling can end."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboundPage:
    """One page to one address. It names the clinic, the tier and a code, never a patient; `link` is the worklist."""

    to: str
    clinic: str
    tier: str
    code: str
    link: str
    reference: str
    from_number: str = ""  # the clinic's own, for a call
    call_id: str = ""  # by which a call's web hooks name this page

    def __repr__(self) -> str:
        return f"OutboundPage({self.reference})"


@dataclass(frozen=True, slots=True)
class Taken:
    """The channel took the page."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel will never take this page; `why` is a word without personal data."""

    why: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """The channel could not take it now: safe to offer again, since a page told twice does no harm."""

    why: str


PageOutcome = Taken | Refused | NotNow


class PageChannel(Protocol):
    """A second channel. Every method may be called by many threads at once."""

    def page(self, page: OutboundPage) -> PageOutcome:
        """Offers one page, once. Raises nothing: every way it can end is an outcome."""
        ...
