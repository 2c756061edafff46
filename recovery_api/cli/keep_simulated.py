"""Hand a simulated clinic over to whoever builds an app: its settings in a file, and one patient's tokens."""

import os
import shlex
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from recovery_api.cli.play import variables_of
from recovery_api.clock import real_now
from recovery_api.config import Settings
from recovery_api.db import clinic_transaction
from recovery_api.ids import new_id
from recovery_api.services.credentials import issue
from recovery_api.simulator.year import Year

TOKENS_LAST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What an app developer needs: the file of settings, the address, and the tokens of one patient."""

    settings_file: Path
    public_url: str
    access_token: str
    refresh_token: str

    def in_words(self) -> str:
        """What to do with it."""
        return (
            f"Kept until the next --keep. To serve it, in a shell of its own:\n"
            f"  . {self.settings_file}; flask --app wsgi run --port {urlsplit(self.public_url).port}\n"
            f"Its first patient, at {self.public_url}/api/v1 for {TOKENS_LAST.days} days:\n"
            f"  access token   {self.access_token}\n"
            f"  refresh token  {self.refresh_token}"
        )


def hand_over(settings: Settings, year: Year, patient_id: UUID, port: int) -> HandedOver:
    """Keep a simulated clinic for a server on `port`, whose product time goes on from the clinic's last minute."""
    clock_file = settings.run_dir / "simulated-clock"
    clock_file.write_text(f"{(year.clock.at - real_now()).total_seconds():+.0f}\n", encoding="ascii")
    served = replace(settings, public_url=f"http://localhost:{port}", clock_file=clock_file)
    settings_file = settings.run_dir / "simulated.env"
    _write(settings_file, served)
    with clinic_transaction(year.clinic_id, year.vaults) as scope:
        connection, family = scope.connection, new_id()
        access = issue(connection, "patient_access", scope.clinic_id, patient_id, TOKENS_LAST, family)
        refresh = issue(connection, "patient_refresh", scope.clinic_id, patient_id, None, family)
    return HandedOver(settings_file, served.public_url, access, refresh)


def _write(file: Path, settings: Settings) -> None:
    """Lines that a shell reads, for nobody's eyes but the owner's: they hold the database's password."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables_of(settings).items()]
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
