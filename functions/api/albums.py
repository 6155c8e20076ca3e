"""An album among the seeds becomes its tracks before the domain sees the request.

The catalogue names albums and does not know their ids, so only Spotify can tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.short_links import link_of, with_stand_in
from daltonify_core.catalogue.links import LinkKind, parse_link
from daltonify_core.errors import InvalidLink, InvalidQuery, SeedDataNeeded
from daltonify_core.playlist.request import MAXIMUM_SEEDS
from daltonify_core.ports.look_ups import AlbumListing

_OF_EVERY_TRACK: Final = frozenset({"artist_popularity", "followers", "genres", "popularity_source"})
"""What a caller may say of a whole album, beside its link."""


@dataclass(frozen=True, slots=True)
class WithAlbum:
    """The seeds of a request with the tracks of its album, which are ``places`` (from 0), and what to tell of it."""

    seeds: list[Any]
    places: range = range(0)
    notes: tuple[str, ...] = ()

    def without_unknown(self, needed: SeedDataNeeded) -> "WithAlbum | None":
        """Without the album's tracks that nobody knows enough of, ``None`` unless others of it are enough for a list.

        Whoever gives an album gives it as a whole; one track that nobody knows must not stand in its way.
        """
        unknown = [place for place in needed.missing if place in self.places]
        if len(unknown) < len(needed.missing) or len(unknown) == len(self.places):
            return None
        kept = [seed for place, seed in enumerate(self.seeds) if place not in unknown]
        note = f"{len(unknown)} of the album's {len(self.places)} tracks do not count: too little is known of them."
        return WithAlbum(kept, range(self.places.start, self.places.stop - len(unknown)), (*self.notes, note))


def before_looking(seeds: Sequence[Any]) -> list[Any]:
    """The seeds with some track in place of the album, so that everything else about them can be checked.

    Raises ``InvalidQuery`` for a second album, and for what can be said of a track only.
    """
    places = [place for place, seed in enumerate(seeds) if _album_of(seed)]
    if len(places) > 1:
        raise InvalidQuery("Give one album at a time, or the links of single tracks.", f"seeds[{places[1]}]")
    for place in places:
        seed = seeds[place]
        said = sorted(seed.keys() - _OF_EVERY_TRACK - {"track"}) if isinstance(seed, Mapping) else []
        if said:
            raise InvalidQuery(
                f"{said[0]} is said of a track, and this is the link of an album. Leave it out, or give the link of "
                "the track.",
                f"seeds[{place}].{said[0]}",
            )
    return [with_stand_in(seed) if place in places else seed for place, seed in enumerate(seeds)]


def with_album(seeds: Sequence[Any], listing_of: Callable[[str], AlbumListing]) -> WithAlbum:
    """The seeds with an album replaced by its tracks, as many as a request may have.

    ``listing_of`` is asked for an album only; what it raises goes on, with the place where that is the link's fault.
    """
    place, album_id = next(
        ((place, found) for place, seed in enumerate(seeds) if (found := _album_of(seed))), (0, None)
    )
    if album_id is None:
        return WithAlbum(list(seeds))
    try:
        listing = listing_of(album_id)
    except InvalidLink as error:
        error.field = f"seeds[{place}]"
        raise
    seed = seeds[place]
    said = {name: seed[name] for name in seed.keys() & _OF_EVERY_TRACK} if isinstance(seed, Mapping) else {}
    room = MAXIMUM_SEEDS - (len(seeds) - 1)
    ids = [track.track_id for track in listing.tracks][:room]
    tracks = [{"track": track_id, **said} if said else track_id for track_id in ids]
    notes: tuple[str, ...] = ()
    if listing.total > len(ids):
        title = f" “{listing.title}”" if listing.title else ""
        notes = (f"The album{title} has {listing.total} tracks; the first {len(ids)} were used.",)
    return WithAlbum([*seeds[:place], *tracks, *seeds[place + 1 :]], range(place, place + len(ids)), notes)


def _album_of(seed: Any) -> str | None:
    """The id of the album that a seed links to."""
    pasted = link_of(seed)
    # Nearly all are tracks; their links are read once, by the domain.
    if LinkKind.ALBUM not in pasted:
        return None
    try:
        link = parse_link(pasted)
    except InvalidLink:
        # Whatever is wrong with it, the domain says so.
        return None
    return link.id if link.kind is LinkKind.ALBUM else None
