"""A visit as a calendar entry (RFC 5545), which says no more than a lock screen may show."""

from datetime import UTC, datetime, timedelta

from recovery_api.services.read_today import Visit

LENGTH = timedelta(minutes=30)
_STATUSES = {"cancelled": "CANCELLED", "confirmed": "CONFIRMED", "kept": "CONFIRMED"}
_WORDS = {"en": ("Visit", "Questions"), "es": ("Cita", "Preguntas")}


def visit_calendar(visit: Visit, clinic: str, phone: str, language: str, now: datetime) -> str:
    """The file of one visit; its UID stays when the visit is moved and its sequence rises, so that a calendar moves it.

    Times are in UTC, which every calendar shows in its owner's zone, so that no zone need be described.
    """
    title, questions = _WORDS[language]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Recovery API//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{visit.id}",
        f"SEQUENCE:{visit.sequence}",
        f"DTSTAMP:{_stamp(now)}",
        f"DTSTART:{_stamp(visit.starts_at)}",
        f"DTEND:{_stamp(visit.starts_at + LENGTH)}",
        f"SUMMARY:{_escaped(f'{title}: {clinic}')}",
        f"DESCRIPTION:{_escaped(f'{questions}: {phone}')}",
        f"STATUS:{_STATUSES.get(visit.status, 'TENTATIVE')}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Lines of at most 75 bytes, a space before each that goes on; no character is cut in two."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > 74:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
