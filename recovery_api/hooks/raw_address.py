"""The path and query of a request as they came over the wire: what the carrier signed, with nothing decoded."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

# As it stands in a request to a proxy: with scheme and host, which are no part of the path.
_SITE = re.compile("[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
# What a path may hold as it is (RFC 3986, section 3.3).
_PLAIN = "/-._~!$&'()*+,;=:@"


def raw_path(environ: Mapping[str, Any]) -> str:
    """The path below the application's own address, undecoded.

    Servers that keep it say so in RAW_URI or REQUEST_URI. Granian hands over a decoded path alone: then it is
    spelt as everybody spells it. The paths of our hooks need no percent sign, so that nothing gets lost by that:
    any other spelling of them means the same request.
    """
    kept = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not kept:
        return quote(str(environ.get("PATH_INFO", "")).encode("latin-1", "replace"), safe=_PLAIN)
    path = _SITE.sub("", str(kept), count=1).partition("?")[0].partition("#")[0]
    return path.removeprefix(str(environ.get("SCRIPT_NAME", "")))


def raw_query(environ: Mapping[str, Any]) -> str:
    """The query, undecoded and without its question mark."""
    return str(environ.get("QUERY_STRING", ""))
