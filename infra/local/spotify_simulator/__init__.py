"""Spotify on one machine, as an app in development mode meets it since 2026: for tests and for the demo.

A real HTTP server on 127.0.0.1 that keeps everything in memory. It invents nothing that the real service does not
have, and refuses what the real one refuses; what it does not simulate is answered 501, which Spotify never sends.
"""

from infra.local.spotify_simulator.catalogue import SimulatedTrack
from infra.local.spotify_simulator.exchanges import Exchange
from infra.local.spotify_simulator.faults import Fault, FaultKind
from infra.local.spotify_simulator.server import SpotifySimulator
from infra.local.spotify_simulator.state import SimulatedPlaylist

__all__ = ["Exchange", "Fault", "FaultKind", "SimulatedPlaylist", "SimulatedTrack", "SpotifySimulator"]
