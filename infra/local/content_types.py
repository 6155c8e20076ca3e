"""What a browser is told each file of the page is."""

from pathlib import Path, PurePosixPath
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


LOGO: Final = "spotify-logo.svg"
"""Where an operator places Spotify's logo in the page's folder; it is not ours to hand out."""
NO_LOGO: Final = "none"
HTML_CACHE: Final = "no-cache"
OTHER_CACHE: Final = "public, max-age=60, must-revalidate"

# Of the types above, those that CloudFront compresses. Icons and the manifest are not on its list, pictures and fonts
# are compressed as they are.
_COMPRESSED: Final = frozenset(
    {"application/json", "image/svg+xml", "text/css", "text/html", "text/javascript", "text/plain"}
)
_COMPRESSED_BYTES: Final = (1_000, 10_000_000)


def content_type(name: str) -> str:
    """The media type of a file of this name."""
    return _CONTENT_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")


def served_type(name: str) -> str:
    """The media type with the charset that belongs to it, as the header ``Content-Type`` has it."""
    kind = content_type(name)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith(("+xml", "json")) else kind


def cache_control(name: str) -> str:
    """How long a browser may use its copy of the file; see ``infra.local.deploy.page``."""
    return HTML_CACHE if content_type(name) == "text/html" else OTHER_CACHE


def is_compressed(kind: str, size: int) -> bool:
    """Whether CloudFront compresses a file of this media type and so many bytes for a browser that takes it so."""
    least, most = _COMPRESSED_BYTES
    return kind.partition(";")[0] in _COMPRESSED and least <= size <= most


def logo_in(site: Path) -> str:
    """What the template's ``SpotifyLogo`` is for this folder of the page."""
    return LOGO if (site / LOGO).is_file() else NO_LOGO
