"""Takes an artist's audio file in, so that a worker may listen to it (``analyse_audio``).

Apart from listening, because the API does only this, and should not load what measures sound.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daltonify_core.audio.clip import check_clip, read_clip, write_clip
from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.audio import AudioClips, AudioJob, AudioJobState, AudioJobStore, JobQueue
from daltonify_core.ports.limits import Cap
from daltonify_core.ports.surroundings import Clock

ID_CHARACTERS: Final = 43
"""256 bits in URL-safe base64."""
FINISHED: Final = frozenset({AudioJobState.DONE, AudioJobState.FAILED})

_JOB_ID: Final = "job_id"
_ABANDONED: Final = "The analysis did not come to an end, and nothing is kept of the file. Send the file again."
_OTHER_WAYS: Final = "Set the features by hand, or measure the file on your own machine with `daltonify analyse`."


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """Limits and patience.

    ``record_lasts``: an hour is enough to fetch a result, and nothing of the artist's stays longer.
    ``given_up_after``: an attempt that died with its worker is repeated after nine minutes, the time for which the
    queue hides a message, and who still waits after a quarter of an hour has left. Nothing is written after it.
    ``asks``: how often ReccoBeats is asked for one file at most, ``ask_again_after`` apart, because an artist waits.
    ``unavailable_for``: how long no other file is sent to a ReccoBeats that failed that often; ``refused_for`` the same
    for one that says no, which takes a person to mend; ``longest_pause`` the most when it names a time itself, since
    nobody would notice that it is back otherwise.
    ``step_seconds``: the most that one call of our own stores takes, two attempts and the pause between them.
    ``clip_arrives_within``: the clip is stored after its job began, and no request lasts longer.
    """

    daily_per_client: int = 10
    daily_in_all: int = 200
    record_lasts: timedelta = timedelta(hours=1)
    given_up_after: timedelta = timedelta(minutes=15)
    asks: int = 2
    ask_again_after: timedelta = timedelta(seconds=15)
    unavailable_for: timedelta = timedelta(minutes=5)
    refused_for: timedelta = timedelta(minutes=30)
    longest_pause: timedelta = timedelta(hours=1)
    step_seconds: float = 9.0
    clip_arrives_within: timedelta = timedelta(seconds=30)


class SubmitAudio:
    """Takes clips in and hands them to the worker."""

    def __init__(
        self,
        jobs: AudioJobStore,
        clips: AudioClips,
        queue: JobQueue,
        new_id: Callable[[], str],
        clock: Clock,
        settings: AudioSettings | None = None,
    ) -> None:
        self._jobs = jobs
        self._clips = clips
        self._queue = queue
        self._new_id = new_id
        self._clock = clock
        self._settings = settings or AudioSettings()

    def submit(self, wav: bytes, client: str, key: str | None, deadline: datetime) -> AudioJob:
        """Check a clip, keep it, and have it analysed; the job as it is now.

        ``client`` stands for who asks. With a ``key`` the same bytes sent again are the same job: who missed the answer
        repeats the request, is counted once, and mends what the first request left undone; a job that failed begins
        anew. Its id is made from client, key and content, so nobody guesses it who lacks the file, and another file
        under the same key is another job. Client and content alone would do without a key, but then whoever shares an
        address with the artist, and has the file, could read the job.

        The order is job, clip, message: a message of an earlier job of this id, which may come at any moment, removes
        what lies there until the new job has begun. After a fault the clip is removed, unless it belongs to a job that
        another request began; where removing fails as well, ``remove_audio`` does it hours later. A job that lacks clip
        or message fails by itself (``as_seen``).

        Nothing is begun that could last beyond ``deadline``. Raises ``AudioRefused``, ``CapReached`` and
        ``UpstreamUnavailable``.
        """
        clip = read_clip(wav)
        check_clip(clip)
        now = self._clock()
        job_id = self._new_id() if key is None else _id_of(client, key, wav)
        known = None if key is None else self._find(job_id, now, deadline)
        other = as_seen(known, now, self._settings) if known else None
        job = AudioJob(job_id, now, now + self._settings.record_lasts)
        if other is None or other.state is AudioJobState.FAILED:
            self._check_time(deadline)
            begun = self._jobs.begin(job, self._caps(client, now), now, instead_of=known)
            other = as_seen(begun, now, self._settings) if begun else None
        if other is not None and other.state is not AudioJobState.QUEUED:
            return other
        try:
            self._check_time(deadline)
            # Written anew: not every reader of WAV files copes with what ours does, and tags are nobody's business.
            self._clips.store(job_id, write_clip(clip))
            self._check_time(deadline)
            self._queue.send({_JOB_ID: job_id})
        except Exception:
            if other is None and self._has_time(deadline):
                self._remove_if_possible(job_id)
            raise
        return other or job

    def _find(self, job_id: str, now: datetime, deadline: datetime) -> AudioJob | None:
        self._check_time(deadline)
        return self._jobs.find(job_id, now)

    def _check_time(self, deadline: datetime) -> None:
        if not self._has_time(deadline):
            raise UpstreamUnavailable("Our own records are slow at the moment. Send the file again in a moment.")

    def _has_time(self, deadline: datetime) -> bool:
        return self._clock() + timedelta(seconds=self._settings.step_seconds) <= deadline

    def _caps(self, client: str, now: datetime) -> list[Cap]:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        mine, all_ = self._settings.daily_per_client, self._settings.daily_in_all
        return [
            Cap(
                f"audio files {client}",
                mine,
                midnight,
                f"Your address has sent {mine} audio files today, the most there is. {_OTHER_WAYS}",
            ),
            Cap("audio files", all_, midnight, f"This service has taken all the files of today. {_OTHER_WAYS}"),
        ]

    def _remove_if_possible(self, job_id: str) -> None:
        try:
            self._clips.remove(job_id)
        except UpstreamUnavailable:
            # The first fault is the one to tell.
            return


def job_of(message: Mapping[str, object]) -> str | None:
    """The job that a message of ``SubmitAudio`` is about; ``None`` for any other message."""
    job_id = message.get(_JOB_ID)
    return job_id if isinstance(job_id, str) and is_job_id(job_id) else None


def is_job_id(text: str) -> bool:
    """Whether a text may be the id of a job."""
    return len(text) == ID_CHARACTERS and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def as_seen(job: AudioJob, now: datetime, settings: AudioSettings) -> AudioJob:
    """The job as its artist is told of it: one that nobody will finish any more has failed."""
    return job if job.state in FINISHED or now < given_up_at(job, settings) else failed(job, _ABANDONED)


def given_up_at(job: AudioJob, settings: AudioSettings) -> datetime:
    """From when on a job that is not finished has failed."""
    return job.created_at + settings.given_up_after


def failed(job: AudioJob, problem: str) -> AudioJob:
    """The job with what to tell its artist."""
    return replace(job, state=AudioJobState.FAILED, lease_until=None, problem=problem)


def _id_of(client: str, key: str, wav: bytes) -> str:
    # Lengths in front, so that no two pairs make the same text.
    digest = hashlib.sha256(f"{len(client)} {client} {len(key)} {key} ".encode() + hashlib.sha256(wav).digest())
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
