"""Which of the faults that were ordered of a simulator a request meets."""

import threading
from dataclasses import dataclass
from typing import Protocol


class OrderableFault(Protocol):
    """A fault for ``times`` requests that it matches (``None``: all), once ``after`` of them have passed."""

    @property
    def times(self) -> int | None: ...

    @property
    def after(self) -> int: ...

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault is meant for such a request."""


@dataclass(slots=True)
class _Ordered[Fault: OrderableFault]:
    fault: Fault
    to_pass: int
    left: int | None


class FaultPlan[Fault: OrderableFault]:
    """The faults that are still to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[_Ordered[Fault]] = []

    def add(self, fault: Fault) -> None:
        """Let the fault happen from now on."""
        with self._lock:
            self._ordered.append(_Ordered(fault, fault.after, fault.times))

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._ordered.clear()

    def pending(self) -> list[tuple[Fault, int | None]]:
        """The faults with how often they will still happen."""
        with self._lock:
            return [(one.fault, one.left) for one in self._ordered]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets; a fault that lets it pass counts it."""
        with self._lock:
            for position, one in enumerate(self._ordered):
                if not one.fault.matches(method, path):
                    continue
                if one.to_pass > 0:
                    one.to_pass -= 1
                    continue
                if one.left is not None:
                    one.left -= 1
                    if one.left <= 0:
                        del self._ordered[position]
                return one.fault
        return None
