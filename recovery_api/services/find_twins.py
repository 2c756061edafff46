"""Two texts with the same words for one phone: nobody could tell their copies at the carrier apart."""

from datetime import timedelta

from sqlalchemy import bindparam, select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.prepared import Prepared
from recovery_api.services.outbox_rows import UNDER_WAY

LONGEST_LIFE = timedelta(days=3)  # of a text on its way, and more than any has
_m = tables.message.c
_OTHERS_UNDER_WAY = Prepared(
    select(_m.id, _m.body_sealed).where(
        _m.clinic_id == bindparam("clinic"),
        _m.phone_digest == bindparam("digest"),
        _m.created_at > bindparam("since"),
        _m.id != bindparam("own"),
        _m.state.in_([bindparam(f"state_{place}", state) for place, state in enumerate(UNDER_WAY)]),
    )
)


def has_twin_under_way(scope: ClinicScope, message: AnyRow, body: str) -> bool:
    """Whether another text with these words is on its way to this phone, its end still unknown.

    The carrier's list is searched by phone, words and time alone. Were both under way, the one that was lost would
    take the other's copy for its own, and the other would be sent twice. The caller holds the phone.
    """
    own = {
        "clinic": scope.clinic_id, "digest": message.phone_digest, "own": message.id,
        "since": message.created_at - LONGEST_LIFE,
    }  # fmt: skip
    others = _OTHERS_UNDER_WAY.rows(scope.connection, own)
    return any(scope.vault.open("message.body", other.id, other.body_sealed) == body for other in others)
