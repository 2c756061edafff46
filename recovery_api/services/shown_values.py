"""Days and hours of a reminder as its reader's language says them."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from recovery_api.services.answer_visit import date_words, hour_words

_DAYS, _HOURS = ("date", "drive_on"), ("time", "fasting_hour")
_MIDNIGHT = {"en": "midnight", "es": "la medianoche"}


def shown_values(stored: Mapping[str, Any], language: str) -> dict[str, str]:
    """The values that a reminder was planned with, ready to be put into its text."""
    return {name: _shown(name, str(value), language) for name, value in stored.items()}


def _shown(name: str, value: str, language: str) -> str:
    if name in _DAYS:
        return date_words(date.fromisoformat(value), language)
    if name in _HOURS:
        at = time.fromisoformat(value)
        return _MIDNIGHT.get(language, _MIDNIGHT["en"]) if not at.hour + at.minute else _hour(name, at, language)
    return value


def _hour(name: str, at: time, language: str) -> str:
    words = hour_words(at)
    return f"las {words}" if name == "fasting_hour" and language == "es" else words
