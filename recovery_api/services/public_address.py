"""Where this process's own pages are, for the texts that point to them."""

_known = {"site": ""}


def pages_are_at(public_url: str) -> None:
    """Remember the public address, as the settings have it."""
    _known["site"] = public_url.rstrip("/")


def longest_link() -> str:
    """An address of a patient's own page, as long as one can be here."""
    return f"{_known['site']}/c/{'m' * 26}"


def about_address() -> str:
    """The address of the plain pages on the procedure; a language and a topic may follow."""
    return f"{_known['site']}/about"
