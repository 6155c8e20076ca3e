"""Taking audio files in: what is stored, counted and handed on, and what is left when one of these steps fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daltonify_core.audio.clip import read_clip, write_clip
from daltonify_core.errors import AudioRefused, CapReached, UpstreamUnavailable
from daltonify_core.ports.audio import AudioJob, AudioJobState
from daltonify_core.use_cases.analyse_audio import AnalyseAudio
from daltonify_core.use_cases.submit_audio import AudioSettings, SubmitAudio, as_seen, is_job_id, job_of
from tests.fakes.faults import Fault, FaultPlan, Moment, ProcessKilled
from tests.fakes.memory_audio import MemoryAudioClips, MemoryAudioJobs, MemoryJobQueue
from tests.fakes.memory_feature_service import MemoryFeatureService
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.set_clock import SetClock
from tests.recordings import noisy_wav, song_wav
from tests.unit.audio.sounds import chunk, riff

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLIENT = "client"
KEY = "a-key-of-this-test"
PLAIN = write_clip(read_clip(song_wav()))
IDS = [f"{number:043d}" for number in range(9)]


class Uploads:
    """The use case on memory fakes."""

    def __init__(self, **settings: Any) -> None:
        self.jobs, self.clips, self.queue = MemoryAudioJobs(), MemoryAudioClips(), MemoryJobQueue()
        self.clock = SetClock(NOON)
        self.time = timedelta(seconds=27)
        ids = iter(IDS)
        self.use_case = SubmitAudio(
            self.jobs, self.clips, self.queue, lambda: next(ids), self.clock, AudioSettings(**settings)
        )

    def submit(self, wav: bytes | None = None, client: str = CLIENT, key: str | None = None) -> AudioJob:
        return self.use_case.submit(song_wav() if wav is None else wav, client, key, self.clock.now + self.time)

    def fail(self, step: str, moment: Moment = Moment.BEFORE, error: BaseException | None = None) -> None:
        """The next call of this step fails."""
        plan = self.plan(step)
        plan.add(Fault(error or UpstreamUnavailable("It is down."), moment, step, call=plan.calls.count(step)))

    def plan(self, step: str) -> FaultPlan:
        plans = {"store": self.clips.faults, "remove": self.clips.faults, "send": self.queue.faults}
        return plans.get(step, self.jobs.faults)

    @property
    def counted(self) -> int:
        return sum(number for (name, _), number in self.jobs.counters.items() if name == "audio files")


@pytest.fixture
def uploads() -> Uploads:
    return Uploads()


def test_a_file_is_kept_recorded_counted_and_handed_on(uploads):
    job = uploads.submit()
    assert job == AudioJob(IDS[0], NOON, NOON + timedelta(hours=1))
    assert uploads.jobs.jobs == {IDS[0]: job}
    assert uploads.clips.clips == {IDS[0]: PLAIN}
    assert [job_of(message) for message in uploads.queue.messages] == [IDS[0]]
    assert uploads.counted == 1


FORM, SOUND = PLAIN[12:36], PLAIN[44:]
ODD = {
    "tags": riff(FORM, chunk(b"LIST", b"INFO by NEVERLOGME"), chunk(b"data", SOUND), chunk(b"id3 ", b"x")),
    "sound first": riff(chunk(b"data", SOUND), FORM),
    "size unknown": riff(FORM, chunk(b"data", SOUND, size=0)),
}


@pytest.mark.parametrize("form", ODD)
def test_what_is_kept_of_an_oddly_written_file_is_its_sound_alone_in_the_plainest_form(uploads, form):
    job = uploads.submit(ODD[form])
    assert uploads.clips.clips[job.job_id] == PLAIN


def test_a_file_that_nothing_can_be_measured_from_leaves_no_trace(uploads):
    with pytest.raises(AudioRefused, match="noise"):
        uploads.submit(noisy_wav())
    assert (uploads.jobs.jobs, uploads.clips.clips, uploads.queue.messages) == ({}, {}, [])
    assert uploads.counted == 0


def test_without_a_key_every_request_is_a_job_of_its_own(uploads):
    assert uploads.submit().job_id != uploads.submit().job_id
    assert uploads.counted == 2


def test_the_same_file_under_the_same_key_is_one_job_and_counted_once(uploads):
    first, second = uploads.submit(key=KEY), uploads.submit(key=KEY)
    assert first == second
    assert is_job_id(first.job_id)
    assert uploads.counted == 1
    assert len(uploads.clips.clips) == 1


@pytest.mark.parametrize(
    "other", [{"wav": song_wav(seed=6)}, {"client": "another"}, {"key": KEY + "2"}], ids=["file", "client", "key"]
)
def test_another_file_client_or_key_is_another_job(uploads, other):
    first = uploads.submit(**{"key": KEY})
    assert uploads.submit(**{"key": KEY, **other}).job_id != first.job_id
    assert uploads.counted == 2


def test_client_and_key_cannot_be_shifted_into_each_other(uploads):
    assert uploads.submit(client="a", key="1 1 b").job_id != uploads.submit(client="a 1", key="1 b").job_id


@pytest.mark.parametrize("state", [AudioJobState.ANALYSING, AudioJobState.DONE])
def test_a_job_that_is_under_way_or_done_is_answered_without_storing_the_file_again(uploads, state):
    job = uploads.submit(key=KEY)
    known = AudioJob(job.job_id, NOON, job.expires_at, state=state, attempt=1)
    uploads.jobs.jobs[job.job_id] = known
    uploads.clips.clips.clear()
    assert uploads.submit(key=KEY) == known
    assert uploads.clips.clips == {}
    assert len(uploads.queue.messages) == 1


def test_a_job_that_failed_begins_anew_under_the_same_key(uploads):
    job = uploads.submit(key=KEY)
    uploads.jobs.jobs[job.job_id] = AudioJob(
        job.job_id, NOON, job.expires_at, state=AudioJobState.FAILED, attempt=3, problem="It did not arrive."
    )
    uploads.clock.advance(60)
    again = uploads.submit(key=KEY)
    assert (again.job_id, again.state, again.attempt) == (job.job_id, AudioJobState.QUEUED, 0)
    assert again.created_at == NOON + timedelta(seconds=60)
    assert uploads.counted == 2


def test_a_job_that_nobody_finished_begins_anew_too(uploads):
    job = uploads.submit(key=KEY)
    uploads.clock.advance(15 * 60)
    again = uploads.submit(key=KEY)
    assert again.job_id == job.job_id
    assert again.created_at == uploads.clock.now


@pytest.mark.parametrize("state", AudioJobState)
def test_a_job_that_another_request_began_at_the_same_moment_is_the_answer(uploads, state):
    job_id = uploads.submit(key=KEY).job_id
    uploads.jobs.jobs.clear()
    theirs = AudioJob(job_id, NOON, NOON + timedelta(hours=1), state, 1)

    def begin_elsewhere(number: int) -> None:
        uploads.jobs.faults.after_call = lambda number: None
        uploads.jobs.jobs[job_id] = theirs

    uploads.jobs.faults.after_call = begin_elsewhere
    assert uploads.submit(key=KEY) == theirs
    assert uploads.counted == 1
    assert len(uploads.queue.messages) == (2 if state is AudioJobState.QUEUED else 1)


def test_a_job_of_another_request_is_told_as_its_artist_sees_it(uploads):
    job_id = uploads.submit(key=KEY).job_id
    uploads.jobs.jobs.clear()

    def begin_elsewhere(number: int) -> None:
        uploads.jobs.faults.after_call = lambda number: None
        uploads.jobs.jobs[job_id] = AudioJob(job_id, NOON - timedelta(minutes=15), NOON + timedelta(minutes=45))

    uploads.jobs.faults.after_call = begin_elsewhere
    assert uploads.submit(key=KEY).state is AudioJobState.FAILED


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("step", ["begin", "store", "send"])
def test_an_old_message_does_no_harm_to_a_job_that_begins_anew(uploads, step, moment):
    """SQS may hand a message out again at any moment, for instance in the midst of the next request."""
    features = MemoryFeatureService()
    worker = AnalyseAudio(uploads.jobs, uploads.clips, features, MemoryPublicationStore(), uploads.clock)

    def deliver():
        return worker.attempt(job_id, uploads.clock.now + timedelta(seconds=90))

    job_id = uploads.submit(key=KEY).job_id
    uploads.clips.clips.clear()
    uploads.clock.advance(60)
    deliver()
    assert uploads.jobs.jobs[job_id].state is AudioJobState.FAILED
    plan = uploads.plan(step)

    def hand_out_again(number: int) -> None:
        if plan.calls[number] == step:
            plan.after_call = lambda number: None
            deliver()

    plan.after_call = hand_out_again
    if moment is Moment.BEFORE:
        deliver()
    uploads.submit(key=KEY)
    uploads.clock.advance(60)
    deliver()
    assert uploads.jobs.jobs[job_id].state is AudioJobState.DONE
    deliver()
    assert uploads.clips.clips == {}


@pytest.mark.parametrize(
    ("limits", "first", "words"),
    [
        ({"daily_per_client": 1}, CLIENT, "Your address has sent 1 audio files"),
        ({"daily_in_all": 1}, "another", "This service has taken all the files of today"),
    ],
    ids=["client", "all"],
)
def test_a_limit_is_told_with_another_way_and_nothing_is_kept(limits, first, words):
    uploads = Uploads(**limits)
    uploads.submit(client=first)
    with pytest.raises(CapReached, match=words) as caught:
        uploads.submit()
    assert "daltonify analyse" in caught.value.message
    assert caught.value.retry_after_seconds == 12 * 3600
    assert list(uploads.clips.clips) == [IDS[0]]
    assert len(uploads.queue.messages) == 1


def test_tomorrow_counts_anew():
    uploads = Uploads(daily_per_client=1)
    uploads.submit()
    uploads.clock.advance(12 * 3600)
    assert uploads.submit().state is AudioJobState.QUEUED


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("step", ["store", "begin", "send"])
def test_a_fault_at_any_step_is_told_and_leaves_no_clip(uploads, step, moment):
    uploads.fail(step, moment)
    with pytest.raises(UpstreamUnavailable):
        uploads.submit()
    assert uploads.clips.clips == {}


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("step", ["find", "store", "begin", "send"])
def test_the_request_sent_again_with_its_key_mends_what_a_fault_left(uploads, step, moment):
    uploads.fail(step, moment)
    with pytest.raises(UpstreamUnavailable):
        uploads.submit(key=KEY)
    job = uploads.submit(key=KEY)
    assert job.state is AudioJobState.QUEUED
    assert uploads.clips.clips == {job.job_id: PLAIN}
    assert job_of(uploads.queue.messages[-1]) == job.job_id
    assert uploads.counted == 1


@pytest.mark.parametrize("step", ["store", "send"])
def test_a_repetition_that_fails_leaves_the_clip_of_the_first_request(uploads, step):
    job = uploads.submit(key=KEY)
    uploads.fail(step)
    with pytest.raises(UpstreamUnavailable):
        uploads.submit(key=KEY)
    assert list(uploads.clips.clips) == [job.job_id]


def test_a_clip_that_cannot_be_removed_does_not_hide_the_first_fault(uploads):
    uploads.fail("send", error=UpstreamUnavailable("The queue is down."))
    uploads.fail("remove")
    with pytest.raises(UpstreamUnavailable, match="The queue is down"):
        uploads.submit()


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("time", range(0, 40, 3))
def test_nothing_is_begun_that_could_last_beyond_the_deadline(uploads, key, time):
    """Each step takes as long as two attempts at it may."""
    uploads.time = timedelta(seconds=time)
    slowest = AudioSettings().step_seconds
    end = NOON + uploads.time

    def takes_long(number: int) -> None:
        uploads.clock.advance(slowest)

    for plan in (uploads.jobs.faults, uploads.clips.faults, uploads.queue.faults):
        plan.after_call = takes_long
    steps = 3 if key is None else 4
    if time >= steps * slowest:
        assert uploads.submit(key=key).state is AudioJobState.QUEUED
    else:
        with pytest.raises(UpstreamUnavailable, match="Send the file again"):
            uploads.submit(key=key)
        assert uploads.queue.messages == []
    assert uploads.clock.now <= max(end, NOON)


def test_the_request_sent_again_with_its_key_mends_what_there_was_no_time_for(uploads):
    uploads.clips.faults.after_call = lambda number: uploads.clock.advance(20)
    with pytest.raises(UpstreamUnavailable, match="Send the file again"):
        uploads.submit(key=KEY)
    uploads.clips.faults.after_call = lambda number: None
    assert uploads.submit(key=KEY).state is AudioJobState.QUEUED
    assert len(uploads.queue.messages) == 1
    assert uploads.counted == 1


@pytest.mark.parametrize("step", ["store", "begin", "send"])
def test_a_process_that_ends_leaves_at_most_what_goes_by_itself(uploads, step):
    uploads.fail(step, Moment.AFTER, ProcessKilled())
    with pytest.raises(ProcessKilled):
        uploads.submit()
    for job in uploads.jobs.jobs.values():
        assert as_seen(job, NOON + timedelta(minutes=15), AudioSettings()).state is AudioJobState.FAILED


@pytest.mark.parametrize("state", [AudioJobState.QUEUED, AudioJobState.ANALYSING])
def test_a_job_that_nobody_finishes_has_failed_after_a_quarter_of_an_hour(state):
    job = AudioJob(IDS[0], NOON, NOON + timedelta(hours=1), state, lease_until=NOON + timedelta(hours=1))
    almost = NOON + timedelta(minutes=14, seconds=59)
    assert as_seen(job, almost, AudioSettings()) == job
    told = as_seen(job, NOON + timedelta(minutes=15), AudioSettings())
    assert told.state is AudioJobState.FAILED
    assert told.problem is not None
    assert "Send the file again" in told.problem


def test_a_job_that_is_done_stays_done():
    job = AudioJob(IDS[0], NOON, NOON + timedelta(hours=1), AudioJobState.DONE)
    assert as_seen(job, NOON + timedelta(minutes=50), AudioSettings()) == job


@pytest.mark.parametrize(
    "message",
    [{}, {"job_id": ""}, {"job_id": 5}, {"job_id": None}, {"job_id": "x" * 42}, {"job_id": "../" + "x" * 40},
     {"job_id": "ü" * 43}, {"other": IDS[0]}],
    ids=str,
)  # fmt: skip
def test_a_message_of_another_kind_is_about_no_job(message):
    assert job_of(message) is None
