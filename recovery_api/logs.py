"""Logs: JSON lines of named events with allowed keys alone, so that no phone, name or text can be written."""

import logging
import sys
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

ALLOWED_KEYS = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "process",
        "request_id",
        "method",
        "route",
        "status",
        "milliseconds",
        "count",
        "kind",
        "lane",
        "outcome",
        "error",
        "code",
        "clinic_id",
        "clinician_id",
        "message_id",
        "flag_id",
        "check_in_id",
        "reminder_id",
        "episode_id",
        "row_id",
        "job",
        "late_seconds",
        "reason",
    ]
)


def keep_allowed_keys(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop every key that is not on the list, and say which were dropped."""
    kept: dict[str, Any] = {key: value for key, value in event.items() if key in ALLOWED_KEYS}
    dropped = sorted(set(event) - set(kept))
    if dropped:
        kept["dropped"] = dropped
    return kept


def set_up_logs(process: str, folder: Path | None) -> None:
    """Write this process's log to its file in `folder`, or to standard output."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / f"{process}.log").open("a", encoding="utf-8") if folder is not None else sys.stdout
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            lambda _, __, event: {**event, "process": process},
            keep_allowed_keys,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    for noisy in ("twilio", "urllib3", "apscheduler", "sqlalchemy", "granian"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def log(event: str, **keys: Any) -> None:
    """Write one event."""
    structlog.get_logger().info(event, **keys)


def warn(event: str, **keys: Any) -> None:
    """Write one event that somebody should look at."""
    structlog.get_logger().warning(event, **keys)
