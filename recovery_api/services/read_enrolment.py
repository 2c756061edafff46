"""Read an enrolment as a form or a spreadsheet gives it: every field as text, and everything that is wrong at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TypeVar
from uuid import UUID

from recovery_api.domain.errors import Invalid
from recovery_api.domain.vertebrae import MOST_LEVELS, read_levels
from recovery_api.domain.written_days import read_day
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.services.add_patient import NewPerson, check_birth, check_zone
from recovery_api.services.invite_phone import check_label
from recovery_api.services.read_phone import PhoneKind, kind_of, read_phone
from recovery_api.services.start_episode import NewEpisode, check_in_hours, check_performed_on

FIELDS = (
    "given_name", "family_name", "born_on", "sex", "phone", "line", "shares_phone", "label", "language", "zone",
    "record_number", "procedure_on", "levels", "baseline_pain", "check_in_time", "protocol", "consent",
)  # fmt: skip
NEEDED = ("given_name", "family_name", "born_on", "phone", "levels", "consent")
LONGEST_NAME, LONGEST_RECORD_NUMBER = 100, 40
YES = {"yes": True, "y": True, "1": True, "true": True, "x": True, "si": True, "sí": True}
NO = {"": False, "no": False, "n": False, "0": False, "false": False}
LANGUAGES = {"": "en", "en": "en", "english": "en", "es": "es", "spanish": "es", "español": "es", "espanol": "es"}
SEXES = {
    "": "unknown", "unknown": "unknown", "f": "female", "female": "female", "m": "male", "male": "male", "x": "other",
    "other": "other",
}  # fmt: skip
LINES = {"": "", "texts": "sms", "mobile": "sms", "sms": "sms", "landline": "voice", "calls": "voice", "voice": "voice"}
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::00)?")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one field; `patient_id` is somebody who was enrolled before."""

    field: str
    message: str
    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person to be enrolled, and the procedure; without a day the recovery waits for one."""

    person: NewPerson
    performed_on: date | None
    levels: tuple[str, ...]
    baseline_pain: int | None
    check_in_time: time
    shares_phone: bool = False


class Unreadable(Exception):
    """An enrolment that cannot be taken, with everything that is wrong with it.

    `read` is what could be read nevertheless: a text that could not is empty there, and a day is `date.min`.
    """

    def __init__(self, troubles: list[Trouble], read: Enrolment | None = None) -> None:
        super().__init__(f"{len(troubles)} fields")
        self.troubles = troubles
        self.read = read


class _Reader:
    """Reads field by field, and remembers what was wrong."""

    def __init__(self, given: Mapping[str, str], clinic_zone: str, now: datetime) -> None:
        self._given, self._clinic_zone, self._now = given, clinic_zone, now
        self.troubles: list[Trouble] = []

    def read(self, field: str, reader: Callable[[str], _T], otherwise: _T) -> _T:
        """The field as `reader` understands it; otherwise a trouble is remembered."""
        raw = self._given.get(field, "").strip()
        try:
            if not _ONE_LINE.fullmatch(raw):
                raise Invalid("must be one line of text")
            if not raw and field in NEEDED and field != "consent":
                raise Invalid("is missing")
            return reader(raw)
        except Invalid as refused:
            self.troubles.append(Trouble(field, refused.message))
            return otherwise

    def person(self) -> NewPerson:
        """Who is enrolled."""
        given, family = self.read("given_name", _name, ""), self.read("family_name", _name, "")
        phone, language = self.read("phone", read_phone, ""), self.read("language", _one_of(LANGUAGES), "en")
        return NewPerson(
            given_name=given,
            family_name=family,
            born_on=self.read("born_on", self._birth, date.min),
            phone=phone,
            sex=self.read("sex", _one_of(SEXES), ""),
            language=language,
            zone=self.read("zone", lambda raw: check_zone(raw or self._clinic_zone), ""),
            label=self.read("label", lambda raw: _label(raw, given, family), ""),
            record_number=self.read("record_number", _record_number, None),
            channel=self.read("line", lambda raw: _channel(raw, phone), "sms"),
        )

    def _birth(self, raw: str) -> date:
        born_on = read_day(raw, "born_on")
        check_birth(born_on, self._now)
        return born_on

    def procedure_day(self) -> date | None:
        """The day of the procedure, past or to come; None where it is open."""

        def day(raw: str) -> date | None:
            if raw.casefold() in ("", "open"):
                return None
            found = read_day(raw, "procedure_on")
            check_performed_on(found, self._now)
            return found

        return self.read("procedure_on", day, None)


def read_enrolment(given: Mapping[str, str], clinic_zone: str, now: datetime) -> Enrolment:
    """The enrolment in a form or a row. Raises Unreadable with everything that is wrong, a line a field."""
    reader = _Reader(given, clinic_zone, now)
    person, performed_on = reader.person(), reader.procedure_day()
    levels: tuple[str, ...] = reader.read("levels", _levels, tuple[str, ...]())
    baseline_pain = reader.read("baseline_pain", _pain, None)
    check_in_time = reader.read("check_in_time", _clock_time, time(9, 30))
    reader.read("protocol", _protocol, None)
    reader.read("consent", _consent, None)
    shares_phone = reader.read("shares_phone", _one_of(YES | NO), False)
    enrolment = Enrolment(person, performed_on, levels, baseline_pain, check_in_time, shares_phone)
    if reader.troubles:
        raise Unreadable(sorted(reader.troubles, key=lambda trouble: FIELDS.index(trouble.field)), enrolment)
    return enrolment


def read_procedure(given: Mapping[str, str], now: datetime) -> NewEpisode:
    """The recovery of a procedure whose day is known by now. Raises Unreadable."""
    reader = _Reader(given, "", now)
    performed_on = reader.procedure_day()
    levels: tuple[str, ...] = reader.read("levels", _levels, tuple[str, ...]())
    baseline_pain = reader.read("baseline_pain", _pain, None)
    check_in_time = reader.read("check_in_time", _clock_time, time(9, 30))
    if performed_on is None and not any(trouble.field == "procedure_on" for trouble in reader.troubles):
        reader.troubles.insert(0, Trouble("procedure_on", "is missing"))
    if performed_on is None or reader.troubles:
        raise Unreadable(reader.troubles)
    return NewEpisode(performed_on, levels, baseline_pain, check_in_time)


def _one_of(words: Mapping[str, _T]) -> Callable[[str], _T]:
    def read(raw: str) -> _T:
        found = words.get(raw.casefold())
        if found is None:
            raise Invalid(f"must be one of {', '.join(sorted({str(word) for word in words if word}))}")
        return found

    return read


def _name(raw: str) -> str:
    if len(raw) > LONGEST_NAME:
        raise Invalid(f"must have at most {LONGEST_NAME} characters")
    return raw


def _record_number(raw: str) -> str | None:
    if len(raw) > LONGEST_RECORD_NUMBER:
        raise Invalid(f"must have at most {LONGEST_RECORD_NUMBER} characters")
    return raw or None


def _label(raw: str, given: str, family: str) -> str:
    check_label(raw, given, family)
    return raw


def _channel(raw: str, phone: str) -> str:
    """How a phone is reached: as chosen, but a number that can only be a landline is never texted."""
    chosen = _one_of(LINES)(raw)
    kind = kind_of(phone) if phone else PhoneKind.EITHER
    if kind is PhoneKind.NO_PERSON:
        raise Invalid("is a service number: give the number of a person's phone")
    if kind is PhoneKind.LANDLINE and chosen == "sms":
        raise Invalid("is a landline: it takes no texts; choose calls or give a mobile number")
    if kind is PhoneKind.LANDLINE and not chosen:
        raise Invalid("is a landline: say that it is to be called, or give a mobile number")
    return chosen or "sms"


def _levels(raw: str) -> tuple[str, ...]:
    found = read_levels(raw)
    if not 1 <= len(found) <= MOST_LEVELS:
        raise Invalid(f"must name 1 to {MOST_LEVELS} vertebrae")
    return found


def _pain(raw: str) -> int | None:
    if not raw:
        return None
    if not raw.isascii() or not raw.isdecimal() or int(raw) > 10:
        raise Invalid("must be a whole number from 0 to 10")
    return int(raw)


def _clock_time(raw: str) -> time:
    if not raw:
        return time(9, 30)
    found = _TIME.fullmatch(raw)
    if found is None:
        raise Invalid("must be a time of day such as 09:30")
    at = time(int(found[1]), int(found[2]))
    check_in_hours(at)
    return at


def _protocol(raw: str) -> None:
    if raw not in ("", protocol_pack().name):
        raise Invalid("must be the name of a published protocol")


def _consent(raw: str) -> None:
    if raw.casefold() not in YES:
        raise Invalid("is missing: without it nobody is enrolled")
