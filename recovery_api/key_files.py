"""Files that hold a key: read with care, and refused where what they hold is no secret."""

import base64
import binascii
import re
import stat
from pathlib import Path

_KEY_BYTES = 32
_EXAMPLE_KEY = bytes(range(32))
_EXAMPLE_WORDS = re.compile(
    "change|default|example|insecure|password|placeholder|replace|sample|secret|development", re.IGNORECASE
)
_LEAST_VARIETY = 16  # different bytes; of 32 random ones hardly ever fewer than 25 are


class SettingsRefused(Exception):
    """The settings are not fit to start with; the message is one clear line a reason."""


def read_key(name: str, file: Path | None) -> bytes:
    """The key in a file, written in hex, base64 or as it is; `name` is the setting. Raises SettingsRefused."""
    if file is None:
        raise SettingsRefused(f"{name} is not set")
    try:
        text = read_secret(name, file).decode("ascii").strip()
    except UnicodeDecodeError:
        raise SettingsRefused(f"{name}: cannot read a key from that file") from None
    key = _decode(text)
    if len(key) < _KEY_BYTES:
        raise SettingsRefused(f"{name}: the key is too short; make one of 32 random bytes: openssl rand -base64 32")
    if key == _EXAMPLE_KEY or len(set(key)) < _LEAST_VARIETY or _EXAMPLE_WORDS.search(text):
        raise SettingsRefused(f"{name}: the key is an example, not a secret; make one: openssl rand -base64 32")
    return key


def read_secret(name: str, file: Path) -> bytes:
    """What a file holds that nobody but its owner and group may read. Raises SettingsRefused."""
    try:
        mode, content = file.stat().st_mode, file.read_bytes()
    except OSError:
        raise SettingsRefused(f"{name}: cannot read a key from that file") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise SettingsRefused(f"{name}: the file is open to others; set its mode to 0600")
    return content


def _decode(text: str) -> bytes:
    for decode in (bytes.fromhex, lambda value: base64.b64decode(value, validate=True)):
        try:
            return decode(text)
        except (ValueError, binascii.Error):
            continue
    return text.encode()
