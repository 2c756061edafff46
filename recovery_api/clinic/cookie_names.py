"""The names of the pages' cookies: over https each is bound to this host, so that no neighbour plants one."""

from typing import cast

from flask import current_app


def over_https() -> bool:
    """Whether the pages are reached over https alone."""
    return cast(bool, current_app.config["SESSION_COOKIE_SECURE"])


def host_bound(name: str) -> str:
    """The full name of a cookie of ours."""
    return bound_name(name, is_https=over_https())


def bound_name(name: str, *, is_https: bool) -> str:
    """The same before there is an application to ask."""
    return f"__Host-{name}" if is_https else name
