"""Settings: read once from the environment, checked before anything starts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recovery_api.addresses import names_database, names_mail_server, names_site, scheme_of
from recovery_api.key_files import SettingsRefused, read_key, read_secret

__all__ = ["ENVIRONMENTS", "KNOCKS_A_MINUTE", "Settings", "SettingsRefused"]

ENVIRONMENTS = ("production", "demo", "test")
KNOCKS_A_MINUTE = 60
WHOLE_NUMBERS = {"WEB_WORKERS": 1, "PROXY_HOPS": 0}  # and the least of each


@dataclass(frozen=True, repr=False)
class Settings:
    """Everything that the environment says. Values are not judged here but in `refusals`."""

    env: str = "production"
    database_url: str = ""
    database_admin_url: str = ""
    database_read_url: str = ""
    secret_key_file: Path | None = None
    data_key_file: Path | None = None
    public_url: str = ""
    twilio_account_sid: str = ""
    twilio_auth_tokens: tuple[str, ...] = ()
    twilio_api_key: str = ""
    twilio_api_secret: str = ""
    twilio_messaging_service_sid: str = ""
    twilio_api_base: str = ""
    second_carrier_account_sid: str = ""
    second_carrier_auth_token: str = field(default="", repr=False)
    second_carrier_messaging_service_sid: str = ""
    second_carrier_api_base: str = ""
    segments_per_second: float = 1.0
    vapid_key_file: Path | None = None
    smtp_url: str = field(default="", repr=False)
    heartbeat_url: str = field(default="", repr=False)
    web_workers: int = 2
    proxy_hops: int = 0
    misread: tuple[str, ...] = ()  # settings whose number is none: the usual one stands in until a process would start
    clock_file: Path | None = None
    log_dir: Path | None = None
    run_dir: Path = field(default_factory=lambda: Path(".run"))

    def __repr__(self) -> str:
        return f"Settings(env={self.env!r})"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Settings as the environment gives them. Refuses nothing, so that importing is always safe."""
        tokens = tuple(part.strip() for part in environ.get("TWILIO_AUTH_TOKEN", "").split(",") if part.strip())
        return cls(
            env=environ.get("RECOVERY_ENV") or "production",
            database_url=environ.get("DATABASE_URL", ""),
            database_admin_url=environ.get("DATABASE_ADMIN_URL", ""),
            database_read_url=environ.get("DATABASE_READ_URL", ""),
            secret_key_file=_path(environ.get("SECRET_KEY_FILE")),
            data_key_file=_path(environ.get("DATA_KEY_FILE")),
            public_url=environ.get("PUBLIC_URL", "").rstrip("/"),
            twilio_account_sid=environ.get("TWILIO_ACCOUNT_SID", ""),
            twilio_auth_tokens=tokens,
            twilio_api_key=environ.get("TWILIO_API_KEY", ""),
            twilio_api_secret=environ.get("TWILIO_API_SECRET", ""),
            twilio_messaging_service_sid=environ.get("TWILIO_MESSAGING_SERVICE_SID", ""),
            twilio_api_base=environ.get("TWILIO_API_BASE", "").rstrip("/"),
            second_carrier_account_sid=environ.get("SECOND_CARRIER_ACCOUNT_SID", ""),
            second_carrier_auth_token=environ.get("SECOND_CARRIER_AUTH_TOKEN", ""),
            second_carrier_messaging_service_sid=environ.get("SECOND_CARRIER_MESSAGING_SERVICE_SID", ""),
            second_carrier_api_base=environ.get("SECOND_CARRIER_API_BASE", "").rstrip("/"),
            segments_per_second=_pace(environ.get("SEGMENTS_PER_SECOND"), environ.get("RECOVERY_ENV", "production")),
            vapid_key_file=_path(environ.get("VAPID_KEY_FILE")),
            smtp_url=environ.get("SMTP_URL", ""),
            heartbeat_url=environ.get("HEARTBEAT_URL", ""),
            web_workers=_whole_number(environ.get("WEB_WORKERS"), 2) or 2,
            proxy_hops=_whole_number(environ.get("PROXY_HOPS"), 0),
            misread=tuple(name for name, least in WHOLE_NUMBERS.items() if not _is_whole(environ.get(name), least)),
            clock_file=_path(environ.get("RECOVERY_CLOCK_FILE")),
            log_dir=_path(environ.get("LOG_DIR")),
            run_dir=Path(environ.get("RUN_DIR") or ".run"),
        )

    @property
    def has_second_carrier(self) -> bool:
        """Whether texts that the first carrier did not take may go to another one."""
        return bool(self.second_carrier_account_sid)

    def tokens_of(self, account_sid: str) -> tuple[str, ...]:
        """What a carrier's account signs its web hooks with; none for an account that is not ours."""
        if account_sid == self.twilio_account_sid:
            return self.twilio_auth_tokens
        if account_sid and account_sid == self.second_carrier_account_sid:
            return (self.second_carrier_auth_token,)
        return ()

    @property
    def in_production(self) -> bool:
        """Anything that is not plainly a demo or a test is production."""
        return self.env not in ("demo", "test")

    @property
    def names_a_database(self) -> bool:
        """Whether DATABASE_URL looks like the address of a PostgreSQL database."""
        return names_database(self.database_url)

    @property
    def names_a_copy(self) -> bool:
        """Whether DATABASE_READ_URL does."""
        return names_database(self.database_read_url)

    @property
    def knocks_a_minute(self) -> int:
        """How often one address may try a secret; a thousand times as often where one machine plays everybody."""
        return KNOCKS_A_MINUTE if self.in_production else KNOCKS_A_MINUTE * 1000

    def secret_key(self) -> bytes:
        """The key that signs sessions and forms. Raises SettingsRefused."""
        return read_key("SECRET_KEY_FILE", self.secret_key_file)

    def data_key(self) -> bytes:
        """The key that wraps every clinic's key. Raises SettingsRefused."""
        return read_key("DATA_KEY_FILE", self.data_key_file)

    def vapid_pem(self) -> bytes | None:
        """The file with the key for web push; None where none is named. Raises SettingsRefused."""
        file = self.vapid_key_file
        return None if file is None else read_secret("VAPID_KEY_FILE", file)

    def refusals(self) -> list[str]:
        """Every reason, at once, why no process may start with these settings; a line each."""
        found = [] if self.env in ENVIRONMENTS else [f"RECOVERY_ENV is {self.env!r}: use production, demo or test"]
        required = {
            "DATABASE_URL": self.database_url,
            "PUBLIC_URL": self.public_url,
            "TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": self.twilio_auth_tokens,
        }
        found += [f"{name} is not set" for name, value in required.items() if not value]
        found += [f"{name} must be a whole number, {WHOLE_NUMBERS[name]} or more" for name in self.misread]
        for read in (self.secret_key, self.data_key, self.vapid_pem):
            try:
                read()
            except SettingsRefused as refused:
                found.append(str(refused))
        return found + self._address_refusals() + self._production_refusals()

    def _address_refusals(self) -> list[str]:
        found = []
        if self.database_url and not self.names_a_database:
            found.append("DATABASE_URL must be an address such as postgresql://recovery_app:...@host:5432/recovery")
        if self.database_read_url and not self.names_a_copy:
            found.append(
                "DATABASE_READ_URL must be an address such as postgresql://recovery_app:...@host:5432/recovery"
            )
        if self.public_url and not names_site(self.public_url):
            found.append("PUBLIC_URL must be an address such as https://clinic.example")
        if self.smtp_url and not names_mail_server(self.smtp_url):
            found.append("SMTP_URL must look like smtps://user:password@host:465/?from=pages@clinic.example")
        if self.heartbeat_url and scheme_of(self.heartbeat_url) not in ("http", "https"):
            found.append("HEARTBEAT_URL must start with https://")
        return found + self._second_carrier_refusals()

    def _second_carrier_refusals(self) -> list[str]:
        """A second carrier is whole or not there at all."""
        if self.has_second_carrier and not (self.second_carrier_auth_token and self.second_carrier_api_base):
            return ["SECOND_CARRIER_ACCOUNT_SID needs SECOND_CARRIER_AUTH_TOKEN and SECOND_CARRIER_API_BASE"]
        if self.has_second_carrier and self.in_production and scheme_of(self.second_carrier_api_base) != "https":
            return ["SECOND_CARRIER_API_BASE must be https in production"]
        return []

    def _production_refusals(self) -> list[str]:
        if not self.in_production:
            return []
        found = []
        if self.clock_file is not None:
            found.append("RECOVERY_CLOCK_FILE is for demo and tests: production keeps real time")
        if self.twilio_api_base:
            found.append("TWILIO_API_BASE is for demo and tests: production talks to Twilio alone")
        if self.public_url and not self.public_url.startswith("https://"):
            found.append("PUBLIC_URL must be https in production")
        return found


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _is_whole(text: str | None, least: int) -> bool:
    return not text or (text.isascii() and text.isdecimal() and int(text) >= least)


def _whole_number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default


def _pace(text: str | None, env: str) -> float:
    """Segments a second for each number; nonsense is the slow pace of a US long code, which loses nothing."""
    try:
        named = float(text) if text else 0.0
    except ValueError:
        named = 0.0
    if 0.1 <= named <= 1000:
        return named
    return 100.0 if env in ("demo", "test") else 1.0
