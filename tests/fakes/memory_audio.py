"""Jobs, clips and a queue that live in memory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from daltonify_core.errors import CapReached
from daltonify_core.ports.audio import AudioJob, AudioJobState
from daltonify_core.ports.limits import Cap
from daltonify_core.ports.surroundings import Clock
from tests.fakes.faults import FaultPlan


@dataclass
class MemoryAudioJobs:
    """``faults`` strikes calls by number or by name."""

    jobs: dict[str, AudioJob] = field(default_factory=dict)
    counters: dict[tuple[str, datetime | None], int] = field(default_factory=dict)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def begin(
        self, job: AudioJob, caps: Sequence[Cap], now: datetime, instead_of: AudioJob | None = None
    ) -> AudioJob | None:
        with self.faults.step("begin"):
            stored = self._unexpired(job.job_id, now)
            if stored is not None and (instead_of is None or _identity(stored) != _identity(instead_of)):
                return stored
            for cap in caps:
                if self.counters.get((cap.counter, cap.until), 0) >= cap.limit:
                    seconds = math.ceil((cap.until - now).total_seconds()) if cap.until else None
                    raise CapReached(cap.message, seconds)
            for cap in caps:
                self.counters[cap.counter, cap.until] = self.counters.get((cap.counter, cap.until), 0) + 1
            self.jobs[job.job_id] = job
        return None

    def find(self, job_id: str, now: datetime) -> AudioJob | None:
        with self.faults.step("find"):
            return self._unexpired(job_id, now)

    def claim(self, job_id: str, now: datetime, lease_until: datetime) -> AudioJob | None:
        with self.faults.step("claim"):
            stored = self._unexpired(job_id, now)
            if stored is None or stored.state in (AudioJobState.DONE, AudioJobState.FAILED):
                return None
            if stored.lease_until is not None and stored.lease_until > now:
                return None
            claimed = replace(
                stored, attempt=stored.attempt + 1, lease_until=lease_until, state=AudioJobState.ANALYSING
            )
            self.jobs[job_id] = claimed
        return claimed

    def save(self, job: AudioJob) -> bool:
        with self.faults.step("save"):
            stored = self.jobs.get(job.job_id)
            if stored is None or _identity(stored) != _identity(job):
                return False
            self.jobs[job.job_id] = job
        return True

    def _unexpired(self, job_id: str, now: datetime) -> AudioJob | None:
        stored = self.jobs.get(job_id)
        return stored if stored and stored.expires_at > now else None


def _identity(job: AudioJob) -> tuple[int, datetime]:
    return job.attempt, job.created_at


@dataclass
class MemoryAudioClips:
    """``faults`` strikes calls by number or by name; ``clock`` says when a clip is stored."""

    clips: dict[str, bytes] = field(default_factory=dict)
    faults: FaultPlan = field(default_factory=FaultPlan)
    clock: Clock = field(default=lambda: datetime.now(UTC))
    stored_at: dict[str, datetime] = field(default_factory=dict)

    def store(self, job_id: str, wav: bytes) -> None:
        with self.faults.step("store"):
            self.clips[job_id] = wav
            self.stored_at[job_id] = self.clock()

    def read(self, job_id: str) -> bytes | None:
        with self.faults.step("read"):
            return self.clips.get(job_id)

    def remove(self, job_id: str) -> None:
        with self.faults.step("remove"):
            self.clips.pop(job_id, None)

    def forgotten(self, before: datetime) -> list[str]:
        with self.faults.step("forgotten"):
            return [job_id for job_id in self.clips if self.stored_at[job_id] < before]


@dataclass
class MemoryJobQueue:
    """``messages`` holds what was sent, in order; ``faults`` strikes calls by number or by name."""

    messages: list[dict[str, str]] = field(default_factory=list)
    faults: FaultPlan = field(default_factory=FaultPlan)

    def send(self, message: Mapping[str, str]) -> None:
        with self.faults.step("send"):
            self.messages.append(dict(message))
