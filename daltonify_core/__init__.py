"""Daltonify's domain: what a catalogue, an index and a playlist are, and the rules that hold for them."""
