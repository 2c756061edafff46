"""What a page that stays open asks each minute: whether all of the product runs."""

from flask import Blueprint, Response, g, make_response

from recovery_api.clinic.session import signed_in

blueprint = Blueprint("health", __name__)


@blueprint.get("/health-line")
@signed_in
def health_line() -> Response:
    """What a clinician must know of it, as it stands on every page; nothing while all is well."""
    answer = make_response(g.degraded)
    answer.mimetype = "text/plain"
    return answer
