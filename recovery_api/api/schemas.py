"""What the objects of the API have in common: what is sent is known to the last field, what is answered may grow."""

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from recovery_api.packs.about_pack import TOPICS
from recovery_api.packs.texts import LANGUAGES


class Body(Schema):
    """An object that a caller sends; a field that nobody knows is refused, and the document says so."""

    class Meta:
        unknown = RAISE


class Answer(Schema):
    """An object that a caller gets; a later version may have more fields."""

    class Meta:
        unknown = EXCLUDE


class NothingSchema(Body):
    """An empty object, or no body at all: the path says everything."""


class AboutPageSchema(Answer):
    """A plain page on the procedure, open to anybody and naming nobody."""

    topic = fields.String(required=True, validate=validate.OneOf(TOPICS))
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    title = fields.String(required=True)
    url = fields.String(required=True, metadata={"example": "https://checkin.northside-spine.example/about/en/risks"})
