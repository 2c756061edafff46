"""The fields of a form as they came over the wire, read strictly and within bounds."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

_MEDIA_TYPE = "application/x-www-form-urlencoded"
MOST_BYTES = 64 * 1024
MOST_FIELDS = 64

Fields = dict[str, tuple[str, ...]]


class BadForm(Exception):
    """A form is not one that Twilio sends; names the field and the reason, never a value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field or 'form'}: {reason}")
        self.field = field
        self.reason = reason


def is_form(media_type: str, parameters: Mapping[str, str]) -> bool:
    """Whether a body says of itself that it is a form, in the one alphabet that we read."""
    return media_type == _MEDIA_TYPE and parameters.get("charset", "utf-8").lower() == "utf-8"


def read_fields(raw: bytes) -> Fields:
    """Every field with every value, blank ones kept and nothing stripped, for the signature and the grammar.

    Raises BadForm where the body is over 64 KB, has more than 64 fields, or is not UTF-8 under its
    percent signs. (Flask's own reader puts a replacement character for broken UTF-8.)
    """
    if len(raw) > MOST_BYTES:
        raise BadForm("", "too_large")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeError:
        raise BadForm("", "not_utf8") from None
    except ValueError:
        raise BadForm("", "too_many_fields") from None
    fields: Fields = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return fields
