"""A look at the database that the demo is given, before anything in it is changed."""

from uuid import UUID

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from recovery_api.cli.processes import NotReady
from recovery_api.config import Settings
from recovery_api.db import Vaults
from recovery_api.vault import SealBroken

_TABLES = text("""
SELECT count(*) FILTER (WHERE tablename <> 'alembic_version'), to_regclass('public.sender_number') IS NOT NULL
FROM pg_tables WHERE schemaname = 'public'
""")
_NUMBERS = text("SELECT clinic_id, number FROM sender_number")
_KEY = text("SELECT wrapped_key FROM clinic WHERE id = :clinic")
_ENTER = text("SELECT set_config('app.clinic', :clinic, true)")


def refuse_strangers(settings: Settings, number: str, vaults: Vaults) -> None:
    """Raise NotReady where the database is not empty and not the demo's own, whose clinic texts from `number`.

    The demo moves the clock, so it must never touch what is somebody's; nothing is migrated before this.
    """
    try:
        address = settings.database_admin_url or settings.database_url
        engine = create_engine(address, hide_parameters=True, poolclass=NullPool)
        with engine.connect() as connection:
            _look(connection, number, vaults)
    except SQLAlchemyError as error:
        raise NotReady(f"the database in DATABASE_URL cannot be looked at ({type(error).__name__})") from None
    except SealBroken:
        raise NotReady("the clinic in DATABASE_URL was made with another data key than DATA_KEY_FILE") from None


def _look(connection: Connection, number: str, vaults: Vaults) -> None:
    tables, is_ours = connection.execute(_TABLES).one()
    if tables and not is_ours:
        raise NotReady("the database in DATABASE_URL holds the tables of another program")
    for clinic_id, known in connection.execute(_NUMBERS).all() if is_ours else ():
        if known != number:
            raise NotReady("the database in DATABASE_URL holds a clinic that is not the demo's")
        _open(connection, clinic_id, vaults)


def _open(connection: Connection, clinic_id: UUID, vaults: Vaults) -> None:
    connection.execute(_ENTER, {"clinic": str(clinic_id)})
    wrapped = connection.execute(_KEY, {"clinic": clinic_id}).scalar_one()
    vaults.of(clinic_id, wrapped)
