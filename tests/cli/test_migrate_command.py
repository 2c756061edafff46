"""`flask db upgrade` where there is nothing to migrate, and databases that are made: one clear line, and no trace."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import psycopg
import pytest
from flask_migrate import upgrade
from psycopg import sql

from recovery_api.app import create_app
from recovery_api.cli.play import know_migrations, make_database
from recovery_api.config import Settings


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "DATABASE_URL is not set"),
        ("rubbish", "is no address such as postgresql://"),
        ("mysql://a:made-up-word@127.0.0.1/x", "is no address such as postgresql://"),
        ("postgresql://a:made-up-word@127.0.0.1:1/x", "The database cannot be migrated: connection failed"),
    ],
    ids=["none", "rubbish", "another program's", "away"],
)
def test_an_upgrade_that_cannot_be_says_why_in_one_line(
    caplog: pytest.LogCaptureFixture, address: str, said: str
) -> None:
    app = create_app(Settings(env="test", database_url=address))
    know_migrations(app)
    with app.app_context(), pytest.raises(SystemExit) as ended:
        upgrade()
    [line] = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert (ended.value.code, said in line, "\n" in line) == (1, True, False)
    assert "made-up-word" not in line


def test_of_commands_that_begin_at_once_on_a_new_machine_one_makes_the_database(settings: Settings) -> None:
    name, at_once = f"at_once_{uuid4().hex[:8]}", Barrier(6)

    def make(_: int) -> None:
        at_once.wait()
        make_database(settings.database_admin_url, name)

    with psycopg.connect(settings.database_admin_url, autocommit=True) as admin:
        try:
            with ThreadPoolExecutor(6) as threads:
                list(threads.map(make, range(6)))
        finally:
            gone = admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    assert gone.statusmessage == "DROP DATABASE"
