"""A function's schedules, as EventBridge Scheduler keeps them: each job at its rate, on a thread beside the rest."""

import logging
import threading
from collections.abc import Mapping
from time import monotonic
from types import TracebackType
from typing import Final, Self

from infra.local.lambda_function import FunctionFailed, FunctionTimedOut, LambdaFunction

_STOPPING_SECONDS: Final = 2

_logger = logging.getLogger(__name__)


class Schedules:
    """Calls a function with ``{"job": …}`` for each job, at once and then every so many seconds; a context manager.

    Calls come one after the other; one that failed or took too long is logged, and the next one is made in its turn.
    """

    def __init__(self, function: LambdaFunction, seconds_between: Mapping[str, float]) -> None:
        self._function = function
        self._between = dict(seconds_between)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(_STOPPING_SECONDS)

    def call(self, job: str) -> None:
        """Have one job done now."""
        try:
            self._function.invoke({"job": job}, self._function.settings.timeout_seconds)
        except FunctionTimedOut as error:
            _logger.error("%s", error)
        except FunctionFailed as error:
            _logger.error("The job %s failed. %s", job, error, exc_info=error.__cause__)

    def _run(self) -> None:
        due = dict.fromkeys(self._between, monotonic())
        while due and not self._stopping.is_set():
            job = min(due, key=due.__getitem__)
            if not self._stopping.wait(max(0.0, due[job] - monotonic())):
                self.call(job)
                due[job] = monotonic() + self._between[job]
