"""Find a protocol: the one a clinic gives new patients, and the version that a plan is pinned to."""

from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from uuid import UUID

from sqlalchemy import select

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.domain.errors import NotFound
from recovery_api.domain.protocol import Protocol, read_protocol
from recovery_api.models import tables
from recovery_api.packs.protocol_pack import protocol_pack
from recovery_api.services.add_clinic import adopt_protocol

OWN_MARK = "+"  # a clinic's own versions have it, shipped ones never
_MOST_KEPT = 256
_kept: dict[UUID, Protocol] = {}
_lock = Lock()


def protocol_in_force(scope: ClinicScope, now: datetime) -> UUID:
    """The version that new recoveries of the clinic are pinned to: its own newest, else the shipped one."""
    protocol = tables.protocol
    own = scope.connection.execute(
        select(protocol.c.id)
        .where(
            protocol.c.clinic_id == scope.clinic_id,
            protocol.c.name == protocol_pack().name,
            protocol.c.version.contains(OWN_MARK),
        )
        .order_by(protocol.c.published_at.desc(), protocol.c.id.desc())
        .limit(1)
    ).scalar()
    return UUID(str(own)) if own is not None else adopt_protocol(scope, now)


def version_in_force(scope: ClinicScope) -> str:
    """The name of that version."""
    own = [str(row.version) for row in list_versions(scope) if OWN_MARK in row.version]
    return own[-1] if own else protocol_pack().version


def pinned_protocol(scope: ClinicScope, protocol_id: UUID, version: str) -> Protocol:
    """The version that a plan is pinned to, as the clinic adopted it; read once a process, as it never changes."""
    shipped = protocol_pack()
    if version == shipped.version:
        return shipped
    known = _kept.get(protocol_id)
    if known is not None:
        return known
    protocol = tables.protocol
    row = scope.connection.execute(
        select(protocol.c.name, protocol.c.content).where(
            protocol.c.clinic_id == scope.clinic_id, protocol.c.id == protocol_id
        )
    ).one()
    read = read_protocol(row.content, row.name)
    with _lock:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[protocol_id] = read
    return read


def list_versions(scope: ClinicScope) -> Sequence[AnyRow]:
    """Every version (id, version, published_at) that the clinic holds, the newest last."""
    protocol = tables.protocol
    return scope.connection.execute(
        select(protocol.c.id, protocol.c.version, protocol.c.published_at)
        .where(protocol.c.clinic_id == scope.clinic_id, protocol.c.name == protocol_pack().name)
        .order_by(protocol.c.published_at, protocol.c.id)
    ).all()


def find_version(scope: ClinicScope, version: str, now: datetime) -> UUID:
    """The id of one version that the clinic holds, or of the shipped one. Raises NotFound."""
    if version == protocol_pack().version:
        return adopt_protocol(scope, now)
    for row in list_versions(scope):
        if row.version == version:
            return UUID(str(row.id))
    raise NotFound(f"This clinic has no protocol of version {version!r}.")
