"""Measurements of quality against playlists that people made; printed, never asserted in a test."""
