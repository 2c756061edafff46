"""Every page of the clinicians', found by the map of the application itself, in a clinic where all has happened."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from flask import Flask
from sqlalchemy import select, update

from recovery_api.clock import real_now
from recovery_api.models import tables
from recovery_api.services.answer_flags import Deed, resolve_flag
from recovery_api.services.credentials import issue
from recovery_api.services.read_flags import FlagQuery, read_flags
from tests.builders import ClockHand, PatientPersona, Persona, record
from tests.clinic.visitor import Visitor
from tests.services.phone import Phone

DANGER = "my legs feel weak"
View = Callable[..., object]
OTHER = {
    "/language",
    "/static",
    "/health-line",
    "/enrol/import/patients.csv",
    "/clinic/reports/<key>.csv",
    "/clinic/audit.csv",
}


def all_has_happened(
    ann: PatientPersona, ben: Persona, lead: Visitor, clock: ClockHand, words: str = DANGER
) -> Mapping[str, str]:
    """A value for each place in an address, of a clinic in which something of everything has happened.

    Ann, a stranger and the note of a clinician say `words`.
    """
    for day, pain in enumerate((3, 3, 2, 3)):
        record(ann, pain, days_ago=4 - day)
    record(ann, 9, symptoms=("fever",))
    with ann.clinic.open() as scope:
        [resolved] = read_flags(scope, FlagQuery())
        resolve_flag(scope, Deed(ben.id, resolved.id, None), "advised", words, clock.now)
    Phone(ann.clinic, ann.phone).text(words)
    Phone(ann.clinic, "+12125550149").text(words.replace(DANGER, "hello"))
    waiting = lead.post(
        "/enrol", given_name="Pell", family_name="Zzyzx", born_on="1950-01-02", sex="unknown", phone="212 555 0145",
        line="texts", language="en", when="open", levels="L2", zone="America/New_York", check_in_time="09:30",
        consent="yes",
    )  # fmt: skip
    assert waiting.status_code == 303, waiting.text
    with ann.clinic.open() as scope:
        [flag] = (one for one in read_flags(scope, FlagQuery()) if one.status == "open")
        check_in = scope.connection.execute(select(tables.check_in.c.id)).scalars().first()
        scope.connection.execute(update(tables.credential).values(proved_at=real_now()))
        token = issue(scope.connection, "set_up", ann.clinic.id, ben.id)
    return {
        "patient_id": str(ann.id), "check_in_id": str(check_in), "flag_id": str(flag.id), "token": token,
        "key": "check_in_pain", "language": "es",
        "waiting": waiting.headers["Location"].rpartition("/")[2], "resolved": str(resolved.id),
    }  # fmt: skip


def _value(values: Mapping[str, str], place: re.Match[str]) -> str:
    return values[place[1]]


def views(app: Flask, values: Mapping[str, str]) -> Iterator[tuple[str, View]]:
    """The address and the view of every page of the clinicians', by the map of the application itself."""
    for rule in app.url_map.iter_rules():
        ours = app.view_functions[rule.endpoint].__module__.startswith("recovery_api.clinic")
        if not ours or "GET" not in (rule.methods or ()) or rule.rule in OTHER or "static" in rule.endpoint:
            continue
        own = {"note": "flag_id", "day": "patient_id"}.get(rule.rule.rpartition("/")[2], "")
        here = {**values, own: values["resolved" if own == "flag_id" else "waiting"]}
        yield re.sub(r"<(?:\w+:)?(\w+)>", partial(_value, here), rule.rule), app.view_functions[rule.endpoint]
