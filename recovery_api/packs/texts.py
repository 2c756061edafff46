"""The shipped texts and the characters that are swapped before a text is sent."""

import json
from functools import cache
from pathlib import Path


@cache
def smart_encoding() -> dict[str, str]:
    """Plain twins of characters that would make a text dearer, by character."""
    content = json.loads((Path(__file__).parent / "smart_encoding.json").read_text(encoding="utf-8"))
    return {chr(int(code[2:], 16)): plain for code, plain in content["map"].items()}
