"""Our own words that come back from a phone: the whole text, or one that it quotes to say that somebody liked it."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from recovery_api.domain.answer_limits import plain_text
from recovery_api.domain.reply_words import is_tapback

ECHO = "The phone sent a text of ours back"  # why such a text was read as nothing
KNOWN_FOR = timedelta(days=1)
SHORTEST = 40  # characters: no text that we send has fewer, and hardly a plain answer has as many
_QUOTED = re.compile(r'"(.*?)"?\s*$', re.DOTALL)
_CUT = "..."


def may_be_echo(text: str) -> bool:
    """Whether a text is long enough to be one of ours."""
    return len(plain_text(text)) >= SHORTEST


def is_echo(text: str, ours: Iterable[str]) -> bool:
    """Whether `text` says what one of `ours` said, whatever its case, spacing and accents; both with plain quotes.

    A tap-back such as `Liked "..."` may have cut our words short.
    """
    said, sent = _folded(text), [_folded(one) for one in ours]
    if is_tapback(said):
        quoted = _QUOTED.search(said)
        said = quoted[1] if quoted else said
        if said.endswith(_CUT) and len(said) >= SHORTEST:
            return any(one.startswith(said.removesuffix(_CUT).rstrip()) for one in sent)
    return said in sent


def _folded(text: str) -> str:
    return plain_text("".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)))
