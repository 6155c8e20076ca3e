"""The playlist: which tracks are chosen for a seed, in which order, and why."""
