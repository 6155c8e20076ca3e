"""Short links among the seeds become full ones before the domain sees the request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.settings import MAX_SHORT_LINKS

from daltonify_core.catalogue.links import is_short_link
from daltonify_core.errors import InvalidLink, InvalidQuery, UpstreamError
from daltonify_core.ports.limits import Cap

if TYPE_CHECKING:
    from daltonify_core.ports.look_ups import LinkExpander
    from daltonify_core.ports.publishing import PublicationStore
    from daltonify_core.ports.surroundings import Clock

_PER_CLIENT_AND_DAY: Final = 100
"""An artist tries out some dozen links; more is somebody who has us walk the web for them."""
_REMEMBERED: Final = 500
_STAND_IN: Final = "0" * 22


class ShortLinks:
    """Follows short links, each once while the environment is warm, and counts them per client."""

    def __init__(
        self, expander: Callable[[], LinkExpander], publications: Callable[[], PublicationStore], clock: Clock
    ) -> None:
        self._expander = expander
        self._publications = publications
        self._clock = clock
        self._known: dict[str, str] = {}

    def expanded(self, seeds: Sequence[Any], client: Callable[[], str]) -> list[Any]:
        """The seeds of a request with every short link replaced by where it leads; ``client`` is asked only for those.

        Raises ``InvalidQuery`` for too many, ``InvalidLink`` with its field for one that leads elsewhere,
        ``CapReached``, and ``UpstreamUnavailable`` when nobody answers in time.
        """
        short = {place: link for place, seed in enumerate(seeds) if is_short_link(link := link_of(seed))}
        if len(set(short.values())) > MAX_SHORT_LINKS:
            raise InvalidQuery(
                f"At most {MAX_SHORT_LINKS} short links can be followed at once. Open the others in a browser and copy "
                "the full links.",
                "seeds",
            )
        return [
            self._with_full_link(place, seed, client) if place in short else seed for place, seed in enumerate(seeds)
        ]

    def _with_full_link(self, place: int, seed: Any, client: Callable[[], str]) -> Any:
        try:
            full = self._follow(link_of(seed), client)
        except InvalidLink as error:
            error.field = f"seeds[{place}]" if isinstance(seed, str) else f"seeds[{place}].track"
            raise
        return full if isinstance(seed, str) else {**seed, "track": full}

    def _follow(self, link: str, client: Callable[[], str]) -> str:
        if link not in self._known:
            self._count(client())
            full = self._expander().expand(link)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[link] = full
        return self._known[link]

    def _count(self, client: str) -> None:
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        cap = Cap(
            f"short-links {client_key(client)}",
            _PER_CLIENT_AND_DAY,
            midnight,
            "You have used up the short links of today. Open the link in a browser and copy the full one.",
        )
        try:
            self._publications().count([cap], now)
        except UpstreamError:
            # Recommending must not depend on the table of publications; five links at a time do little harm.
            return


def before_following(seeds: Sequence[Any]) -> list[Any]:
    """The seeds with some track in place of each short link, so that everything else about them can be checked."""
    return [with_stand_in(seed) if is_short_link(link_of(seed)) else seed for seed in seeds]


def with_stand_in(seed: Any) -> Any:
    """The seed as if its link led to some track."""
    return _STAND_IN if isinstance(seed, str) else {**seed, "track": seed.get("track_id") or _STAND_IN}


def link_of(seed: Any) -> str:
    """What a seed of a request gives as its link, ``""`` for none."""
    link = seed.get("track") if isinstance(seed, Mapping) else seed
    return link.strip() if isinstance(link, str) else ""


def client_key(client: str) -> str:
    """What stands for a client in counters: equal for equal addresses, and not the address itself."""
    return hashlib.sha256(client.encode()).hexdigest()[:32]
