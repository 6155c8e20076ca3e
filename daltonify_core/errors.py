"""Every error that Daltonify raises on purpose, in one tree.

    DaltonifyError
    ├── InvalidQuery              the caller can mend the request
    │   ├── InvalidLink           not a Spotify track or album link
    │   ├── UnknownGenre          the catalogue offers no such genre
    │   ├── SeedDataNeeded        a seed lacks what ranking needs
    │   └── NoBiggerArtists       the rules leave no track to recommend
    ├── InvalidTrack              one row or record cannot be a track
    ├── InvalidDataset            a whole file or folder cannot be imported
    ├── CatalogueEmpty            no valid track to build an index from
    ├── IndexUnavailable          there is no index to answer from
    ├── IndexCorrupt              an index bundle is not what its manifest promises
    └── ActivationConflict        somebody else activated an index in between

``code`` is stable and machine readable; the message is safe to show and says what to do.
"""

from collections.abc import Mapping, Sequence


class DaltonifyError(Exception):
    """Root of every error that is raised on purpose."""

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidQuery(DaltonifyError):
    """A request that its sender can mend; the message says how."""

    code = "invalid_query"


class InvalidLink(InvalidQuery):
    """Text that should be a Spotify track or album link and is not."""

    code = "invalid_link"


class UnknownGenre(InvalidQuery):
    """A genre that the index does not offer; ``offered`` lists those that it does."""

    code = "unknown_genre"

    def __init__(self, message: str, offered: Sequence[str]) -> None:
        super().__init__(message)
        self.offered = tuple(offered)


class SeedDataNeeded(InvalidQuery):
    """A seed that lacks what ranking needs.

    ``missing`` maps the seed's position in the request (from 0) to what it lacks: ``title``, ``artists``, ``features``,
    ``artist_popularity``.
    """

    code = "seed_data_needed"

    def __init__(self, message: str, missing: Mapping[int, Sequence[str]]) -> None:
        super().__init__(message)
        self.missing = {position: tuple(names) for position, names in missing.items()}


class NoBiggerArtists(InvalidQuery):
    """No track is left by a more popular artist of the genre."""

    code = "no_bigger_artists"


class InvalidTrack(DaltonifyError):
    """One record that cannot be a track; ``reason`` is a short stable word for reports."""

    code = "invalid_track"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InvalidDataset(DaltonifyError):
    """A file or folder that cannot be imported at all."""

    code = "invalid_dataset"


class CatalogueEmpty(DaltonifyError):
    """No valid track was found, so no index is built and the current one stays."""

    code = "catalogue_empty"


class IndexUnavailable(DaltonifyError):
    """There is no current index, or it cannot be reached."""

    code = "index_unavailable"


class IndexCorrupt(DaltonifyError):
    """A bundle that differs from its manifest or has an unknown format; build it anew."""

    code = "index_corrupt"


class ActivationConflict(DaltonifyError):
    """The current index changed between reading and swapping it; nothing was overwritten."""

    code = "activation_conflict"
