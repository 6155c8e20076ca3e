"""The ``fields`` parameter of playlist calls: which parts of an answer the caller wants.

``items(item(uri,name)),next`` keeps what it names, ``!`` in front of a name leaves it out, a dot goes one level down.
A name that an object does not have yields nothing, which is how old filters that say ``track`` come to empty rows.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_TOKEN: Final = re.compile(r"[A-Za-z_]+|[!.,()]")


class InvalidFields(ValueError):
    """Text that is no list of fields."""


@dataclass(slots=True)
class _Selection:
    kept: dict[str, "_Selection | None"] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def apply(self, value: object) -> object:
        if isinstance(value, list):
            return [self.apply(one) for one in value]
        if not isinstance(value, dict):
            return value
        names = (self.kept or value).keys() & value.keys() - self.left_out
        return {name: self._inside(name, value[name]) for name in value if name in names}

    def _inside(self, name: str, value: object) -> object:
        deeper = self.kept.get(name)
        return value if deeper is None else deeper.apply(value)


def select_fields(value: object, fields: str) -> object:
    """The parts of ``value`` that ``fields`` names; raises ``InvalidFields``."""
    tokens = _TOKEN.findall(fields)
    if "".join(tokens) != "".join(fields.split()):
        raise InvalidFields(fields)
    selection = _parse(tokens, fields)
    if tokens:
        raise InvalidFields(fields)
    return selection.apply(value)


def _parse(tokens: list[str], fields: str) -> _Selection:
    selection = _Selection()
    while True:
        leaves_out = tokens[:1] == ["!"]
        if leaves_out:
            tokens.pop(0)
        name = _take_name(tokens, fields)
        if leaves_out:
            selection.left_out.add(name)
        else:
            selection.kept[name] = _parse_deeper(tokens, fields)
        if tokens[:1] != [","]:
            return selection
        tokens.pop(0)


def _parse_deeper(tokens: list[str], fields: str) -> _Selection | None:
    if tokens[:1] == ["."]:
        tokens.pop(0)
        name = _take_name(tokens, fields)
        return _Selection({name: _parse_deeper(tokens, fields)})
    if tokens[:1] == ["("]:
        tokens.pop(0)
        selection = _parse(tokens, fields)
        if tokens[:1] != [")"]:
            raise InvalidFields(fields)
        tokens.pop(0)
        return selection
    return None


def _take_name(tokens: list[str], fields: str) -> str:
    if not tokens or not tokens[0].isidentifier():
        raise InvalidFields(fields)
    return tokens.pop(0)
