"""Releases: from the news that an artist's track is out to the playlist that holds it."""
