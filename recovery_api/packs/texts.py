"""The shipped texts and the characters that are swapped before a text is sent."""

import json
from functools import cache
from pathlib import Path

from recovery_api.domain.messages import MessagePack, read_message_pack
from recovery_api.packs import load_yaml


@cache
def smart_encoding() -> dict[str, str]:
    """Plain twins of characters that would make a text dearer, by character."""
    content = json.loads((Path(__file__).parent / "smart_encoding.json").read_text(encoding="utf-8"))
    return {chr(int(code[2:], 16)): plain for code, plain in content["map"].items()}


LANGUAGES = ("en", "es")


@cache
def message_pack() -> MessagePack:
    """The shipped texts. Raises PackError where languages disagree."""
    return read_message_pack({language: load_yaml(f"messages/{language}.yaml") for language in LANGUAGES})
