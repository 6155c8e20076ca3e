"""ReccoBeats on one machine, as far as its answers are known: for tests and for the demo.

A real HTTP server on 127.0.0.1 that keeps everything in memory. It knows the tracks that it is given and no others, in
the shapes, with the limits and the refusals of the real service.
"""

from infra.local.reccobeats_simulator.exchanges import Exchange
from infra.local.reccobeats_simulator.faults import Fault, FaultKind
from infra.local.reccobeats_simulator.rows import RowsOfTracks, SimulatedRow
from infra.local.reccobeats_simulator.server import ReccoBeatsSimulator

__all__ = ["Exchange", "Fault", "FaultKind", "ReccoBeatsSimulator", "RowsOfTracks", "SimulatedRow"]
