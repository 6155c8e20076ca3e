"""Which route of an HTTP API takes a request: the most specific one, as the real service chooses."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from infra.local.gateway_events import RouteMatch

_DEFAULT: Final = "$default"
_ANY: Final = "ANY"


@dataclass(frozen=True, slots=True)
class _Route:
    key: str
    method: str
    segments: tuple[str, ...]

    @property
    def specificity(self) -> tuple[tuple[int, ...], bool]:
        """Fixed segments before variables before greedy ones; then a named method before any."""
        kinds = tuple(0 if _is_greedy(part) else 1 if _is_variable(part) else 2 for part in self.segments)
        return kinds, self.method != _ANY

    def match(self, method: str, segments: tuple[str, ...]) -> dict[str, str] | None:
        """What the route's variables stand for, or ``None`` when it does not take the request."""
        if self.method not in (method, _ANY):
            return None
        if self.segments and _is_greedy(self.segments[-1]):
            fixed = len(self.segments) - 1
            if len(segments) <= fixed:
                return None
            segments = (*segments[:fixed], "/".join(segments[fixed:]))
        if len(segments) != len(self.segments):
            return None
        variables: dict[str, str] = {}
        for pattern, segment in zip(self.segments, segments, strict=True):
            if _is_variable(pattern):
                if not segment:
                    return None
                variables[pattern.strip("{+}")] = segment
            elif pattern != segment:
                return None
        return variables


class Routes:
    """Routes by their keys, such as ``GET /api/releases/{id}``, ``ANY /api/{rest+}`` or ``$default``.

    Raises ``ValueError`` for a key of another form.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        named = list(keys)
        self._has_default = _DEFAULT in named
        routes = [_parse(key) for key in named if key != _DEFAULT]
        self._routes = sorted(routes, key=lambda route: route.specificity, reverse=True)

    def match(self, method: str, path: str) -> RouteMatch | None:
        """The route for a request with this decoded path; methods and slashes must be exactly the route's."""
        segments = tuple(path.split("/")[1:])
        for route in self._routes:
            variables = route.match(method, segments)
            if variables is not None:
                return RouteMatch(route.key, variables)
        return RouteMatch(_DEFAULT, {}) if self._has_default else None


def _parse(key: str) -> _Route:
    method, _, path = key.partition(" ")
    if not method.isupper() or not path.startswith("/"):
        raise ValueError(f"{key!r} is no route key; one reads like 'GET /api/health'.")
    return _Route(key, method, tuple(path.split("/")[1:]))


def _is_variable(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _is_greedy(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("+}")
