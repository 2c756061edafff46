"""What no text may carry: a person's name, a diagnosis, a procedure, or an answer that carriers act on."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

# A text lies open on a lock screen, and its number may have passed to somebody else (HIPAA Privacy Rule, 45 CFR
# 164.530(c): the least that the purpose needs). Written without accents; every language counts in every text.
_CONDITIONS = re.compile(
    r"\b(?:(?:vertebro|kypho|cifo)plast\w*|(?:lamin|disc)ectom\w*|surg(?:er|ic|eon)\w*|cirug\w*|cirujan\w*|quirurg\w*"
    r"|operaci\w*|operation\w*|operated|operad[oa]s?|cement\w*|biops\w*|fractur\w*|osteopor\w*|osteopen\w*|vertebra\w*"
    r"|cancer\w*|tumou?r\w*|metasta\w*|myelom\w*|mielom\w*|e?stenos[ie]s|herniat\w*|hernias?|e?scolios[ie]s"
    r"|diagnos\w*|dementia|demencia|diabet\w*|hepatitis|hiv|vih|[tl](?:[1-9]|1[0-2])(?:[-/][tl]?\d{1,2})?"
    r"|[a-tv-z]\d\d\.\d\w{0,4})\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN_SENTENCES = re.compile(r"(?:^|[.!?:;\n])[\s\"'(¡¿-]*$")
_GREETING = re.compile(
    r"\b(?:hi|hello|hey|dear|mrs?|ms|miss|hola|estimad[oa]|querid[oa]|sra?|srta|don|dona)\.?,?\s+$", re.IGNORECASE
)
_SHORTEST_OF_OTHERS = 3
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "san", "santa", "van", "von", "der", "den", "da", "dos", "di"})


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Words of every day that are names as well: they count behind a greeting, or with a capital inside a sentence.
_ORDINARY = _listed(
    """
    an art back baker band bell best bill black bond brook brown bush call care carol chance chase clay cook
    cross day dean drew early east faith field fine fish ford forest fox free frank gale gene glad good grace
    grant gray green guy hall hand harmony hill hope house jack joy king lane last law lee little long love
    lucky mark may mason max miles mills more moon new nick noble north page park pat pearl penny pills place
    post pray price rain ray read rich rob robin rose ruby sage say see short sky snow south star stone strong
    summer sunny sweet tall taylor temple thank town trinity true turner ward walker wall wells west white wild
    will win wise wood woods worth young alba alegre amor angel bello bravo bueno campo casa cerca cortes cruz
    delgado dulce esperanza estrella flores fuerte gracia gracias guerra hermosa iglesia jardin leon luna luz
    mar marques mercado mesa milagros molina monte moreno nieves paz pena perla pilar pino prado reina reposo
    rey reyes rico rio rios rojas rosa sala sierra sol soledad toro torres valle vega viva
    """
)
# These stand with a capital in any sentence: they count behind a greeting alone.
_CALENDAR = _listed(
    """
    january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday enero febrero marzo abril mayo junio julio agosto septiembre
    octubre noviembre diciembre lunes martes miercoles jueves viernes sabado domingo english spanish
    """
)
_ANSWER = re.compile(
    r"\b(?:reply|respond|answer|text|responda|conteste|escriba|mande|envie)\s+(?:(?:with|con)\s+)?(\w+)"
)
_CARRIER_ANSWERS = frozenset({"yes", "no", "si", "end", "quit", "cancel", "cancelar", "info", "remove", "revoke"})


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that a text may not hold, in parts: of the person it goes to, and of the clinic's other patients.

    `everyday` are words that a text is full of anyhow, though somebody may be called so.
    """

    own: frozenset[str]
    others: frozenset[str]
    everyday: frozenset[str] = frozenset()


def name_parts(*names: str) -> frozenset[str]:
    """The parts of names by which they are known in a text: plain lower-case letters, no "de la", no initials."""
    parts = {part for name in names for part in words_of(name)}
    return frozenset(part for part in parts if len(part) > 1 and part not in _PARTICLES)


def words_of(text: str) -> list[str]:
    """The words of a text in plain lower-case letters."""
    return _WORD.findall(_plain(_clean(text)))


def named_conditions(text: str) -> list[str]:
    """The words of a text that tell a diagnosis, a procedure or a place on the spine, as they were written."""
    clean = _clean(text)
    return _as_written(clean, [found.span() for found in _CONDITIONS.finditer(_plain(clean))])


def named_people(text: str, names: KnownNames) -> list[str]:
    """The words of a text that name somebody, as they were written.

    A name that is an ordinary word too counts behind a greeting, or with a capital inside a sentence, so that "A nurse
    will call" may be written to Will. Names of other patients count where they are written as names.
    """
    clean = _clean(text)
    plain = _plain(clean)
    places = [found.span() for found in _WORD.finditer(plain) if _is_name(clean, plain, found, names)]
    return _as_written(clean, places)


def carrier_answers(text: str) -> list[str]:
    """The words that a text asks for and on which a carrier acts before anybody reads them, such as YES."""
    return [word.upper() for word in _ANSWER.findall(_plain(_clean(text))) if word in _CARRIER_ANSWERS]


def without_allowed(text: str, allowed: Collection[str]) -> str:
    """A text without what a clinic may always say: its own name, its phones and its links."""
    for words in sorted(filter(None, allowed), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return text


def _is_name(text: str, plain: str, found: re.Match[str], names: KnownNames) -> bool:
    word, is_own = found[0], found[0] in names.own
    if not is_own and (word not in names.others or len(word) < _SHORTEST_OF_OTHERS):
        return False
    before, is_capital = plain[: found.start()], text[found.start()].isupper()
    if _GREETING.search(before):
        return True
    begins = _BETWEEN_SENTENCES.search(before) is not None
    if word in _CALENDAR or word in _ORDINARY or word in names.everyday:
        is_called = begins and plain[found.end() : found.end() + 1] == ","
        return is_called or (word not in _CALENDAR and is_capital and not begins)
    return is_own or is_capital


def _clean(text: str) -> str:
    """Without the characters that nobody sees, and each letter one character with its accent."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")


def _plain(text: str) -> str:
    """Lower-case letters without accents, each in its place."""
    return "".join(unicodedata.normalize("NFKD", letter)[0].lower()[:1] for letter in text)


def _as_written(text: str, places: Sequence[tuple[int, int]]) -> list[str]:
    return list(dict.fromkeys(text[begin:end] for begin, end in places))
