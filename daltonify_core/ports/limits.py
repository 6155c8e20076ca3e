"""Ports that keep what we do within limits: counters with caps, and services that must not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Cap(NamedTuple):
    """A counter and its limit. ``until`` is when the counter is forgotten, ``None`` for one that lasts.

    The same name with another ``until`` is another counter, so tomorrow's begins at nothing.

    ``message`` is what to tell whoever meets the limit.
    """

    counter: str
    limit: int
    until: datetime | None
    message: str


class Circuit(NamedTuple):
    """An outside service that must not be asked before ``open_until``."""

    open_until: datetime
    why: str


class CircuitStore(Protocol):
    """Which outside services must not be asked for now. Every method may raise ``UpstreamUnavailable``."""

    def open_circuit(self, service: str, circuit: Circuit) -> None:
        """Remember that a service must not be asked; a circuit that stays open longer is kept."""

    def circuit(self, service: str, now: datetime) -> Circuit | None:
        """The circuit of a service while it is open."""


class CounterStore(Protocol):
    """Counts of costly actions. May raise ``UpstreamUnavailable``."""

    def count(self, caps: Sequence[Cap], now: datetime) -> None:
        """Count one more against every cap, all or nothing; raises ``CapReached``."""

    def counted(self, counter: str) -> int:
        """What was counted so far by a counter that lasts."""
