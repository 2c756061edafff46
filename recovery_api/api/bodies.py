"""What the bodies of requests have in common: a field that nobody knows is refused, and the document says so."""

from marshmallow import RAISE, Schema


class Body(Schema):
    """An object that a caller sends."""

    class Meta:
        unknown = RAISE


class NothingSchema(Body):
    """An empty object, or no body at all: the path says everything."""
