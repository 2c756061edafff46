"""Flags of the worklist that a process has read and opened before: only those that changed since are read again."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, Text, literal_column

from recovery_api.db import AnyRow, ClinicScope
from recovery_api.models import tables
from recovery_api.services.read_flags import FlagFacts, FlagQuery, flags_asked, read_flags
from recovery_api.services.shelf import Shelf

MOST = 4000  # flags of all clinics
# Which version of a row this is: no other, written before or after, has the same; with that of its owner, for the name.
_VERSION = "concat_ws(' ', flag.xmin, flag.ctid, clinician.xmin, clinician.ctid)"

_shelf = Shelf[FlagFacts](MOST)


def glances_asked(scope: ClinicScope, query: FlagQuery) -> Select[Any]:
    """The question which flags there are, and which version of each, for a statement that asks more than one."""
    flag = tables.flag
    stamp = literal_column(_VERSION, Text()).label("stamp")
    return flags_asked(scope, query).with_only_columns(flag.c.id, flag.c.patient_id, stamp)


def flags_glanced(scope: ClinicScope, glances: Iterable[AnyRow]) -> list[FlagFacts]:
    """The flags that were glanced at, in the same order."""
    stamps = {glance.id: glance.stamp for glance in glances}
    found = {flag_id: _shelf.find((scope.clinic_id, flag_id), stamp) for flag_id, stamp in stamps.items()}
    missing = [flag_id for flag_id, flag in found.items() if flag is None]
    if missing:
        for flag in read_flags(scope, FlagQuery(flag_ids=missing, limit=len(missing))):
            found[flag.id] = flag
            _shelf.keep((scope.clinic_id, flag.id), stamps[flag.id], flag)
    return [flag for flag in found.values() if flag is not None]
