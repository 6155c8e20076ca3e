"""Faults on order, for fakes of things that fail: which call, at which moment, with which error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class ProcessKilled(BaseException):
    """Our own process ends here; no ``except`` of the code under test may see it."""


class Moment(StrEnum):
    """Whether the call has done its work when the fault strikes."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Fault:
    """Strikes ``times`` calls of ``method`` (``None``: any), from the ``call``-th on, counted from 0."""

    error: BaseException
    moment: Moment = Moment.BEFORE
    method: str | None = None
    call: int = 0
    times: int = 1


class FaultPlan:
    """Counts the calls of one fake and strikes as planned. ``calls`` holds their names in order.

    So that a test can let something else happen at that moment, ``before_call`` is told the name of each call before
    its work, and ``after_call`` its number once the work is done or refused.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.before_call: Callable[[str], None] = lambda method: None
        self.after_call: Callable[[int], None] = lambda number: None
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    @contextmanager
    def step(self, method: str) -> Iterator[None]:
        """Wrap the work of one call."""
        self.before_call(method)
        fault = self._due(method)
        number = len(self.calls)
        self.calls.append(method)
        if fault and fault.moment is Moment.BEFORE:
            raise fault.error
        try:
            yield
        finally:
            self.after_call(number)
        if fault and fault.moment is Moment.AFTER:
            raise fault.error

    def _due(self, method: str) -> Fault | None:
        for fault in self._faults:
            number = len(self.calls) if fault.method is None else self.calls.count(method)
            if fault.method in (None, method) and fault.call <= number < fault.call + fault.times:
                return fault
        return None
