"""The routes about what the catalogue holds: genres and tracks."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from shared.settings import MAX_FOUND_TRACKS, MAX_IDS, QUERY_CHARACTERS

from api.answers import json_answer
from api.current_index import recommender_of
from api.paths import GENRES_PATH, TRACKS_PATH, Describe
from api.wiring import Services
from daltonify_core.catalogue.links import LinkKind, SpotifyLink, parse_link
from daltonify_core.errors import InvalidLink, InvalidQuery
from daltonify_core.use_cases.find_tracks import FoundTrack, search_tracks, tracks_by_id

# No `type` statements: Powertools looks for the parameter's kind in the annotation itself.
_Words = Annotated[
    str | None,
    Query(
        min_length=QUERY_CHARACTERS[0],
        max_length=QUERY_CHARACTERS[1],
        description="Words of title and artists; the last may be a beginning",
    ),
]
_Ids = Annotated[str | None, Query(description=f"Up to {MAX_IDS} track ids or links, separated by commas")]


def register_catalogue(app: APIGatewayHttpResolver, services: Services, describe: Describe) -> None:
    """Give ``app`` the routes about what the catalogue holds."""

    @app.get(GENRES_PATH, **describe("genres"))
    def genres() -> Response[Any]:
        index = recommender_of(services).index
        offered = [
            {"name": name, "tracks": tracks, "typical": index.typical_features(name).present()}
            for name, tracks in index.manifest.genres.items()
        ]
        return json_answer(200, {"genres": offered})

    @app.get(TRACKS_PATH, **describe("tracks"))
    def tracks(q: _Words = None, ids: _Ids = None) -> Response[Any]:
        if (q is None) == (ids is None):
            field = "q" if ids is None else "ids"
            raise InvalidQuery("Give either q, words to look for, or ids, tracks to look up.", field)
        wanted = _track_ids(ids)
        index = recommender_of(services).index
        found = search_tracks(index, q, MAX_FOUND_TRACKS) if q is not None else tracks_by_id(index, wanted)
        return json_answer(200, {"tracks": [_track_answer(one) for one in found]})


def _track_ids(ids: str | None) -> list[str]:
    links = [] if ids is None else ids.split(",")
    if len(links) > MAX_IDS:
        raise InvalidQuery(f"At most {MAX_IDS} tracks can be looked up at once, not {len(links)}.", "ids")
    found = []
    for place, text in enumerate(links):
        try:
            link = parse_link(text)
        except InvalidLink as error:
            error.field = f"ids[{place}]"
            raise
        if link.kind is not LinkKind.TRACK:
            raise InvalidQuery("Only Spotify knows which tracks an album holds. Give links to tracks.", f"ids[{place}]")
        found.append(link.id)
    return found


def _track_answer(found: FoundTrack) -> dict[str, Any]:
    """A track of the catalogue, with its links."""
    track, link = found.track, SpotifyLink(LinkKind.TRACK, found.track.track_id)
    return {
        "track_id": track.track_id,
        "uri": link.uri,
        "url": link.url,
        "title": track.title,
        "artists": [credit.name for credit in track.artists],
        "album": track.album,
        "release_year": track.release_year,
        "artist_popularity": found.artist_popularity,
        "genres": list(track.genres),
    }
