"""Exports: the list in forms that other programs take.

Spotify's apps accept URIs that are pasted into a playlist; spreadsheets take CSV; JSPF is the JSON form of XSPF, the
playlist format that players and services such as ListenBrainz read (https://www.xspf.org/jspf).

CSV and JSPF mark the place of an own track that is not on Spotify yet. A list of URIs cannot: every line of it is
pasted, so the note of the recommendation says where the track belongs.
"""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Final

from daltonify_core.playlist.recommendation import Recommendation, Row

# A spreadsheet runs a cell that starts like this, and titles such as "=" or "+44" exist. Full-width forms are the same
# signs to some of them; tab and carriage return hide a sign behind white space.
# (OWASP, "CSV Injection".)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

CSV_COLUMNS: Final = (
    "position",
    "own",
    "artists",
    "title",
    "album",
    "release_year",
    "artist_popularity",
    "lift",
    "similarity",
    "reason",
    "uri",
    "url",
    "to_do",
)


def to_uris(rows: Sequence[Row]) -> str:
    """One Spotify URI a line, ready to be pasted into a playlist; rows that are not on Spotify are left out."""
    return "".join(f"{row.uri}\n" for row in rows if row.uri)


def to_csv(rows: Sequence[Row]) -> str:
    """A table for spreadsheets; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        writer.writerow(
            [
                row.position,
                "yes" if row.own else "no",
                _harmless("; ".join(row.artists)),
                _harmless(row.title),
                _harmless(row.album or ""),
                "" if row.release_year is None else row.release_year,
                row.artist_popularity,
                row.lift,
                row.similarity,
                _harmless(row.reason),
                row.uri or "",
                row.url or "",
                _to_do(row),
            ]
        )
    return text.getvalue()


def to_jspf(recommendation: Recommendation, title: str) -> str:
    """A JSPF document; ``identifier`` holds the track's page on Spotify."""
    playlist: dict[str, Any] = {
        "title": title,
        "creator": "Daltonify",
        "annotation": f"Genre: {' and '.join(recommendation.genre.used)}.",
        "track": [_jspf_track(row) for row in recommendation.tracks],
    }
    return json.dumps({"playlist": playlist}, ensure_ascii=False, indent=2) + "\n"


def _jspf_track(row: Row) -> dict[str, Any]:
    track: dict[str, Any] = {
        "title": row.title,
        "creator": ", ".join(row.artists),
        "annotation": _to_do(row) or row.reason,
        "trackNum": row.position,
    }
    if row.album:
        track["album"] = row.album
    if row.url:
        track["identifier"] = [row.url]
    return track


def _to_do(row: Row) -> str:
    return "" if row.uri else f"Not on Spotify yet: add it at place {row.position} on release day."


def _harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
