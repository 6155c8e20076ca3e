"""Ports: what the domain needs from the outside, in its own words; a module for each subject.

They come in wherever something starts, so what only annotations name is imported for the type checker alone.
"""
