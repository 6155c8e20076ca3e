"""Ports for audio files that are sent to us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from daltonify_core.catalogue.audio_features import AudioFeatures
    from daltonify_core.ports.limits import Cap


class AudioJobState(StrEnum):
    """How far the analysis of an audio file has come."""

    QUEUED = "queued"
    ANALYSING = "analysing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AudioJob:
    """The analysis of one uploaded file.

    ``job_id`` is random and the only key to the job, so it is kept out of logs. ``features_source`` says who measured
    (``audio_file`` or ``measured``); ``problem`` is what to tell the artist when the state is ``FAILED``, and ``notes``
    what to tell beside features. ``attempt`` counts from 1 once somebody works on it and fences: only the latest
    attempt may write. ``asked`` counts how often ReccoBeats was asked to listen.
    """

    job_id: str
    created_at: datetime
    expires_at: datetime
    state: AudioJobState = AudioJobState.QUEUED
    attempt: int = 0
    asked: int = 0
    lease_until: datetime | None = None
    features: AudioFeatures | None = None
    features_source: str | None = None
    problem: str | None = None
    notes: tuple[str, ...] = ()


class AudioJobStore(Protocol):
    """Jobs by id; what has expired is as if it were not there. Every method may raise ``UpstreamUnavailable``."""

    def begin(
        self, job: AudioJob, caps: Sequence[Cap], now: datetime, instead_of: AudioJob | None = None
    ) -> AudioJob | None:
        """Store a new job and count it against every cap, all or nothing; raises ``CapReached``.

        ``instead_of`` is a job of this id that was found before and is to be forgotten. Returns the job that is stored
        under the id already and is another one, or ``None`` when the new one was stored.
        """

    def find(self, job_id: str, now: datetime) -> AudioJob | None:
        """The job of this id."""

    def claim(self, job_id: str, now: datetime, lease_until: datetime) -> AudioJob | None:
        """Take a job that is not finished for a new attempt: the job with its attempt raised and its state
        ``ANALYSING``; ``None`` when there is none, it is finished, or another attempt's lease runs.
        """

    def save(self, job: AudioJob) -> bool:
        """Replace the record; false when a later attempt, or a later job of this id, has taken over, and nothing is
        written then.
        """


class AudioClips(Protocol):
    """Uploaded audio, kept only as long as its job needs it. Every method may raise ``UpstreamUnavailable``."""

    def store(self, job_id: str, wav: bytes) -> None:
        """Keep the clip of a job."""

    def read(self, job_id: str) -> bytes | None:
        """The clip, ``None`` when it is not there (any more)."""

    def remove(self, job_id: str) -> None:
        """Forget the clip; no error when it is gone already."""

    def forgotten(self, before: datetime) -> list[str]:
        """The jobs whose clips were last stored before this moment and are still there."""


class JobQueue(Protocol):
    """Hands work to a worker, at least once. May raise ``UpstreamUnavailable``."""

    def send(self, message: Mapping[str, str]) -> None:
        """Put one message into the queue."""
