"""May this text leave now: what a person agreed to, their quiet hours, and how many texts a day may be started."""

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recovery_api.domain.local_time import OPENS, allowed_until, local_instant, within_quiet_hours
from recovery_api.domain.protocol import TEXTS_A_DAY
from recovery_api.domain.wording import is_invitation

# Whole texts on which the carrier acts, and which it confirms by itself (Twilio's default lists).
CARRIER_STOPS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
CARRIER_STARTS = frozenset({"START", "YES", "UNSTOP"})
CARRIER_WORDS = {"STOP": CARRIER_STOPS, "START": CARRIER_STARTS}
LAST_WORDS = ("stopped", "wrong_person", "deceased")
_EXEMPT = ("safety", "page")
ASKED_FOR = ("login_code",)  # the patient waits for it, with the app in hand
# A text that would reach the carrier in the last minute could leave it after the window.
_SHORTEST = timedelta(minutes=1)
_WORTH_STARTING = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A text that is about to leave. `is_answer` where it answers a text; `has_answer` where its question was answered.

    `answers_danger` tells that it answers dangerous words written after opting out.
    """

    purpose: str
    expires_at: datetime
    text_key: str | None = None
    is_answer: bool = False
    has_answer: bool = False
    answers_danger: bool = False

    @property
    def is_own_words(self) -> bool:
        """Whether a clinician wrote it."""
        return self.purpose == "service" and self.text_key is None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands: the phone's state, the patient's and the recovery's status, and texts started today.

    `takes_texts` is false for a phone that is called instead, a landline as a rule.
    """

    state: str
    patient_status: str
    episode_status: str | None
    zone: ZoneInfo
    started_today: int = 0
    takes_texts: bool = True


def why_not(text: Leaving, person: Standing, now: datetime) -> str | None:
    """`expired` or `suppressed` where the text must not leave any more, else None."""
    if now >= text.expires_at:
        return "expired"
    if text.text_key in LAST_WORDS:
        return None
    if person.patient_status != "active" or not _has_agreed(text, person.state):
        return "suppressed"
    if text.purpose in _EXEMPT or text.is_answer:
        return None
    return _why_not_start(text, person, now)


def _why_not_start(text: Leaving, person: Standing, now: datetime) -> str | None:
    """The same for a text that we start: not to a phone that is called, and in its hours unless it was asked for."""
    if not person.takes_texts:
        return "suppressed"
    if text.text_key in ASKED_FOR:
        return None
    if within_quiet_hours(now, person.zone) or text.expires_at - now < _SHORTEST:
        return "expired"
    counts = not (text.is_own_words or is_invitation(text.text_key))
    if counts and person.started_today >= TEXTS_A_DAY:
        return "suppressed"
    return _why_not_remind(text, person) if text.purpose == "reminder" else None


def _has_agreed(text: Leaving, state: str) -> bool:
    """Who was only asked gets the question itself, and answers to their own texts; who left, answers to danger."""
    if state == "invited":
        return text.is_answer or text.text_key in ASKED_FOR or is_invitation(text.text_key)
    return state == "active" or (state == "opted_out" and text.answers_danger)


def _why_not_remind(text: Leaving, person: Standing) -> str | None:
    return "suppressed" if text.has_answer or person.episode_status != "active" else None


def carrier_confirms(body: str, keywords: frozenset[str]) -> bool:
    """Whether the carrier acts on this whole text and answers it by itself."""
    return body.strip().upper() in keywords


def brings_back(body: str, own_starts: frozenset[str]) -> bool:
    """Whether a whole text is one word that begins the texts again: the carrier's, or one of ours (capitals, plain).

    Any other wish to have them back is for a person: the carrier would go on blocking the phone, and a sentence may
    mean something else.
    """
    word = _plain_word(body)
    return word in CARRIER_STARTS or word in own_starts


def is_bare_yes(body: str) -> bool:
    """Whether a whole text is the one word of those that begin texts which also answers anything else: yes."""
    return _plain_word(body) == "YES"


def _plain_word(body: str) -> str:
    plain = unicodedata.normalize("NFKD", body).upper()
    return "".join(letter for letter in plain if letter.isalnum() or letter.isspace()).strip()


def next_window(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when (UTC) a text that we start now may leave: the rest of today's hours, or the next day's."""
    until = allowed_until(now, zone)
    if not within_quiet_hours(now, zone) and until - now >= _WORTH_STARTING:
        return now, until
    opens = now
    for _ in range(3):  # a zone may skip a day
        on = opens.astimezone(zone).date()
        opens = max(local_instant(zone, on, OPENS), now)
        if not within_quiet_hours(opens, zone) and allowed_until(opens, zone) - opens >= _WORTH_STARTING:
            break
        opens = local_instant(zone, on + timedelta(days=1), time(0))
    return opens, allowed_until(opens, zone)


def day_began(now: datetime, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the day of `now` began where the patient lives."""
    return local_instant(zone, now.astimezone(zone).date(), time(0)).astimezone(UTC)
