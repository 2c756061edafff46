"""The clinicians' pages, rendered on the server."""

from flask import Blueprint

blueprint = Blueprint(
    "clinic", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
)
