"""The languages of the clinicians' pages: whoever chose one keeps it, anybody else gets what their browser asks for."""

from pathlib import Path

from flask import Flask, has_request_context, request
from flask_babel import Babel

from recovery_api.clinic.cookie_names import host_bound
from recovery_api.clinic.retold import retold

NAMES = {"en": "English", "es": "Español"}
_WORDS = Path(__file__).parent / "translations"


def language_cookie() -> str:
    """The cookie that keeps a choice."""
    return host_bound("language")


def chosen_language() -> str:
    """The language of the page that is being made; English where there is none."""
    if not has_request_context():
        return "en"
    kept = request.cookies.get(language_cookie(), "")
    return kept if kept in NAMES else request.accept_languages.best_match(list(NAMES)) or "en"


def speak(app: Flask) -> None:
    """Let every page be read in each language."""
    Babel(app, default_translation_directories=str(_WORDS), locale_selector=chosen_language)
    app.jinja_env.globals.update(language=chosen_language, languages=NAMES, retold=retold)
