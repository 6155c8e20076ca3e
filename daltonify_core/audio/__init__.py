"""Listening to an audio file on our own: reading a clip, and measuring roughly how it sounds."""
