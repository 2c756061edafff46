"""Add a clinic and its staff; nobody gets a default password."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import insert, select, text, update

from recovery_api.clock import real_now
from recovery_api.db import ClinicScope, Vaults, enter_clinic, open_transaction
from recovery_api.domain.clinic_names import name_problem
from recovery_api.domain.errors import Conflict, Invalid, NotFound
from recovery_api.domain.local_time import zone_named
from recovery_api.ids import new_id
from recovery_api.models import tables
from recovery_api.models.clinics import ROLES
from recovery_api.packs import load_yaml
from recovery_api.packs.protocol_pack import SHIPPED, protocol_pack
from recovery_api.packs.texts import as_sent
from recovery_api.services.change_staff import check_paged
from recovery_api.services.credentials import digest_of, identify, issue, revoke_kind
from recovery_api.services.list_clinics import list_clinics
from recovery_api.services.read_phone import is_emergency_number, read_phone
from recovery_api.services.record_audit import SYSTEM, Actor, record_audit
from recovery_api.services.sign_in import hash_password


@dataclass(frozen=True, slots=True)
class NewClinic:
    """A clinic to be added."""

    name: str
    number: str
    zone: str
    phone: str
    emergency_number: str = "911"


@dataclass(frozen=True, slots=True)
class NewClinician:
    """A clinician to be added."""

    email: str
    name: str
    role: str
    phone: str | None = None
    is_paged: bool = False


def add_clinic(new: NewClinic, vaults: Vaults, now: datetime) -> UUID:
    """Add a clinic with its number and protocol. Raises Invalid, or Conflict where the number is taken."""
    problem = name_problem(as_sent(new.name))
    if problem is not None:
        raise Invalid(problem, field="name")
    if not is_emergency_number(new.emergency_number):
        raise Invalid(f"{new.emergency_number!r} is not a number such as 911", field="emergency_number")
    number, zone = read_phone(new.number, "number"), _zone(new.zone)
    clinic_id = new_id()
    with open_transaction() as connection:
        taken = select(tables.sender_number.c.number).where(tables.sender_number.c.number == number)
        if connection.execute(taken).first():
            raise Conflict(f"{number} belongs to another clinic", field="number")
        connection.execute(text("SELECT set_config('app.clinic', :clinic, true)"), {"clinic": str(clinic_id)})
        connection.execute(
            insert(tables.clinic),
            {
                "id": clinic_id,
                "name": new.name,
                "zone": zone,
                "phone": new.phone,
                "emergency_number": new.emergency_number,
                "wrapped_key": vaults.data_key.new_clinic_key(clinic_id),
                "created_at": now,
            },
        )
        connection.execute(insert(tables.sender_number), {"number": number, "clinic_id": clinic_id})
        scope = enter_clinic(connection, clinic_id, vaults)
        adopt_protocol(scope, now)
        record_audit(scope, SYSTEM, "clinic.added", ("clinic", clinic_id), now)
    return clinic_id


def _zone(name: str) -> str:
    try:
        return zone_named(name).key
    except ValueError:
        raise Invalid(f"{name!r} is not an IANA time zone such as America/New_York", field="zone") from None


def adopt_protocol(scope: ClinicScope, now: datetime) -> UUID:
    """Keep the shipped protocol's present version with the clinic; returns its id."""
    pack, protocol = protocol_pack(), tables.protocol
    known = scope.connection.execute(
        select(protocol.c.id).where(
            protocol.c.clinic_id == scope.clinic_id, protocol.c.name == pack.name, protocol.c.version == pack.version
        )
    ).scalar()
    if known is not None:
        return UUID(str(known))
    protocol_id = new_id()
    scope.connection.execute(
        insert(protocol),
        {
            "clinic_id": scope.clinic_id,
            "id": protocol_id,
            "name": pack.name,
            "version": pack.version,
            "content": load_yaml(SHIPPED),
            "published_at": now,
        },
    )
    return protocol_id


def find_clinic(name: str, vaults: Vaults) -> UUID:
    """The clinic of that name or id. Raises NotFound, or Conflict where two have the name."""
    matches = []
    for clinic_id in list_clinics():
        with open_transaction() as connection:
            scope = enter_clinic(connection, clinic_id, vaults)
            if name in (scope.name, str(clinic_id)):
                matches.append(clinic_id)
    if len(matches) != 1:
        many = f"{len(matches)} clinics are called {name!r}: name one by its id"
        raise Conflict(many) if matches else NotFound(f"no clinic is called {name!r}")
    return matches[0]


def the_clinic(name: str | None, vaults: Vaults) -> UUID:
    """The clinic of that name or id; without a name the only one there is. Raises NotFound or Conflict."""
    if name is not None:
        return find_clinic(name, vaults)
    known = list_clinics()
    if len(known) != 1:
        raise (Conflict if known else NotFound)(f"there are {len(known)} clinics: name one with --clinic")
    return known[0]


def add_clinician(scope: ClinicScope, new: NewClinician, vaults: Vaults, now: datetime) -> tuple[UUID, str]:
    """Add a clinician; returns the id and the secret of a one-time set-up link. Raises Invalid or Conflict."""
    if new.role not in ROLES:
        raise Invalid(f"must be one of {', '.join(ROLES)}", field="role")
    if "@" not in new.email.strip("@ "):
        raise Invalid("must be an e-mail address", field="email")
    check_paged(new.role, new.is_paged)
    login = vaults.data_key.login_digest(new.email)
    known = select(tables.credential.c.digest).where(tables.credential.c.digest == login)
    if scope.connection.execute(known).first():
        raise Conflict("somebody signs in with this e-mail already", field="email")
    clinician_id = new_id()
    scope.connection.execute(
        insert(tables.clinician),
        {
            "clinic_id": scope.clinic_id,
            "id": clinician_id,
            "role": new.role,
            "name_sealed": scope.seal("clinician.name", clinician_id, new.name),
            "email_sealed": scope.seal("clinician.email", clinician_id, new.email),
            "phone_sealed": scope.seal("clinician.phone", clinician_id, new.phone),
            "is_paged": new.is_paged,
            "created_at": now,
        },
    )
    scope.connection.execute(
        insert(tables.credential),
        {"digest": login, "kind": "login", "clinic_id": scope.clinic_id, "subject_id": clinician_id},
    )
    record_audit(scope, SYSTEM, "clinician.added", ("clinician", clinician_id), now, None, {"role": new.role})
    return clinician_id, issue(scope.connection, "set_up", scope.clinic_id, clinician_id)


@dataclass(frozen=True, slots=True)
class SetUp:
    """An open set-up link: whose it is, and the second factor that it offers."""

    clinic_name: str
    name: str
    email: str
    totp_secret: str


def open_set_up(secret: str, vaults: Vaults) -> SetUp:
    """What a set-up link shows; the second factor is made on the first look. Raises NotFound."""
    with open_transaction() as connection:
        bearer = identify(connection, "set_up", secret)
        if bearer is None:
            raise NotFound("This link is no longer valid. Ask for a new one.")
        scope = enter_clinic(connection, bearer.clinic_id, vaults)
        clinician = tables.clinician
        row = connection.execute(
            select(clinician).where(clinician.c.clinic_id == scope.clinic_id, clinician.c.id == bearer.subject_id)
        ).one()
        totp = scope.open("clinician.totp", row.id, row.totp_sealed)
        if totp is None:
            totp = pyotp.random_base32()
            _change(scope, row.id, totp_sealed=scope.seal("clinician.totp", row.id, totp))
        return SetUp(
            scope.name,
            scope.vault.open("clinician.name", row.id, row.name_sealed),
            scope.vault.open("clinician.email", row.id, row.email_sealed),
            totp,
        )


def finish_set_up(secret: str, password: str, code: str, vaults: Vaults, now: datetime) -> str:
    """Set the password once the code proves the second factor; the link is spent. Raises Invalid or NotFound.

    Whoever was signed in by the password before is out: a link may be asked for because somebody else has it.
    Returns the e-mail address to sign in with; the code is still good for that, once.
    """
    shown = open_set_up(secret, vaults)
    password_hash = hash_password(password)
    if not pyotp.TOTP(shown.totp_secret).verify(code.strip(), valid_window=1):
        raise Invalid("is not the code that the app shows now", field="totp")
    credential = tables.credential
    spend = update(credential).where(credential.c.digest == digest_of(secret), credential.c.revoked_at.is_(None))
    with open_transaction() as connection:
        bearer = identify(connection, "set_up", secret)
        if bearer is None or connection.execute(spend.values(revoked_at=real_now())).rowcount == 0:
            raise NotFound("This link is no longer valid. Ask for a new one.")
        scope = enter_clinic(connection, bearer.clinic_id, vaults)
        _change(scope, bearer.subject_id, password_hash=password_hash)
        for kind in ("session", "staff_access"):
            revoke_kind(connection, kind, scope.clinic_id, bearer.subject_id)
        record_audit(
            scope, Actor("clinician", bearer.subject_id), "clinician.set_up", ("clinician", bearer.subject_id), now
        )
    return shown.email


def set_known_password(scope: ClinicScope, clinician_id: UUID, password: str, totp_secret: str) -> None:
    """Give a made-up clinician a log-in that tests and the demo can print."""
    _change(
        scope,
        clinician_id,
        password_hash=hash_password(password),
        totp_sealed=scope.seal("clinician.totp", clinician_id, totp_secret),
    )


def _change(scope: ClinicScope, clinician_id: UUID, **values: object) -> None:
    clinician = tables.clinician
    scope.connection.execute(
        update(clinician)
        .where(clinician.c.clinic_id == scope.clinic_id, clinician.c.id == clinician_id)
        .values(**values)
    )
