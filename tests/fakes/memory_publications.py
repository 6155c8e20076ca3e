"""A publication store that lives in memory."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from daltonify_core.errors import CapReached, PublicationInProgress
from daltonify_core.ports.limits import Cap, Circuit
from daltonify_core.ports.publishing import Publication
from tests.fakes.faults import FaultPlan


class MemoryPublicationStore:
    """Everything in dictionaries; ``faults`` strikes calls by number or by name."""

    def __init__(self) -> None:
        self.publications: dict[str, Publication] = {}
        self.counters: dict[tuple[str, datetime | None], int] = {}
        self.edit_tokens: dict[str, str] = {}
        self.holds: dict[str, tuple[str, datetime]] = {}
        self.circuits: dict[str, Circuit] = {}
        self.faults = FaultPlan()

    def find(self, key: str, now: datetime) -> Publication | None:
        with self.faults.step("find"):
            return self._unexpired(key, now)

    def begin(self, publication: Publication, caps: Sequence[Cap], now: datetime) -> Publication | None:
        with self.faults.step("begin"):
            stored = self._unexpired(publication.key, now)
            if stored is None:
                self._count(caps, now)
                self.publications[publication.key] = publication
        return stored

    def claim(self, key: str, now: datetime, lease_until: datetime) -> Publication:
        with self.faults.step("claim"):
            stored = self._unexpired(key, now)
            if stored is None:
                raise PublicationInProgress("The record of this publication is gone. Send the request again.", 1)
            if stored.lease_until and stored.lease_until > now:
                seconds = math.ceil((stored.lease_until - now).total_seconds())
                raise PublicationInProgress("Another attempt is under way.", seconds)
            claimed = replace(stored, attempt=stored.attempt + 1, lease_until=lease_until)
            self.publications[key] = claimed
        return claimed

    def save(self, publication: Publication) -> None:
        with self.faults.step("save"):
            stored = self.publications.get(publication.key)
            if stored is None or (stored.attempt, stored.started_at) != (publication.attempt, publication.started_at):
                raise PublicationInProgress("Another attempt has taken over.", 1)
            self.publications[publication.key] = publication

    def count(self, caps: Sequence[Cap], now: datetime) -> None:
        with self.faults.step("count"):
            self._count(caps, now)

    def counted(self, counter: str) -> int:
        with self.faults.step("counted"):
            return self.counters.get((counter, None), 0)

    def save_edit_token(self, playlist_id: str, token_hash: str) -> None:
        with self.faults.step("save_edit_token"):
            self.edit_tokens[playlist_id] = token_hash

    def edit_token_hash(self, playlist_id: str) -> str | None:
        with self.faults.step("edit_token_hash"):
            return self.edit_tokens.get(playlist_id)

    def hold_playlist(self, playlist_id: str, holder: str, now: datetime, until: datetime) -> None:
        with self.faults.step("hold_playlist"):
            held_by, held_until = self.holds.get(playlist_id, (holder, now))
            if playlist_id not in self.edit_tokens or (held_by != holder and held_until > now):
                raise PublicationInProgress("Another change of this playlist is under way.", 5)
            self.holds[playlist_id] = (holder, until)

    def open_circuit(self, service: str, circuit: Circuit) -> None:
        with self.faults.step("open_circuit"):
            known = self.circuits.get(service)
            if known is None or known.open_until < circuit.open_until:
                self.circuits[service] = circuit

    def circuit(self, service: str, now: datetime) -> Circuit | None:
        with self.faults.step("circuit"):
            known = self.circuits.get(service)
            return known if known and known.open_until > now else None

    def _unexpired(self, key: str, now: datetime) -> Publication | None:
        stored = self.publications.get(key)
        return stored if stored and stored.expires_at > now else None

    def _count(self, caps: Sequence[Cap], now: datetime) -> None:
        for cap in caps:
            if self.counters.get((cap.counter, cap.until), 0) >= cap.limit:
                seconds = math.ceil((cap.until - now).total_seconds()) if cap.until else None
                raise CapReached(cap.message, seconds)
        for cap in caps:
            self.counters[cap.counter, cap.until] = self.counters.get((cap.counter, cap.until), 0) + 1
