"""Catalogue files as text."""

import csv
import io
from collections.abc import Iterable

from daltonify_core.catalogue.canonical_csv import COLUMNS, format_row
from daltonify_core.catalogue.track import Track


def catalogue_csv(tracks: Iterable[Track], *more_rows: list[str]) -> str:
    """A canonical shard of ``tracks`` and then rows of any kind."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(format_row(track) for track in tracks)
    writer.writerows(more_rows)
    return text.getvalue()
