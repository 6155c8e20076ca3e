"""From an artist's audio file to features: what a worker does with one message of ``submit_audio``.

Messages come at least once, and two workers may have the same one. So every step may be repeated, and the job's record
decides whose result counts. The clip is removed as soon as its job has finished, whichever way.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from daltonify_core.audio.clip import read_clip
from daltonify_core.audio.measurement import measure
from daltonify_core.catalogue.audio_features import AudioFeatures, FeaturesSource
from daltonify_core.errors import AudioRefused, UpstreamError, UpstreamRateLimited, UpstreamUnavailable
from daltonify_core.ports.audio import AudioClips, AudioJob, AudioJobState, AudioJobStore
from daltonify_core.ports.limits import Circuit, CircuitStore
from daltonify_core.ports.look_ups import FeatureService
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.submit_audio import FINISHED, AudioSettings, as_seen, failed, given_up_at

CIRCUIT: Final = "reccobeats uploads"
"""Apart from the circuit of look-ups: listening is far more work for ReccoBeats, and may fail alone."""

_NEVER_ARRIVED: Final = "The file did not arrive completely, so nothing was analysed. Send the file again."
_HEARD: Final = "ReccoBeats listened to the file. Key and mode stay unknown."
_MEASURED: Final = (
    "ReccoBeats could not be asked to listen to the file, so Daltonify measured it, which is rough. Answer the "
    "questions to make the result better, or send the file again later."
)
_TURNED_DOWN: Final = (
    "ReccoBeats could make nothing of this file, so Daltonify measured it, which is rough. Answer the questions to "
    "make the result better, or send another part of the track."
)


class Fallback(StrEnum):
    """Why ReccoBeats did not say how a file sounds."""

    CIRCUIT_OPEN = "circuit_open"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    FILE_TURNED_DOWN = "file_turned_down"
    UNAVAILABLE = "unavailable"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt.

    ``finished`` is the job, where this attempt finished it. ``again_after`` says when the message has to come again;
    where it is ``None`` the message is done with. ``fallback`` says why ReccoBeats has no part in the result, and
    ``trouble`` in words, for the operator, what it did instead of listening.
    """

    finished: AudioJob | None = None
    again_after: timedelta | None = None
    fallback: Fallback | None = None
    trouble: str | None = None


# Whoever took over needs the clip, and may come to need this message.
_OVERTAKEN: Final = Attempt(again_after=timedelta(seconds=1))


class AnalyseAudio:
    """Has ReccoBeats listen to a clip, and measures it where ReccoBeats cannot be asked or makes nothing of it."""

    def __init__(
        self,
        jobs: AudioJobStore,
        clips: AudioClips,
        features: FeatureService,
        circuits: CircuitStore,
        clock: Clock,
        settings: AudioSettings | None = None,
    ) -> None:
        self._jobs = jobs
        self._clips = clips
        self._features = features
        self._circuits = circuits
        self._clock = clock
        self._settings = settings or AudioSettings()

    def attempt(self, job_id: str, deadline: datetime) -> Attempt:
        """Bring a job to its end, if nobody else has it in hand; doing this again does no harm.

        ``deadline`` is when this attempt's worker is ended at the latest; until then nobody else gets the job. Raises
        ``UpstreamUnavailable`` when one of our own stores fails; the message has to come again then, and the job is
        free for it at once, if the records allow.
        """
        now = self._clock()
        job = self._jobs.claim(job_id, now, deadline)
        if job is None:
            return self._in_other_hands(job_id, now)
        try:
            return self._work(job, deadline, now)
        except Exception:
            self._let_go_if_possible(job)
            raise

    def _work(self, job: AudioJob, deadline: datetime, now: datetime) -> Attempt:
        if deadline >= given_up_at(job, self._settings):
            # Its artist might be told that it failed while it is still being worked on.
            return self._finish(as_seen(job, deadline, self._settings))
        wav = self._clips.read(job.job_id)
        if wav is None:
            arrives_until = job.created_at + self._settings.clip_arrives_within
            if now < arrives_until:
                # An old message met a job that has just begun anew.
                self._let_go(job)
                return Attempt(again_after=arrives_until - now)
            return self._finish(failed(job, _NEVER_ARRIVED))
        try:
            return self._listen(job, wav, now)
        except AudioRefused as error:
            return self._finish(failed(job, error.message))

    def _let_go(self, job: AudioJob) -> None:
        self._jobs.save(replace(job, state=AudioJobState.QUEUED, lease_until=None))

    def _let_go_if_possible(self, job: AudioJob) -> None:
        """Without this the next attempt would wait for the end of this one's lease."""
        try:
            # A fault may have come after the result was stored, which must not be taken back.
            stored = self._jobs.find(job.job_id, self._clock())
            if stored is not None and stored.state not in FINISHED:
                self._let_go(replace(job, asked=stored.asked))
        except UpstreamUnavailable:
            # The first fault is the one to tell, and the lease ends by itself.
            return

    def _in_other_hands(self, job_id: str, now: datetime) -> Attempt:
        job = self._jobs.find(job_id, now)
        if job is None or job.state in FINISHED:
            # By another message, or by an attempt that could not remove the clip.
            self._clips.remove(job_id)
            return Attempt()
        # The message has to outlive the other attempt, which may die.
        return Attempt(again_after=max(timedelta(), (job.lease_until or now) - now) + timedelta(seconds=1))

    def _listen(self, job: AudioJob, wav: bytes, now: datetime) -> Attempt:
        if job.asked >= self._settings.asks:
            # The attempts before may have died of waiting for ReccoBeats.
            return self._measured(job, wav, Fallback.TOO_MANY_ATTEMPTS)
        if self._circuits.circuit(CIRCUIT, now) is not None:
            return self._measured(job, wav, Fallback.CIRCUIT_OPEN)
        job = replace(job, asked=job.asked + 1)
        # Noted before, so that it counts even if this worker dies of it.
        if not self._jobs.save(job):
            return _OVERTAKEN
        try:
            heard = self._features.analyse(wav)
        except AudioRefused as error:
            # The clip passed our own checks, and the next file may please better, so others are still sent.
            return self._measured(job, wav, Fallback.FILE_TURNED_DOWN, error.message)
        except UpstreamRateLimited as error:
            longest = self._settings.longest_pause.total_seconds()
            self._leave_alone(timedelta(seconds=min(error.retry_after_seconds, longest)), error)
            return self._measured(job, wav, Fallback.RATE_LIMITED, error.message)
        except UpstreamUnavailable as error:
            if job.asked < self._settings.asks:
                self._let_go(job)
                return Attempt(again_after=self._settings.ask_again_after, trouble=error.message)
            self._leave_alone(self._settings.unavailable_for, error)
            return self._measured(job, wav, Fallback.UNAVAILABLE, error.message)
        except UpstreamError as error:
            self._leave_alone(self._settings.refused_for, error)
            return self._measured(job, wav, Fallback.REFUSED, error.message)
        return self._finish(_done(job, heard, FeaturesSource.AUDIO_FILE, _HEARD))

    def _measured(self, job: AudioJob, wav: bytes, why: Fallback, trouble: str | None = None) -> Attempt:
        clip = read_clip(wav)
        features = measure(clip.samples, clip.rate).features
        note = _TURNED_DOWN if why is Fallback.FILE_TURNED_DOWN else _MEASURED
        attempt = self._finish(_done(job, features, FeaturesSource.MEASURED, note))
        return replace(attempt, fallback=why, trouble=trouble)

    def _leave_alone(self, duration: timedelta, error: UpstreamError) -> None:
        self._circuits.open_circuit(CIRCUIT, Circuit(self._clock() + duration, error.message))

    def _finish(self, job: AudioJob) -> Attempt:
        if not self._jobs.save(job):
            return _OVERTAKEN
        self._clips.remove(job.job_id)
        return Attempt(finished=job)


def _done(job: AudioJob, features: AudioFeatures, source: FeaturesSource, note: str) -> AudioJob:
    return replace(
        job,
        state=AudioJobState.DONE,
        lease_until=None,
        features=features,
        features_source=source.value,
        notes=(note,),
    )
