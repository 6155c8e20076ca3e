"""The worker: one result however often and by how many a message is worked on, and no clip outlives its job."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daltonify_core.catalogue.audio_features import AudioFeatures
from daltonify_core.errors import UpstreamRateLimited, UpstreamRefused, UpstreamUnavailable
from daltonify_core.ports.audio import AudioJob, AudioJobState
from daltonify_core.ports.limits import Circuit
from daltonify_core.use_cases.analyse_audio import CIRCUIT, AnalyseAudio, Attempt, Fallback
from daltonify_core.use_cases.submit_audio import AudioSettings, as_seen
from tests.fakes.faults import Fault, Moment, ProcessKilled
from tests.fakes.memory_audio import MemoryAudioClips, MemoryAudioJobs
from tests.fakes.memory_feature_service import ANALYSED, MemoryFeatureService
from tests.fakes.memory_publications import MemoryPublicationStore
from tests.fakes.set_clock import SetClock
from tests.recordings import song_wav

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOB = "x" * 43
LONGEST = timedelta(seconds=90)
DOWN = UpstreamUnavailable("ReccoBeats is down.")


class Work:
    """The use case on memory fakes, with one job that was just sent."""

    def __init__(self) -> None:
        self.jobs, self.clips = MemoryAudioJobs(), MemoryAudioClips()
        self.reccobeats, self.circuits = MemoryFeatureService(), MemoryPublicationStore()
        self.clock = SetClock(NOON)
        self.use_case = AnalyseAudio(self.jobs, self.clips, self.reccobeats, self.circuits, self.clock)
        self.jobs.jobs[JOB] = AudioJob(JOB, NOON, NOON + timedelta(hours=1))
        self.clips.clips[JOB] = song_wav()

    def attempt(self, job_id: str = JOB) -> Attempt:
        return self.use_case.attempt(job_id, self.clock.now + LONGEST)

    def until_done_with(self) -> Attempt:
        """Work on the message as often as it comes again."""
        for _ in range(9):
            attempt = self.attempt()
            if attempt.again_after is None:
                return attempt
            self.clock.advance(attempt.again_after.total_seconds())
        raise AssertionError("the message comes again for ever")

    @property
    def job(self) -> AudioJob:
        return self.jobs.jobs[JOB]

    @property
    def files_sent(self) -> int:
        return len(self.reccobeats.asked)


@pytest.fixture
def work() -> Work:
    return Work()


def reccobeats_fails(work: Work, error: Exception, times: int = 99) -> None:
    work.reccobeats.faults.add(Fault(error, method="analyse", times=times))


def is_measured(features: AudioFeatures | None) -> bool:
    assert features is not None
    return set(features.present()) == {"loudness", "tempo", "energy", "acousticness", "danceability"}


def test_what_reccobeats_hears_is_the_result_and_the_clip_is_gone(work):
    attempt = work.attempt()
    assert attempt == Attempt(finished=work.job)
    assert (work.job.state, work.job.attempt, work.job.lease_until) == (AudioJobState.DONE, 1, None)
    assert (work.job.features, work.job.features_source) == (ANALYSED, "audio_file")
    assert "ReccoBeats" in work.job.notes[0]
    assert work.clips.clips == {}


def test_a_file_that_reccobeats_can_make_nothing_of_is_measured_at_once_and_others_are_still_sent(work):
    work.reccobeats.refused = "It is too large."
    attempt = work.attempt()
    assert (attempt.fallback, attempt.trouble) == (Fallback.FILE_TURNED_DOWN, "It is too large.")
    assert (work.job.state, work.job.features_source, work.job.problem) == (AudioJobState.DONE, "measured", None)
    assert is_measured(work.job.features)
    assert "could make nothing of this file" in work.job.notes[0]
    assert "rough" in work.job.notes[0]
    assert work.circuits.circuit(CIRCUIT, NOON) is None
    assert work.files_sent == 1
    assert work.clips.clips == {}


def test_a_clip_that_nobody_can_make_anything_of_has_failed_with_advice(work):
    work.clips.clips[JOB] = song_wav()[:1000]
    work.reccobeats.refused = "It breaks off."
    assert work.attempt().again_after is None
    assert work.job.state is AudioJobState.FAILED
    assert "breaks off" in (work.job.problem or "")
    assert work.clips.clips == {}


def test_reccobeats_is_asked_twice_and_then_the_file_is_measured(work):
    reccobeats_fails(work, DOWN)
    first = work.attempt()
    assert first.again_after == AudioSettings().ask_again_after
    assert (work.job.state, work.job.lease_until) == (AudioJobState.QUEUED, None)
    assert JOB in work.clips.clips
    second = work.until_done_with()
    assert second.fallback is Fallback.UNAVAILABLE
    assert work.files_sent == 2
    assert is_measured(work.job.features)
    assert work.job.features_source == "measured"
    assert "rough" in work.job.notes[0]
    assert work.clips.clips == {}


def test_a_reccobeats_that_recovers_is_listened_to(work):
    reccobeats_fails(work, DOWN, times=1)
    attempt = work.until_done_with()
    assert attempt.fallback is None
    assert work.job.features == ANALYSED


@pytest.mark.parametrize(
    ("error", "why", "seconds"),
    [
        (UpstreamRateLimited("Slow down.", 77, quota=False), Fallback.RATE_LIMITED, 77),
        (UpstreamRateLimited("Come back tomorrow.", 86_400, quota=True), Fallback.RATE_LIMITED, 3600),
        (UpstreamRateLimited("Never.", 10**30, quota=True), Fallback.RATE_LIMITED, 3600),
        (UpstreamRefused("We are blocked.", 403), Fallback.REFUSED, 30 * 60),
    ],
    ids=["rate limited", "for a day", "for ever", "blocked"],
)
def test_a_reccobeats_that_says_no_is_not_asked_again_for_this_file_nor_for_others(work, error, why, seconds):
    reccobeats_fails(work, error)
    assert work.attempt().fallback is why
    assert work.job.features_source == "measured"
    circuit = work.circuits.circuit(CIRCUIT, NOON)
    assert circuit is not None
    assert circuit.open_until == NOON + timedelta(seconds=seconds)


def test_while_the_circuit_is_open_files_are_measured_at_once(work):
    work.circuits.open_circuit(CIRCUIT, Circuit(NOON + timedelta(minutes=1), "It was down."))
    assert work.attempt().fallback is Fallback.CIRCUIT_OPEN
    assert work.files_sent == 0
    assert work.job.features_source == "measured"


def test_failing_twice_opens_the_circuit_for_the_next_files(work):
    reccobeats_fails(work, DOWN)
    work.until_done_with()
    circuit = work.circuits.circuit(CIRCUIT, work.clock.now)
    assert circuit is not None
    assert circuit.open_until == work.clock.now + AudioSettings().unavailable_for


def test_a_file_that_workers_died_of_is_measured_in_the_end(work):
    work.reccobeats.faults.add(Fault(ProcessKilled(), method="analyse", times=99))
    for _ in range(2):
        with pytest.raises(ProcessKilled):
            work.attempt()
        work.clock.advance(LONGEST.total_seconds())
    assert work.attempt().fallback is Fallback.TOO_MANY_ATTEMPTS
    assert work.job.features_source == "measured"


def test_a_clip_that_is_not_there_is_a_failure_with_advice(work):
    work.clips.clips.clear()
    work.clock.advance(30)
    assert work.attempt().again_after is None
    assert work.job.state is AudioJobState.FAILED
    assert "Send the file again" in (work.job.problem or "")


def test_a_clip_that_may_still_be_on_its_way_is_waited_for(work):
    wav = work.clips.clips.pop(JOB)
    work.clock.advance(10)
    assert work.attempt() == Attempt(again_after=timedelta(seconds=20))
    work.clips.clips[JOB] = wav
    assert work.attempt().finished is not None
    assert work.job.features == ANALYSED


def test_a_message_about_no_job_is_done_with_and_a_clip_that_was_left_goes(work):
    work.jobs.jobs.clear()
    assert work.attempt() == Attempt()
    assert work.clips.clips == {}


def test_a_job_that_has_expired_is_forgotten_with_its_clip(work):
    work.clock.advance(3600)
    assert work.attempt() == Attempt()
    assert work.clips.clips == {}


# ---- Twice and at the same time --------------------------------------------------------------------------------------


def test_a_message_that_comes_again_changes_nothing(work):
    work.attempt()
    done = work.job
    assert work.attempt() == Attempt()
    assert work.job == done
    assert work.files_sent == 1


def test_a_second_worker_waits_for_the_first_to_end_or_to_die(work):
    def meanwhile(number: int) -> None:
        work.reccobeats.faults.after_call = lambda number: None
        other = work.attempt()
        assert other == Attempt(again_after=LONGEST + timedelta(seconds=1))

    work.reccobeats.faults.after_call = meanwhile
    assert work.attempt().finished is not None
    assert work.files_sent == 1
    assert work.attempt() == Attempt()


def test_an_attempt_that_was_overtaken_changes_nothing_and_leaves_the_clip(work):
    second: list[Attempt] = []

    def overtaken(number: int) -> None:
        work.reccobeats.faults.after_call = lambda number: None
        work.clock.advance(LONGEST.total_seconds())
        work.reccobeats.analysed = ANALYSED._replace(energy=0.1)
        claimed = work.jobs.claim(JOB, work.clock.now, work.clock.now + LONGEST)
        assert claimed is not None

    work.reccobeats.faults.after_call = overtaken
    second.append(work.attempt())
    assert second[0].finished is None
    assert second[0].again_after is not None
    assert work.job.state is AudioJobState.ANALYSING
    assert JOB in work.clips.clips


def test_an_attempt_of_an_earlier_job_cannot_write_into_a_later_one_of_the_same_id(work):
    def begun_anew(number: int) -> None:
        work.jobs.jobs[JOB] = AudioJob(
            JOB, NOON + timedelta(minutes=1), NOON + timedelta(hours=1), AudioJobState.ANALYSING, 1
        )

    work.reccobeats.faults.after_call = begun_anew
    assert work.attempt().finished is None
    assert work.job.state is AudioJobState.ANALYSING


# ---- Faults of our own -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize(
    ("part", "step"), [("jobs", "claim"), ("clips", "read"), ("circuits", "circuit"), ("jobs", "save"),
                       ("clips", "remove")]
)  # fmt: skip
def test_a_fault_at_any_step_is_made_good_when_the_message_comes_again(work, part, step, moment):
    getattr(work, part).faults.add(Fault(UpstreamUnavailable("Ours is down."), moment, step))
    with pytest.raises(UpstreamUnavailable, match="Ours is down"):
        work.attempt()
    work.clock.advance(LONGEST.total_seconds())
    work.until_done_with()
    assert work.job.state is AudioJobState.DONE
    assert work.job.features == ANALYSED
    assert work.clips.clips == {}


@pytest.mark.parametrize(
    ("part", "step", "times"), [("clips", "read", 3), ("circuits", "circuit", 3), ("jobs", "save", 1)]
)
def test_each_fault_of_our_own_costs_one_delivery_and_no_attempt_at_reccobeats(work, part, step, times):
    getattr(work, part).faults.add(Fault(UpstreamUnavailable("Ours is down."), method=step, times=times))
    for _ in range(times):
        with pytest.raises(UpstreamUnavailable):
            work.attempt()
        assert work.job.asked == 0
        work.clock.advance(30)
    assert work.attempt().finished is not None
    assert work.job.features == ANALYSED


def test_reccobeats_is_not_asked_for_ever_while_its_answers_cannot_be_stored(work):
    for lost in (1, 4):  # of the saves; the others note the asking and give the job back
        work.jobs.faults.add(Fault(UpstreamUnavailable("Ours is down."), method="save", call=lost))
        with pytest.raises(UpstreamUnavailable):
            work.attempt()
    assert work.attempt().fallback is Fallback.TOO_MANY_ATTEMPTS
    assert work.files_sent == 2


def test_after_a_fault_that_nobody_expected_the_next_attempt_may_begin_at_once(work):
    work.clips.faults.add(Fault(ZeroDivisionError(), method="read"))
    with pytest.raises(ZeroDivisionError):
        work.attempt()
    assert (work.job.state, work.job.lease_until) == (AudioJobState.QUEUED, None)
    assert work.attempt().finished is not None


def test_a_lease_that_cannot_be_given_back_does_not_hide_the_first_fault_and_ends_by_itself(work):
    work.clips.faults.add(Fault(UpstreamUnavailable("The clips are down."), method="read"))
    work.jobs.faults.add(Fault(UpstreamUnavailable("The table is down."), method="find"))
    with pytest.raises(UpstreamUnavailable, match="The clips are down"):
        work.attempt()
    assert work.until_done_with().fallback is None


@pytest.mark.parametrize(("part", "step"), [("jobs", "save"), ("clips", "remove")])
def test_a_result_that_was_stored_is_not_taken_back_by_a_fault_after_it(work, part, step):
    call = 1 if step == "save" else 0
    getattr(work, part).faults.add(Fault(UpstreamUnavailable("Ours is down."), Moment.AFTER, step, call=call))
    with pytest.raises(UpstreamUnavailable):
        work.attempt()
    assert (work.job.state, work.job.features) == (AudioJobState.DONE, ANALYSED)
    assert work.attempt() == Attempt()
    assert work.clips.clips == {}


def test_a_fault_of_an_attempt_that_was_overtaken_leaves_the_other_its_lease(work):
    def overtaken(number: int) -> None:
        work.reccobeats.faults.after_call = lambda number: None
        work.clock.advance(LONGEST.total_seconds())
        assert work.jobs.claim(JOB, work.clock.now, work.clock.now + LONGEST) is not None

    work.reccobeats.faults.after_call = overtaken
    work.jobs.faults.add(Fault(UpstreamUnavailable("Ours is down."), method="save", call=1))
    with pytest.raises(UpstreamUnavailable):
        work.attempt()
    assert work.job.state is AudioJobState.ANALYSING
    assert work.job.lease_until == work.clock.now + LONGEST


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize(("part", "step"), [("jobs", "claim"), ("reccobeats", "analyse"), ("jobs", "save")])
def test_a_worker_that_is_ended_at_any_step_is_followed_by_another(work, part, step, moment):
    getattr(work, part).faults.add(Fault(ProcessKilled(), moment, step))
    with pytest.raises(ProcessKilled):
        work.attempt()
    work.clock.advance(LONGEST.total_seconds())
    work.until_done_with()
    assert work.job.state is AudioJobState.DONE
    assert work.clips.clips == {}


def test_nobody_begins_what_could_end_after_its_artist_was_told_that_it_failed(work):
    given_up = AudioSettings().given_up_after
    work.clock.advance((given_up - LONGEST).total_seconds())
    assert work.attempt().again_after is None
    assert work.files_sent == 0
    told = as_seen(AudioJob(JOB, NOON, work.job.expires_at), NOON + given_up, AudioSettings())
    assert (work.job.state, work.job.problem) == (AudioJobState.FAILED, told.problem)
    assert work.clips.clips == {}


STEPS = [
    *[("jobs", step) for step in ("claim", "find", "save")],
    *[("clips", step) for step in ("read", "remove")],
    *[("circuits", step) for step in ("circuit", "open_circuit")],
    ("reccobeats", "analyse"),
]
TROUBLES = st.lists(
    st.tuples(
        st.sampled_from(STEPS),
        st.sampled_from(Moment),
        st.sampled_from(["ours is down", "killed", "another worker", "another worker after the lease"]),
    ),
    max_size=4,
)


# Measuring takes a fifth of a second, which is most of an example.
@settings(max_examples=40)
@given(troubles=TROUBLES, is_reccobeats_down=st.booleans())
def test_whatever_happens_there_is_one_result_that_never_changes_and_no_clip(troubles, is_reccobeats_down):
    work = Work()
    if is_reccobeats_down:
        reccobeats_fails(work, DOWN)
    results: list[AudioJob] = []

    def delivered() -> timedelta | None:
        """One delivery, dead workers and faults included; when the message comes again."""
        try:
            attempt = work.attempt()
        except (UpstreamUnavailable, ProcessKilled):
            return LONGEST
        finally:
            if work.job.state in (AudioJobState.DONE, AudioJobState.FAILED):
                results.append(work.job)
        return attempt.again_after

    for (part, step), moment, trouble in troubles:
        plan = getattr(work, part).faults
        if trouble in ("ours is down", "killed"):
            error = ProcessKilled() if trouble == "killed" else UpstreamUnavailable("It is down.")
            plan.add(Fault(error, moment, step, call=plan.calls.count(step)))
        else:

            def another(number: int, plan: Any = plan, waits: bool = trouble.endswith("lease")) -> None:
                plan.after_call = lambda number: None
                if waits:
                    work.clock.advance(LONGEST.total_seconds())
                delivered()

            plan.after_call = another
        again = delivered()
        work.clock.advance((again or timedelta()).total_seconds())
    for fakes in (work.jobs, work.clips, work.circuits, work.reccobeats):
        fakes.faults.after_call = lambda number: None
    while (again := delivered()) is not None:
        work.clock.advance(again.total_seconds())
    assert work.job.state in (AudioJobState.DONE, AudioJobState.FAILED)
    assert len({(job.state, job.features, job.problem) for job in results}) == 1
    assert work.clips.clips == {}
