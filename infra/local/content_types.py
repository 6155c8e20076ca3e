"""What a browser is told each file of the page is."""

from pathlib import PurePosixPath
from typing import Final

# Not left to the machine's own table, which differs and may call a module plain text: browsers would refuse to run it.
_CONTENT_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


def content_type(name: str) -> str:
    """The media type of a file of this name."""
    return _CONTENT_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
