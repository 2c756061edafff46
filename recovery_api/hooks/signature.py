"""Whether Twilio signed a web hook: the HMAC over the address that we configured and every field.

The official `RequestValidator` is not used here: it raises on a missing header, on bytes and on a body
that is not a form, which makes an unauthenticated 500; it drops a bare "?" and mangles an address with
user, password and port; and it compares in Python, character by character. The standard library does
the same in a few lines, and `signature_vectors.json` holds both to the same answers.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs

_DIGESTS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_SITE = re.compile(
    r"(?P<site>(?P<scheme>https?)://(?:[^/?#@]*@)?(?:\[[^\]/?#]*\]|[^/?#:@\[\]]+))(?P<port>:[0-9]+)?", re.IGNORECASE
)


def signed_by(
    tokens: Sequence[str],
    public_url: str,
    raw_path: str,
    raw_query: str,
    params: Mapping[str, Sequence[str]],
    header: str | None,
    *,
    method: str = "POST",
    algorithm: str = "HMAC_SHA1",
    body: bytes | None = None,
) -> bool:
    """Whether one of the tokens made this signature. Never raises, whatever header, fields or body arrive.

    The address is our configured `public_url` with the path and query as they came over the wire, never
    what a Host or X-Forwarded header claims. `params` are all fields of the form, unknown ones included,
    with every value and nothing stripped. `tokens` are the account's auth tokens, two while one is being
    replaced; with none of them, nothing is signed. `algorithm` comes from our settings, not from the
    request. `body` is given for a body that is not a form: then `bodySHA256` in the query must match it.
    A GET is refused: its signature covers no field, and none of our hooks takes one.
    """
    digest = _DIGESTS.get(algorithm)
    if method != "POST" or header is None or digest is None:
        return False
    if body is not None and not _holds_hash_of(raw_query, body):
        return False
    fields = "" if body is not None else _joined(params)
    given = header.encode("utf-8", "surrogatepass")
    genuine = False
    for token in filter(None, tokens):
        key = token.encode("utf-8", "surrogatepass")
        for address in _addresses(public_url, raw_path, raw_query):
            mac = hmac.digest(key, (address + fields).encode("utf-8", "surrogatepass"), digest)
            # No early way out: the time taken tells nothing about which token or address fits.
            genuine |= hmac.compare_digest(base64.b64encode(mac), given)
    return genuine


def _joined(params: Mapping[str, Sequence[str]]) -> str:
    return "".join(name + value for name in sorted(params) for value in sorted(set(_values(params, name))))


def _values(params: Mapping[str, Sequence[str]], name: str) -> Sequence[str]:
    """All values of one field, out of a plain mapping or one that hands out lists on request."""
    every = getattr(params, "getlist", None)
    values = every(name) if every is not None else params[name]
    return [values] if isinstance(values, str) else values


def _addresses(public_url: str, raw_path: str, raw_query: str) -> Iterator[str]:
    """The spellings of one address that Twilio may have signed: with and without port, with and without a bare "?"."""
    queries = (f"?{raw_query}",) if raw_query else ("", "?")
    for base in _bases(public_url):
        for query in queries:
            yield base + raw_path + query


def _bases(public_url: str) -> tuple[str, ...]:
    found = _SITE.match(public_url)
    if found is None:
        return (public_url,)
    rest = public_url[found.end() :]
    usual = ":443" if found["scheme"].lower() == "https" else ":80"
    return (found["site"] + rest, found["site"] + (found["port"] or usual) + rest)


def _holds_hash_of(raw_query: str, body: bytes) -> bool:
    try:
        named = parse_qs(raw_query, max_num_fields=64).get("bodySHA256", [""])
    except ValueError:
        return False
    actual = hashlib.sha256(body).hexdigest().encode()
    return len(named) == 1 and hmac.compare_digest(named[0].encode("utf-8", "surrogatepass"), actual)
