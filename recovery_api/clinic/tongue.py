"""Words in the language of the page, with types: what flask_babel says is a text."""

import flask_babel


def gettext(said: str, /, **values: object) -> str:
    """A text in the language of the page, with its values filled in."""
    told: str = flask_babel.gettext(said, **values)
    return told


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The same for one thing or several; `num` is their number."""
    told: str = flask_babel.ngettext(one, many, number, **values)
    return told
