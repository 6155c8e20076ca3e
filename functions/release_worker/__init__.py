"""The worker that brings releases into playlists."""
