"""`flask db upgrade` where there is nothing to migrate: one clear line, and no trace of the program."""

import pytest
from flask_migrate import upgrade

from recovery_api.app import create_app
from recovery_api.cli.play import know_migrations
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
