"""The reply reader with the shipped language packs."""

from functools import cache

from recovery_api.domain.replies import ReplyReader
from recovery_api.packs import load_yaml

LANGUAGES = ("en", "es")


@cache
def reply_reader() -> ReplyReader:
    """The one reader of this process. Raises PackError where a language pack is not fit for use."""
    return ReplyReader({language: load_yaml(f"replies/{language}.yaml") for language in LANGUAGES})
