"""What outside services are asked about seeds: only where it is needed, counted per client, and measured."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from shared.observability import logger

from api.short_links import client_key
from api.wiring import Services
from daltonify_core.index.bundle import LoadedIndex
from daltonify_core.playlist.findings import NO_FINDINGS, SeedFindings
from daltonify_core.playlist.request import Seed
from daltonify_core.ports.limits import Cap
from daltonify_core.ports.look_ups import AlbumListing
from daltonify_core.use_cases.lacking_facts import facts_to_look_up

_PER_CLIENT_AND_DAY: Final = 200
"""Tracks, each counted again when what was remembered has expired; an artist with a whole album stays far below."""


class LookUps:
    """Looks up what the seeds of a request lack; most requests lack nothing, and cost nothing here."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def findings(
        self, seeds: Sequence[Seed], index: LoadedIndex, client: Callable[[], str], deadline: Callable[[], datetime]
    ) -> SeedFindings:
        """What outside services say of the seeds; whatever they do, no error."""
        if not facts_to_look_up(seeds, index):
            return NO_FINDINGS
        found = self._services.seed_completer().complete(seeds, index, deadline(), lambda: self._count(client()))
        outcomes = sorted({f"{one.service} {one.outcome}" for tried in found.tried.values() for one in tried})
        logger.append_keys(look_ups=outcomes)
        return found

    def album(self, album_id: str, client: Callable[[], str], deadline: datetime) -> AlbumListing:
        """The tracks of an album; raises what ``SeedCompleter.album`` raises."""
        return self._services.seed_completer().album(album_id, deadline, lambda: self._count(client()))

    def _count(self, client: str) -> None:
        now = self._services.clock()
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo)
        cap = Cap(
            f"look-ups {client_key(client)}",
            _PER_CLIENT_AND_DAY,
            midnight,
            f"You have looked up {_PER_CLIENT_AND_DAY} tracks today, which is all that one person may.",
        )
        self._services.publications().count([cap], now)
