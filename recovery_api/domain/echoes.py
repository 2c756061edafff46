"""Our own words that come back from a phone: the whole text, or one that it quotes to say that somebody liked it."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from recovery_api.domain.answer_limits import plain_text
from recovery_api.domain.reply_words import is_tapback

ECHO = "The phone sent a text of ours back"  # why such a text was read as nothing
KNOWN_FOR = timedelta(days=1)
SHORTEST = 40  # characters: no text of the packs has fewer, and hardly a plain answer has as many
# What a clinician writes may be short. What asks nothing and has two words, or three tiny ones, may be an answer.
_SHORTEST_OWN, _FEWEST_WORDS = 12, 3
_SINGLE_QUOTED = re.compile(r"([^'\"]{1,60}\s)'(.*)'\s*", re.DOTALL)
_REACTED = re.compile(r"[^\w\"]{1,12}\s(?:to|a)\s+\"")  # a sign in place of a word
_QUOTED = re.compile(r'"(.*?)"?\s*$', re.DOTALL)
_CUT = "..."


def may_be_echo(text: str, was_written_to: bool) -> bool:
    """Whether a text could be one of ours; `was_written_to` where a clinician wrote to the phone within KNOWN_FOR."""
    said = plain_text(text)
    if len(said) >= SHORTEST or _quoted(_folded(text)) is not None:
        return True
    is_sentence = len(said) >= _SHORTEST_OWN and len(said.split()) >= _FEWEST_WORDS
    return was_written_to and (is_sentence or said.endswith("?"))


def is_echo(text: str, ours: Iterable[str]) -> bool:
    """Whether `text` says what one of `ours` said, whatever its case, spacing and accents; both with plain quotes.

    A tap-back such as `Liked "..."` may have cut our words short.
    """
    said, sent = _folded(text), [_folded(one) for one in ours]
    quoted = _quoted(said)
    if quoted is not None:
        said = quoted
        if said.endswith(_CUT) and len(said) >= SHORTEST:
            return any(one.startswith(said.removesuffix(_CUT).rstrip()) for one in sent)
    return said in sent


def is_short(text: str) -> bool:
    """Whether a text is shorter than any of the packs: a clinician wrote it, and a patient might have."""
    return len(plain_text(text)) < SHORTEST


def _quoted(said: str) -> str | None:
    """What a tap-back quotes; None where a text is none."""
    single = _SINGLE_QUOTED.fullmatch(said)
    said = f'{single[1]}"{single[2]}"' if single is not None else said
    if not (is_tapback(said) or _REACTED.match(said)):
        return None
    found = _QUOTED.search(said)
    return found[1].strip() if found else None


def _folded(text: str) -> str:
    plain = str.maketrans("\u201c\u201d\u00ab\u00bb\u2018\u2019", '""""\'\'')
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain_text(bare.translate(plain))
