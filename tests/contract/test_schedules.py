"""Schedules on one machine: every job at once and in its turn, whatever becomes of one call."""

import threading

from infra.local.lambda_function import FunctionSettings, LambdaFunction
from infra.local.sam_template import read_template
from infra.local.schedules import Schedules


class Jobs:
    """A function that remembers what it was called for, and lets a test wait for it."""

    def __init__(self, fails=()):
        self.called = []
        self._fails = fails
        self._condition = threading.Condition()

    def __call__(self, event, context):
        with self._condition:
            self.called.append(event["job"])
            self._condition.notify_all()
        if event["job"] in self._fails:
            raise ValueError("the reason")

    def wait_for(self, count):
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.called) >= count, timeout=30)
            return list(self.called)

    def function(self):
        return LambdaFunction(self, FunctionSettings("Jobs", timeout_seconds=30))


def test_every_job_is_done_at_once_and_one_with_a_longer_pause_waits():
    jobs = Jobs()
    with Schedules(jobs.function(), {"often": 0.01, "seldom": 3600}):
        called = jobs.wait_for(5)
    assert called.count("seldom") == 1
    assert called.count("often") >= 4


def test_a_job_that_fails_keeps_no_other_and_comes_again():
    jobs = Jobs(fails=["broken"])
    with Schedules(jobs.function(), {"broken": 0.01, "fine": 0.01}):
        called = jobs.wait_for(6)
    assert {"broken", "fine"} == set(called)
    assert called.count("broken") >= 2


def test_nothing_is_called_after_it_has_ended():
    jobs = Jobs()
    with Schedules(jobs.function(), {"job": 0.01}) as schedules:
        jobs.wait_for(1)
    schedules._thread.join(30)
    before = len(jobs.called)
    assert not schedules._thread.is_alive()
    assert len(jobs.called) == before


def test_rates_are_those_of_the_template():
    rates = read_template().schedules("ScheduledJobs")
    assert (rates["sweep_releases"], rates["poll_releases"], rates["renew_playlists"]) == (300, 3_600, 86_400)
    assert "collect" not in rates, "how often is the operator's parameter"
