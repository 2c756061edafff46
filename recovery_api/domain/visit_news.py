"""News of a visit that was moved or called off: reminders beside those of the plan, known by their slots."""

from uuid import UUID

MARK = "/"  # in the slot, between the visit and how often it was changed: no plan has such a slot
CALLED_OFF = "visit_off"
QUESTIONS = (None, "appointment")  # what news may ask


def news_slot(visit_id: UUID, sequence: int) -> str:
    """The slot of the news that a visit was changed for the `sequence`-th time."""
    return f"{visit_id}{MARK}{sequence}"


def visit_of(slot: str) -> str:
    """The id of the visit of which the news with this slot tells."""
    return slot.partition(MARK)[0]


def is_news(slot: str) -> bool:
    """Whether a reminder tells that a visit was moved or called off."""
    return MARK in slot


def is_old_news(slot: str, sequence: int) -> bool:
    """Whether a reminder tells of an earlier change than the last of a visit that was changed `sequence` times."""
    return is_news(slot) and slot.partition(MARK)[2] != str(sequence)
