"""One Lambda function on this machine: its handler, called as Lambda's own runtime calls it."""

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from time import monotonic
from typing import Any, Final

ACCOUNT_ID: Final = "123456789012"
"""The account that AWS's own examples belong to."""
REGION: Final = "us-east-1"
MAX_RESULT_BYTES: Final = 6 * 1024 * 1024
"""What Lambda hands on of a result; larger ones are an error of the function."""

type Handler = Callable[[dict[str, Any], Any], Any]
"""A Lambda handler: event and context in, JSON values out."""


class FunctionFailed(Exception):
    """The handler raised, or returned what Lambda cannot hand on."""


class FunctionTimedOut(Exception):
    """The handler did not return in time; it may still be at work."""


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """What the template says about a function, as far as the function can see it."""

    name: str = "function"
    timeout_seconds: float = 30
    memory_mb: int = 1024


class LambdaContext:
    """The second argument of a handler, with the names that Lambda gives it."""

    def __init__(self, settings: FunctionSettings, deadline: float, clock: Callable[[], float]) -> None:
        self.function_name = settings.name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{settings.name}"
        # A text, as in the real one.
        self.memory_limit_in_mb = str(settings.memory_mb)
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{settings.name}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None
        self._deadline = deadline
        self._clock = clock

    def get_remaining_time_in_millis(self) -> int:
        """Time until Lambda would end the call; never below zero."""
        return max(0, int((self._deadline - self._clock()) * 1000))


class LambdaFunction:
    """A handler in one Lambda environment: one thread, one call at a time, later calls wait.

    The thread never keeps the process alive: a call that hangs ends with the program.
    """

    def __init__(self, handler: Handler, settings: FunctionSettings, clock: Callable[[], float] = monotonic) -> None:
        self.settings = settings
        self._handler = handler
        self._clock = clock
        self._calls: SimpleQueue[tuple[str, Future[str]]] = SimpleQueue()
        threading.Thread(target=self._work, name=f"lambda-{settings.name}", daemon=True).start()

    def invoke(self, event: dict[str, Any], wait_seconds: float | None = None) -> Any:
        """The handler's result for an event, both as JSON carries them.

        ``wait_seconds`` limits waiting, including for the calls before. Raises ``FunctionFailed`` with the handler's
        exception as its cause, and ``FunctionTimedOut``.
        """
        answer: Future[str] = Future()
        self._calls.put((json.dumps(event), answer))
        try:
            return json.loads(answer.result(wait_seconds))
        except TimeoutError:
            # Nobody waits for the answer any more: a call that has not begun must not begin.
            answer.cancel()
            raise FunctionTimedOut(f"{self.settings.name} did not answer within {wait_seconds} s.") from None

    def _work(self) -> None:
        while True:
            event, answer = self._calls.get()
            if not answer.set_running_or_notify_cancel():
                continue
            context = LambdaContext(self.settings, self._clock() + self.settings.timeout_seconds, self._clock)
            try:
                result = json.dumps(self._handler(json.loads(event), context))
                if len(result) > MAX_RESULT_BYTES:
                    raise ValueError(f"The result has {len(result):,} bytes, which is more than Lambda hands on.")
            except BaseException as error:  # noqa: BLE001 - whatever a handler raises is for its caller to see
                failure = FunctionFailed(f"The handler raised {type(error).__name__}.")
                failure.__cause__ = error
                answer.set_exception(failure)
            else:
                answer.set_result(result)
