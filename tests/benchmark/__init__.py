"""Measurements: printed by `make bench`, never asserted in a test."""
