"""The walls between clinics: row-level security, a role without powers, keys that lead with the clinic, sealed data."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from recovery_api.config import Settings
from recovery_api.db import metadata
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.packs import load_yaml
from recovery_api.packs.ladder_pack import SHIPPED
from recovery_api.services.find_ladder import LastResort
from recovery_api.services.receive_sms import ReceivedText, receive_sms
from recovery_api.services.record_audit import SYSTEM, Actor
from recovery_api.services.set_ladder import set_ladder
from recovery_api.services.set_rota import set_rota
from recovery_api.services.sign_rules import propose_rules, sign_rules
from recovery_api.services.text_check_in_link import make_link
from tests.builders import BuiltClinic, PatientPersona, Persona, check_in_body, make_clinician, make_patient

WITHOUT_CLINIC = {
    "alembic_version",
    "clinic",
    "sender_number",
    "credential",
    "due_work",
    "heartbeat",
    "sender_state",
    "watch",
    "enrol_challenge",
    "open_answer",
    "knock",
    "clock_mark",
}
OPEN = WITHOUT_CLINIC - {"clinic"}
WALLED = sorted(set(metadata.tables) - OPEN)
APPEND_ONLY = (
    "audit_event", "check_in", "consent", "emergency_look", "flag_event", "kept_band", "questionnaire", "rule_change",
    "rule_change_decision", "wording", "wording_decision",
)  # fmt: skip
CURRENT = "(NULLIF(current_setting('app.clinic'::text, true), ''::text))::uuid"


@pytest.fixture
def schema(settings: Settings) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The catalogue as the owner sees it."""
    with psycopg.connect(settings.database_admin_url) as admin:
        yield admin


@contextmanager
def refused(database: Connection) -> Iterator[None]:
    """The database must refuse what happens in here."""
    savepoint = database.begin_nested()
    with pytest.raises(ProgrammingError, match=r"permission denied|row-level security"):
        yield
    savepoint.rollback()


def enter(database: Connection, clinic_id: UUID | None) -> None:
    database.execute(text("SELECT set_config('app.clinic', :id, true)"), {"id": str(clinic_id or "")})


def count(database: Connection, table: str) -> int:
    return int(database.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())


def receive(patient: PatientPersona, body: str, sender: str = "") -> None:
    clinic = patient.clinic
    message = ReceivedText(f"SM{new_id().hex}", sender or patient.phone, clinic.number, body)
    with clinic.app.app_context():
        assert receive_sms(message, clinic.wiring.vaults, clinic.wiring.clock.now())


def change_a_text(clinic: BuiltClinic) -> None:
    """A text in words of the clinic's own, signed by two people."""
    lead, second = make_clinician(clinic, "lead"), make_clinician(clinic, "lead")
    words = {"key": "posture_sitting", "language": "en", "body": "Sit in a firm chair and move every 30 minutes."}
    proposed = lead.post("/wordings", json=words).json["id"]
    assert second.post(f"/wordings/{proposed}/sign").status_code == 200


def change_a_rule(clinic: BuiltClinic) -> None:
    """A rule with a number of the clinic's own, signed by two people."""
    lead, second = (Actor("clinician", make_clinician(clinic, "lead").id, "lead") for _ in range(2))
    now = clinic.wiring.clock.now()
    with clinic.open() as scope:
        change_id = propose_rules(scope, {"detector": {"limit": 9}}, "fewer calls", lead, now)
        sign_rules(scope, change_id, second, now)


# the schema


def test_every_clinical_table_leads_its_key_with_the_clinic(schema: psycopg.Connection[tuple[str, str]]) -> None:
    first = dict(
        schema.execute(
            "SELECT c.relname, a.attname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]"
            " WHERE k.contype = 'p' AND c.relnamespace = 'public'::regnamespace"
        ).fetchall()
    )
    assert set(first) == {*metadata.tables, "alembic_version"}
    assert {name for name, column in first.items() if column != "clinic_id"} <= WITHOUT_CLINIC


def test_every_clinical_table_has_forced_row_security_both_ways(schema: psycopg.Connection[tuple[str, ...]]) -> None:
    walled = schema.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND relrowsecurity AND relforcerowsecurity"
    ).fetchall()
    assert sorted(name for (name,) in walled) == WALLED
    policies = schema.execute(
        "SELECT tablename, cmd, permissive, qual, with_check FROM pg_policies WHERE schemaname = 'public'"
    ).fetchall()
    expected = {
        (name, "ALL", "PERMISSIVE", condition, condition)
        for name in WALLED
        for condition in [f"({'id' if name == 'clinic' else 'clinic_id'} = {CURRENT})"]
    }
    assert set(policies) == expected
    assert len(policies) == len(WALLED)


def test_the_application_owns_nothing_and_has_no_powers(schema: psycopg.Connection[tuple[object, ...]]) -> None:
    powers = schema.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = 'recovery_app'"
    ).fetchall()
    assert powers == [(False,) * 5]
    owned = schema.execute(
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'recovery_app'"
        " UNION ALL SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = 'recovery_app'"
        " UNION ALL SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = 'recovery_app'"
    ).fetchall()
    memberships = schema.execute("SELECT 1 FROM pg_auth_members WHERE member = 'recovery_app'::regrole").fetchall()
    assert owned == memberships == []


def test_references_between_clinical_tables_stay_inside_the_clinic_and_never_cascade(
    schema: psycopg.Connection[tuple[object, ...]],
) -> None:
    keys = schema.execute(
        "SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text, k.confdeltype, k.confupdtype,"
        " (SELECT array_agg(attname ORDER BY place) FROM unnest(k.conkey) WITH ORDINALITY AS c(number, place)"
        "  JOIN pg_attribute ON attrelid = k.conrelid AND attnum = c.number)::text[],"
        " (SELECT array_agg(attname ORDER BY place) FROM unnest(k.confkey) WITH ORDINALITY AS c(number, place)"
        "  JOIN pg_attribute ON attrelid = k.confrelid AND attnum = c.number)::text[]"
        " FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace"
    ).fetchall()
    assert len(keys) > 20
    for name, _, target, on_delete, on_update, columns, targets in keys:
        assert (on_delete, on_update) == ("a", "a"), f"{name} cascades"
        inside = columns[0] == "clinic_id" and targets == ["clinic_id", "id"] and len(columns) == 2
        assert inside or (target, columns, targets) == ("clinic", ["clinic_id"], ["id"]), name


# the walls at work


@pytest.fixture
def two_clinics(clinic: BuiltClinic, other_clinic: BuiltClinic, ben: Persona, cleo: Persona) -> tuple[UUID, UUID]:
    """Two clinics, with rows of every kind that a text and a check-in make."""
    for place in (clinic, other_clinic):
        patient = make_patient(place)
        answer = patient.post("/me/check-ins", json=check_in_body(patient), headers={"Idempotency-Key": "a" * 20})
        assert answer.status_code == 201
        use_the_app(patient)
        with place.open() as scope:
            now = place.wiring.clock.now()
            make_link(scope, patient.id, patient.episode_id, "en", "https://recovery.test", now)
        receive(patient, "9, my legs feel weak")
        change_a_text(place)
        change_a_rule(place)
        give_rota(place)
        sign_in_otherwise(place, patient)
    return clinic.id, other_clinic.id


def use_the_app(patient: PatientPersona) -> None:
    """Rows of every kind that an app makes beside check-ins."""
    now = patient.clinic.wiring.clock.now()
    day = {"steps": 900, "source": "healthkit", "coverage": "full", "computed_at": now.isoformat()}
    asked = {"client_id": str(new_id()), "instrument": "phq2", "score": 1, "recorded_at": now.isoformat()}
    assert patient.call("PUT", f"/me/activity-days/{now.date()}", json=day).status_code == 200
    assert (
        patient.call("PUT", f"/me/devices/{new_id()}", json={"platform": "fcm", "token": "t" * 20}).status_code == 200
    )
    assert patient.post("/me/questionnaires", json=asked).status_code == 201
    assert patient.get("/me/sync").status_code == 200


def give_rota(clinic: BuiltClinic) -> None:
    """A ladder and a rota of the clinic's own."""
    email, now = f"nurse{clinic.number[1:]}@clinic.example", clinic.wiring.clock.now()
    make_clinician(clinic, "nurse", email=email)
    shift = {"who": email, "duty": "nurse", "days": ["mon"], "from": "07:00", "to": "19:00"}
    with clinic.open() as scope:
        set_ladder(scope, load_yaml(SHIPPED), LastResort("+12125550186"), SYSTEM, now)
        set_rota(scope, {"shifts": [shift], "holidays": [now.date()]}, SYSTEM, now)


def sign_in_otherwise(clinic: BuiltClinic, patient: PatientPersona) -> None:
    """A passkey, a look in an emergency and a procedure without a date."""
    officer, now = make_clinician(clinic, "privacy_officer"), clinic.wiring.clock.now()
    own: dict[str, object] = {"clinic_id": clinic.id, "id": new_id()}
    who = {**own, "clinician_id": officer.id}
    key = {"credential_id": b"key", "public_key": b"key", "sign_count": 0, "name_sealed": b"", "created_at": now}
    look = {"reason": "other", "words_sealed": b"", "begins_at": now, "ends_at": now, "patient_id": patient.id}
    planned = {"patient_id": patient.id, "levels": ["L1"], "check_in_time": now.time(), "created_at": now}
    with clinic.open() as scope:
        scope.connection.execute(insert(tables.passkey), {**who, **key})
        scope.connection.execute(insert(tables.emergency_look), {**who, **look})
        scope.connection.execute(insert(tables.planned_procedure), {**own, **planned})
        scope.connection.execute(insert(tables.kept_band), {**own, "taken_on": now.date(), "figures": []})


EMPTY = {"appointment", "carrier_comparison", "hold", "page", "phone_call", "push", "seen_proof", "trial"}


def test_without_a_clinic_nothing_can_be_seen(database: Connection, two_clinics: tuple[UUID, UUID]) -> None:
    enter(database, two_clinics[0])
    there = {name: count(database, name) for name in WALLED}
    assert {name for name, rows in there.items() if rows == 0} <= EMPTY
    enter(database, None)
    assert {name: count(database, name) for name in WALLED} == dict.fromkeys(WALLED, 0)


def test_a_clinic_sees_its_own_rows_alone(database: Connection, two_clinics: tuple[UUID, UUID]) -> None:
    for own in two_clinics:
        enter(database, own)
        for name in WALLED:
            column = "id" if name == "clinic" else "clinic_id"
            seen = database.execute(text(f'SELECT DISTINCT {column} FROM "{name}"')).scalars().all()
            assert list(seen) == ([] if name in EMPTY and not seen else [own]), name


def test_a_row_can_neither_be_added_to_another_clinic_nor_moved_there(
    database: Connection, two_clinics: tuple[UUID, UUID]
) -> None:
    own, other = two_clinics
    enter(database, own)
    for name in (name for name in WALLED if name not in {"clinic", *EMPTY}):
        table = metadata.tables[name]
        row = dict(database.execute(select(table).limit(1)).mappings().one())
        with refused(database):
            database.execute(insert(table), {**row, "clinic_id": other})
        if name not in (*APPEND_ONLY, "seen_proof", "sync_point"):  # never changed either, but forgotten
            with refused(database):
                database.execute(update(table).values(clinic_id=other))


def test_rows_of_another_clinic_are_not_changed_by_a_statement_that_names_them(
    database: Connection, two_clinics: tuple[UUID, UUID]
) -> None:
    own, other = two_clinics
    enter(database, own)
    for name in set(WALLED) - {"clinic", "seen_proof", "sync_point", *APPEND_ONLY}:
        table = metadata.tables[name]
        changed = database.execute(update(table).where(table.c.clinic_id == other).values(clinic_id=other))
        assert changed.rowcount == 0, name


def test_what_was_written_down_is_never_changed_or_removed(
    database: Connection, two_clinics: tuple[UUID, UUID]
) -> None:
    enter(database, two_clinics[0])
    for name in APPEND_ONLY:
        assert count(database, name) > 0
        for statement in (f'UPDATE "{name}" SET id = id', f'DELETE FROM "{name}"', f'TRUNCATE "{name}"'):
            with refused(database):
                database.execute(text(statement))


def test_no_clinical_row_is_deleted_by_the_application(database: Connection, two_clinics: tuple[UUID, UUID]) -> None:
    enter(database, two_clinics[0])
    for name in sorted(
        set(WALLED) - {"idempotency_key", "seen_proof", "sync_point"}
    ):  # what a phone was told, not what it told
        with refused(database):
            database.execute(text(f'DELETE FROM "{name}"'))


# sealed at rest

GIVEN, FAMILY, RECORD, NOTE = "Zwilbrynn", "Quaddlewick", "MRN-77194", "the gazebo creaked"
DEVICE = "Plimsoll handset"
TEXTS = (
    "8 since the marmalade incident",
    "my legs feel weak since the marmalade incident",
    "what is a marmalade cupboard",
    "marmalade fever",
    "please call my daughter Hesperide",
    "my legs are numb like marmalade",
)


def test_no_phone_name_text_or_note_lies_in_the_database_in_clear(
    database: Connection, clinic: BuiltClinic, ben: Persona
) -> None:
    phone = "+12125550187"
    patient = make_patient(clinic, given_name=GIVEN, family_name=FAMILY, phone=phone, record_number=RECORD)
    for body in TEXTS:
        receive(patient, body)
    receive(patient, "marmalade: can not breathe", sender="+13475550188")
    assert patient.post("/me/check-ins", json=check_in_body(patient, pain=9, note=NOTE)).status_code == 201
    ben.post(f"/patients/{patient.id}/messages", json={"body": "Quaddlewick, please call"})
    [flag, *_] = ben.get("/flags").json["items"]
    seen = {"If-Match": f'"{flag["version"]}"'}
    closed = ben.post(f"/flags/{flag['id']}/resolve", json={"outcome": "advised", "note": NOTE}, headers=seen)
    assert closed.status_code == 200, closed.json
    canaries = [GIVEN, FAMILY, RECORD, NOTE, "marmalade", "legs are numb", "can not breathe", "Hesperide", "1948-03-12",
                "2125550187", "3475550188", "2125550130", "clinic.example"]  # fmt: skip
    enter(database, clinic.id)
    for name in metadata.tables:
        for row in database.execute(text(f'SELECT t::text FROM "{name}" t')).scalars():
            squeezed = "".join(character for character in row if character not in " -.()/")
            for canary in canaries:
                hidden = canary.encode().hex()
                spelt = canary in squeezed if canary.isdigit() else canary.casefold() in row.casefold()
                assert not spelt, f"{name} holds {canary!r} in clear"
                assert hidden not in row, f"{name} holds {canary!r} in clear, as bytes"


def test_one_phone_has_another_digest_in_every_clinic(clinic: BuiltClinic, other_clinic: BuiltClinic) -> None:
    digests = []
    for place in (clinic, other_clinic):
        patient = make_patient(place)
        with place.open() as scope:
            point = tables.contact_point
            chosen = select(point.c.phone_digest).where(point.c.patient_id == patient.id)
            digests.append(bytes(scope.connection.execute(chosen).scalar_one()))
    assert digests[0] != digests[1]
    assert all(len(digest) == 32 for digest in digests)
