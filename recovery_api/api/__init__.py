"""The JSON API: schema in, service, schema out."""

from flask import Flask


def register_api(app: Flask) -> None:
    """Add the API to the application."""
