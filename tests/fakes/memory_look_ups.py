"""A cache of look-ups that lives in memory."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

from daltonify_core.ports.look_ups import LookUp, LookUpKind
from tests.fakes.faults import FaultPlan


class MemoryLookUpCache:
    """Answers by kind and track, as JSON texts; ``faults`` strikes calls by number or by name (``read``, ``write``)."""

    def __init__(self) -> None:
        self.stored: dict[tuple[LookUpKind, str], tuple[str, datetime]] = {}
        self.faults = FaultPlan()

    def read(self, kind: LookUpKind, track_ids: Collection[str], now: datetime) -> dict[str, LookUp]:
        with self.faults.step("read"):
            found = {track_id: self.stored[kind, track_id] for track_id in track_ids if (kind, track_id) in self.stored}
            return {
                track_id: LookUp(json.loads(text), until) for track_id, (text, until) in found.items() if until > now
            }

    def write(self, kind: LookUpKind, found: Mapping[str, LookUp]) -> None:
        with self.faults.step("write"):
            for track_id, one in found.items():
                self.stored[kind, track_id] = json.dumps(one.value), one.until
