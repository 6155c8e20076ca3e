"""The worker that listens to uploaded audio."""
