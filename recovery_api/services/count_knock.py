"""Count who knocks at a door where secrets are tried, for all processes together: one statement decides and counts."""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from recovery_api.clock import real_now
from recovery_api.db import Vaults, open_transaction
from recovery_api.domain.errors import TooMany
from recovery_api.models import tables

BURST = timedelta(minutes=1)
_FORGOTTEN = timedelta(hours=1)
_OWN_NETWORK = 64  # bits of an IPv6 address; the rest its holder may choose


def count_knock(address: str, a_minute: float, vaults: Vaults) -> None:
    """Count one call from `address`, evenly or in one burst. Raises TooMany beyond `a_minute`, whoever answers.

    It is committed by itself, so that a refusal counts too. Stored is a keyed digest, which tells no address.
    """
    knock, now = tables.knock, real_now()
    digest = hashlib.sha256(vaults.data_key.successor(network_of(address), "knock").encode()).digest()
    full_at = func.greatest(knock.c.full_at, now) + timedelta(minutes=1) / a_minute
    with open_transaction() as connection:
        taken = connection.execute(
            insert(knock)
            .values(digest=digest, full_at=now + timedelta(minutes=1) / a_minute)
            .on_conflict_do_update(
                index_elements=[knock.c.digest], set_={"full_at": full_at}, where=full_at <= now + BURST
            )
            .returning(knock.c.full_at)
        ).first()
        connection.execute(delete(knock).where(knock.c.full_at < now - _FORGOTTEN))
        full: datetime | None = None
        if taken is None:
            full = connection.execute(select(knock.c.full_at).where(knock.c.digest == digest)).scalar()
    if full is not None:
        wait = full + timedelta(minutes=1) / a_minute - BURST - now
        raise TooMany("Too many requests: wait a moment.", max(wait.total_seconds(), 1))


def network_of(address: str) -> str:
    """The part of an address that its holder cannot choose; what is no address stays as it is."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known), _OWN_NETWORK), strict=False))
