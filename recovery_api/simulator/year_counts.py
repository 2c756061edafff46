"""What a simulated clinic holds at its end, counted, and in one digest by which two runs are compared."""

import hashlib
from collections import Counter

from sqlalchemy import select

from recovery_api.db import clinic_transaction
from recovery_api.models import tables
from recovery_api.simulator.year_world import World


def count_year(year: World) -> dict[str, Counter[str]]:
    """Texts by key and state, answers by what was made of them, and flags by rule and tier."""
    message, flag, check_in = tables.message, tables.flag, tables.check_in
    with clinic_transaction(year.clinic_id, year.vaults) as scope:
        read = scope.connection.execute
        out = read(select(message.c.text_key, message.c.state).where(message.c.direction == "out")).all()
        found = read(select(message.c.disposition).where(message.c.direction == "in")).scalars()
        raised = read(select(flag.c.rule, flag.c.tier)).all()
        return {
            "texts": Counter(str(row.text_key) for row in out),
            "how texts ended": Counter(str(row.state) for row in out),
            "texts from patients": Counter(map(str, found)),
            "check-ins": Counter(read(select(check_in.c.channel)).scalars()),
            "flags": Counter(f"{row.rule} ({row.tier})" for row in raised),
        }


def digest_year(year: World) -> str:
    """Equal for two runs in which the same texts came and went at the same minutes, and the same flags were raised."""
    message, flag = tables.message, tables.flag
    with clinic_transaction(year.clinic_id, year.vaults) as scope:
        texts = scope.connection.execute(
            select(
                message.c.id, message.c.created_at, message.c.direction, message.c.phone_sealed, message.c.text_key,
                message.c.state, message.c.disposition, message.c.settled_at,
            )
        ).all()  # fmt: skip
        flags = scope.connection.execute(select(flag.c.opened_at, flag.c.rule, flag.c.tier, flag.c.repeats)).all()
        lines = [
            f"{row.created_at} {scope.vault.open('message.phone', row.id, row.phone_sealed)} {row.direction}"
            f" {row.text_key} {row.state} {row.disposition} {row.settled_at}"
            for row in texts
        ]
    lines += [" ".join(map(str, row)) for row in flags]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]
