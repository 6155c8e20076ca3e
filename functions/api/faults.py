"""Pydantic's findings in the words of whoever sent the request."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from shared.http_errors import FieldFault, Problem

from api.models import ALLOWED, UNION_TAGS

_SHOWN_IN_DETAIL: Final = 3
_MAX_NAME_CHARACTERS: Final = 40

# By pydantic's type of error; what stands in braces comes from its context. Pydantic's own words quote the input, name
# Python's types, and change between versions.
_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this request; check its spelling or leave it out",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is far too large",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "string_unicode": "holds half a character; type or paste it anew",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have at most {max_length} characters",
    "list_type": "must be a list",
    "too_short": "must hold {min_length} or more",
    "too_long": "must hold at most {max_length}",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "union_tag_not_found": "must be a link or an object",
    "union_tag_invalid": "must be a link or an object",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
}


def invalid_request(findings: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem that tells all findings of one request, each with the field as the caller wrote it."""
    faults = tuple(_fault(finding) for finding in findings)
    shown = " ".join(fault.message for fault in faults[:_SHOWN_IN_DETAIL])
    more = len(faults) - _SHOWN_IN_DETAIL
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_query",
        "The request cannot be carried out as it stands",
        f"{shown} {more} more fields are wrong."
        if more > 1
        else f"{shown} Another field is wrong."
        if more == 1
        else shown,
        faults,
    )


def _fault(finding: Mapping[str, Any]) -> FieldFault:
    field = _field(finding["loc"])
    context = {name: _in_words(value) for name, value in (finding.get("ctx") or {}).items()}
    message = _MESSAGES.get(finding["type"], "cannot be used as it is").format_map(context)
    if finding["type"] == "string_pattern_mismatch":
        message = ALLOWED.get(finding["ctx"]["pattern"], message)
    return FieldFault(field, f"{field or 'The body'} {message}.")


def _field(location: Sequence[str | int]) -> str:
    """``("body", "seeds", 0, "track")`` as ``seeds[0].track``."""
    field = ""
    if location[0] == "header":
        # Powertools names headers in lower case; people know them otherwise.
        return str(location[1]).title()
    for part in location[1:]:
        if isinstance(part, int):
            field += f"[{part}]"
        elif part not in UNION_TAGS:
            # What is not a field of ours is the caller's text, which may be of any length and kind.
            name = ascii(part[:_MAX_NAME_CHARACTERS])[1:-1]
            field += f".{name}" if field else name
    return field


def _in_words(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # Years and other short numbers are written without a comma.
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)
