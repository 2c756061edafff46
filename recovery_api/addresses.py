"""What an address in the settings looks like: a database's, a site's, a mail server's."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

_DATABASE = re.compile(
    r"postgresql(?:\+psycopg)?://(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]+)?(?::[0-9]{1,5})?(?:/[^?]*)?(?:\?.*)?",
    re.ASCII,
)
_SITE = re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?")


def names_database(url: str) -> bool:
    """Whether an address looks like that of a PostgreSQL database."""
    return _DATABASE.fullmatch(url) is not None


def names_site(url: str) -> bool:
    """Whether an address looks like that of a site, without a query."""
    return _SITE.fullmatch(url) is not None


def names_mail_server(url: str) -> bool:
    """Whether pages can be handed to this address: a server, and whom they are from."""
    try:
        parts = urlsplit(url)
        sender = parse_qs(parts.query).get("from", [unquote(parts.username or "")])[0]
        return parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0 and "@" in sender
    except ValueError:
        return False


def scheme_of(url: str) -> str:
    """The part of an address before the colon and slashes."""
    return url.partition("://")[0]
