"""Pages by e-mail over SMTP: encrypted, with time limits, and without a word about any patient."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from recovery_api.gateways.page_channel import NotNow, OutboundPage, PageOutcome, Refused, Taken

SECONDS = 4  # for each answer of the server
_SUBMISSION, _IMPLICIT_TLS = 587, 465
_FIRST_PERMANENT = 500


class BadSmtpUrl(ValueError):
    """SMTP_URL is not an address that mail can be handed to."""


class SmtpPages:
    """Hands pages to the server in `smtps://user:password@host:465/?from=pages@clinic.example`.

    `smtp://` asks for STARTTLS and refuses to go on without it, except to this very machine. Raises BadSmtpUrl.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise BadSmtpUrl("its port is not a number") from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise BadSmtpUrl("it must look like smtps://user:password@host:465/?from=pages@clinic.example")
        self._host, self._implicit = parts.hostname, parts.scheme == "smtps"
        self._port = port or (_IMPLICIT_TLS if self._implicit else _SUBMISSION)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._from = parse_qs(parts.query).get("from", [self._user])[0]
        if "@" not in self._from:
            raise BadSmtpUrl("it must say whom the mail is from: ?from=pages@clinic.example")

    def __repr__(self) -> str:
        return "SmtpPages(…)"

    def page(self, page: OutboundPage) -> PageOutcome:
        """Hands over one mail."""
        try:
            with self._server() as server:
                server.send_message(self._mail(page))
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            return Refused("address") if min(codes, default=0) >= _FIRST_PERMANENT else NotNow("address")
        except smtplib.SMTPAuthenticationError:
            return NotNow("log_in")
        except smtplib.SMTPResponseException as answer:
            return NotNow(f"answer_{answer.smtp_code}")
        except (smtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            return NotNow(type(error).__name__)
        return Taken()

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self._implicit:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
        with server:
            if not self._implicit and self._host not in ("127.0.0.1", "localhost", "::1"):
                server.starttls(context=context)
            if self._password:
                server.login(self._user, self._password)
            yield server

    def _mail(self, page: OutboundPage) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._from, page.to
        mail["Subject"] = f"{page.clinic}: {page.tier} flag {page.code} waits"
        mail["Message-ID"] = f"<{page.reference}@{self._from.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(
            f"{page.clinic}: {page.tier} flag {page.code} waits, and nobody has taken it yet.\n\n"
            f"Open the worklist: {page.link}\n\n"
            "This mail names no patient. It comes again until somebody takes the flag.\n"
        )
        return mail
