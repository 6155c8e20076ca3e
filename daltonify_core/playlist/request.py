"""What may be asked of the recommender, checked before anything is computed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from daltonify_core.catalogue.artists import PopularitySource
from daltonify_core.catalogue.audio_features import CONTINUOUS_FEATURES, AudioFeatures, FeaturesSource
from daltonify_core.catalogue.genres import normalise_genres
from daltonify_core.catalogue.links import LinkKind, is_spotify_id, parse_link
from daltonify_core.catalogue.track import MAX_DURATION_MS, MAX_NAME_LENGTH, is_release_date
from daltonify_core.errors import InvalidQuery, InvalidTrack
from daltonify_core.playlist.band import BandLifts
from daltonify_core.playlist.filters import Explicit
from daltonify_core.playlist.own_slots import OwnSlots
from daltonify_core.ports.look_ups import IdentitySource

MAXIMUM_SEEDS: Final = 20
SIZE_LIMITS: Final = (5, 100)
DEFAULT_SIZE: Final = 30
YEAR_LIMITS: Final = (1900, 2100)
MAXIMUM_FOLLOWERS: Final = 10**9
MAXIMUM_EXCLUSIONS: Final = 500
MAXIMUM_PINNED: Final = SIZE_LIMITS[1]
MAXIMUM_VARIATION: Final = 1_000_000
MAXIMUM_ADDRESS_CHARACTERS: Final = 2000
_AND: Final = " and "
# What an artist's own file tells, which is worth less than what is known of the published recording.
_FROM_A_FILE: Final = frozenset({FeaturesSource.AUDIO_FILE, FeaturesSource.MEASURED})


class Order(StrEnum):
    """How the chosen tracks are ordered."""

    FLOW = "flow"
    SIMILARITY = "similarity"
    POPULARITY = "popularity"


@dataclass(frozen=True, slots=True)
class Seed:
    """One track to start from: an id that somebody knows, or what nobody else knows, or both.

    ``features`` by hand outrank all others, one by one, because the artist's ear does; those of other sources stand
    behind the catalogue's and what is looked up. ``features_by_hand`` names those by hand where ``features_source``
    names others too; left out, all are then taken to be. ``artist_popularity`` and ``followers`` count only when the
    artist is not certainly the catalogue's, because rule 1 must hold from outside; ``release_date``
    (``YYYY[-MM[-DD]]``, it may lie ahead), ``duration_ms``, ``album``, ``explicit`` and ``popularity`` (the track's
    own) where the catalogue knows none. ``artist_ids`` are Spotify's, as many as ``artists`` or none.

    A seed of an answer may come back as a seed; it is known by its ``identity_source``, and nobody is asked for it
    again. The sources say who told its facts: one ``FeaturesSource`` or ``IdentitySource``, or several in the form of
    ``"reccobeats and given"``.
    """

    track_id: str | None = None
    title: str | None = None
    artists: tuple[str, ...] = ()
    features: AudioFeatures = field(default_factory=AudioFeatures)
    genres: tuple[str, ...] = ()
    artist_popularity: int | None = None
    followers: int | None = None
    release_date: str | None = None
    duration_ms: int | None = None
    features_source: str = FeaturesSource.GIVEN
    artist_ids: tuple[str, ...] = ()
    identity_source: str | None = None
    popularity_source: PopularitySource = PopularitySource.GIVEN
    album: str | None = None
    artwork_url: str | None = None
    explicit: bool | None = None
    popularity: int | None = None
    features_by_hand: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.track_id is not None and not is_spotify_id(self.track_id):
            raise InvalidQuery(f"{self.track_id[:40]!r} is not a Spotify track id.", "track")
        if self.track_id is None and not (self.title and self.artists):
            raise InvalidQuery("A seed without a Spotify track needs a title and at least one artist.")
        if any(not name.strip() or len(name) > MAX_NAME_LENGTH for name in (self.title or "x", *self.artists)):
            raise InvalidQuery("A seed's title and artists must be 1 to 1,000 characters long.")
        if not _is_text((self.title or "", self.album or "", *self.artists)):
            raise InvalidQuery("A seed's title and artists hold half a character; paste them anew.")
        if len(self.album or "") > MAX_NAME_LENGTH:
            raise InvalidQuery("A seed's album must be at most 1,000 characters long.", "album")
        if self.artist_ids and len(self.artist_ids) != len(self.artists):
            raise InvalidQuery("artist_ids must be as many as artists, or left out.", "artist_ids")
        if not all(map(is_spotify_id, self.artist_ids)):
            raise InvalidQuery("artist_ids must be Spotify ids, each of 22 letters and digits.", "artist_ids")
        for name, value in (("artist_popularity", self.artist_popularity), ("popularity", self.popularity)):
            if value is not None and not 0 <= value <= 100:
                raise InvalidQuery(f"{name} must be from 0 to 100.", name)
        if self.followers is not None and not 0 <= self.followers <= MAXIMUM_FOLLOWERS:
            raise InvalidQuery(f"followers must be from 0 to {MAXIMUM_FOLLOWERS:,}.", "followers")
        if self.release_date is not None and not is_release_date(self.release_date):
            raise InvalidQuery(
                f"release_date is {self.release_date[:40]!r}; it must be a date as YYYY, YYYY-MM or YYYY-MM-DD.",
                "release_date",
            )
        if self.duration_ms is not None and not 0 < self.duration_ms <= MAX_DURATION_MS:
            raise InvalidQuery("duration_ms must be a length in milliseconds of at most a day.", "duration_ms")
        if self.artwork_url is not None and not is_address(self.artwork_url):
            raise InvalidQuery("artwork_url must be the web address of a picture (https://…).", "artwork_url")
        _sources(self.features_source, FeaturesSource, "features_source")
        _sources(self.identity_source or IdentitySource.GIVEN, IdentitySource, "identity_source")
        if self.features_by_hand and (unknown := sorted(set(self.features_by_hand) - set(self.features.present()))):
            raise InvalidQuery(
                f"features_by_hand names {unknown[0][:40]!r}, which is not among the features.", "features_by_hand"
            )

    @property
    def features_sources(self) -> frozenset[FeaturesSource]:
        """Who told the seed's features."""
        return _sources(self.features_source, FeaturesSource, "features_source")

    @property
    def identity_sources(self) -> frozenset[IdentitySource]:
        """Who told the seed's title and artists."""
        return _sources(self.identity_source or IdentitySource.GIVEN, IdentitySource, "identity_source")

    @property
    def came_back(self) -> bool:
        """Whether it is a seed of an answer, which says already what could be learned."""
        return self.identity_source is not None

    @property
    def by_hand(self) -> frozenset[str]:
        """Names of the features that are by hand; who names the catalogue as their source may be wrong about it."""
        if self.features_by_hand:
            return frozenset(self.features_by_hand)
        others = self.features_sources - {FeaturesSource.CATALOGUE}
        return frozenset(self.features.present()) if not others or FeaturesSource.GIVEN in others else frozenset()

    @property
    def wants_features(self) -> bool:
        """Whether some of the nine features are absent, or only those of a file that others would outrank."""
        if self.features.missing():
            return True
        is_heard = not self.features_sources.isdisjoint(_FROM_A_FILE)
        return is_heard and not self.by_hand.issuperset(CONTINUOUS_FEATURES)

    @classmethod
    def from_link(cls, text: str) -> "Seed":
        """A seed from any form of track link; raises ``InvalidLink``, or ``InvalidQuery`` for an album."""
        link = parse_link(text)
        if link.kind is LinkKind.ALBUM:
            raise InvalidQuery("Only Spotify knows which tracks an album holds. Give the links of its tracks instead.")
        return cls(track_id=link.id)

    @classmethod
    def from_value(cls, value: object) -> "Seed":
        """A seed from parsed JSON, a link or an object; raises ``InvalidQuery`` saying what is wrong."""
        if isinstance(value, str):
            return cls.from_link(value)
        if not isinstance(value, Mapping):
            raise InvalidQuery("A seed must be a link or an object.")
        _refuse_unknown(value, _SEED_FIELDS, "A seed")
        try:
            features = AudioFeatures.from_mapping(_optional(value, "features", dict) or {})
        except InvalidTrack as error:
            raise InvalidQuery(error.message, "features") from error
        return cls(
            track_id=_track_id_of(value),
            title=_optional(value, "title", str),
            artists=_strings(value, "artists"),
            features=features,
            genres=normalise_genres(_strings(value, "genres")),
            artist_popularity=_optional(value, "artist_popularity", int),
            followers=_optional(value, "followers", int),
            release_date=_optional(value, "release_date", str),
            duration_ms=_optional(value, "duration_ms", int),
            features_source=_or(_optional(value, "features_source", str), FeaturesSource.GIVEN),
            artist_ids=_strings(value, "artist_ids"),
            identity_source=_optional(value, "identity_source", str),
            popularity_source=_choice(value, "popularity_source", PopularitySource, PopularitySource.GIVEN),
            album=_optional(value, "album", str),
            artwork_url=_optional(value, "artwork_url", str),
            explicit=_optional(value, "explicit", bool),
            popularity=_optional(value, "popularity", int),
            features_by_hand=_strings(value, "features_by_hand"),
        )


# ``features_rough`` follows from the features' source, so what an answer said of it is taken and not used.
_SEED_FIELDS: Final = frozenset({"track", "features_rough", *(one.name for one in fields(Seed))})


@dataclass(frozen=True, slots=True)
class RequestFilters:
    """Wishes that remove tracks. Artists are names or Spotify ids; tracks may be given as links and are kept as ids."""

    explicit: Explicit = Explicit.ALLOW
    year_from: int | None = None
    year_to: int | None = None
    exclude_artists: tuple[str, ...] = ()
    exclude_tracks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        first, last = YEAR_LIMITS
        for name, year in (("year_from", self.year_from), ("year_to", self.year_to)):
            if year is not None and not first <= year <= last:
                raise InvalidQuery(f"The year {year} is not possible; give one from {first} to {last}.", name)
        if self.year_from is not None and self.year_to is not None and self.year_from > self.year_to:
            raise InvalidQuery(f"year_from ({self.year_from}) must not be after year_to ({self.year_to}).", "year_from")
        for name, excluded in (("exclude_artists", self.exclude_artists), ("exclude_tracks", self.exclude_tracks)):
            if len(excluded) > MAXIMUM_EXCLUSIONS:
                raise InvalidQuery(f"At most {MAXIMUM_EXCLUSIONS} artists and as many tracks can be excluded.", name)
        object.__setattr__(self, "exclude_tracks", _track_ids(self.exclude_tracks, "exclude_tracks"))
        if any(len(name) > MAX_NAME_LENGTH for name in self.exclude_artists) or not _is_text(self.exclude_artists):
            raise InvalidQuery(
                "exclude_artists must be names of at most 1,000 characters, or Spotify ids.", "exclude_artists"
            )


@dataclass(frozen=True, slots=True)
class RecommendationRequest:
    """A request that passed every check that needs no index.

    ``size`` counts recommended tracks; own tracks come extra. ``band`` is ``None`` for the default one, which may
    widen; a band that was asked for widens only with ``widen``. ``targets`` are shifts from -1 to 1 by continuous
    feature, in standard deviations of the catalogue: more or less of it than the seeds have. ``era`` lets time of
    release count beside the sound. ``pinned`` tracks, given as links and kept as ids once each, stand in the list ahead
    of the choice and count in ``size``; more of them than that make the list longer. ``reason_parts`` changes no list,
    only what is told of its rows: see ``Recommendation.to_dict``. Raises ``InvalidQuery``.
    """

    seeds: tuple[Seed, ...]
    genre: str | None = None
    size: int = DEFAULT_SIZE
    band: BandLifts | None = None
    widen: bool = False
    popularity_weight: float = 0.0
    order: Order = Order.FLOW
    own_slots: OwnSlots = OwnSlots.EARLY
    filters: RequestFilters = field(default_factory=RequestFilters)
    era: bool = True
    targets: Mapping[str, float] = field(default_factory=dict)
    variation: int = 0
    pinned: tuple[str, ...] = ()
    reason_parts: bool = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.seeds) <= MAXIMUM_SEEDS:
            raise _wrong_number_of_seeds(len(self.seeds))
        low, high = SIZE_LIMITS
        if not low <= self.size <= high:
            raise InvalidQuery(f"The size {self.size} is not possible; ask for {low} to {high} tracks.", "size")
        if not 0.0 <= self.popularity_weight <= 1.0:
            raise InvalidQuery(
                f"popularity_weight is {self.popularity_weight}; it must be from 0 to 1.", "popularity_weight"
            )
        for name, shift in self.targets.items():
            if name not in CONTINUOUS_FEATURES:
                raise InvalidQuery(
                    f"{name[:40]!r} cannot be a target; known are {', '.join(CONTINUOUS_FEATURES)}.",
                    f"targets.{name[:40]}",
                )
            if not -1.0 <= shift <= 1.0:
                raise InvalidQuery(f"The target of {name} is {shift}; it must be from -1 to 1.", f"targets.{name}")
        # Not to move is not to ask, so both give the same list with the same words.
        object.__setattr__(self, "targets", {name: shift for name, shift in self.targets.items() if shift})
        if not 0 <= self.variation <= MAXIMUM_VARIATION:
            raise InvalidQuery(
                f"variation is {self.variation}; it must be from 0 to {MAXIMUM_VARIATION:,}.", "variation"
            )
        if len(self.pinned) > MAXIMUM_PINNED:
            raise InvalidQuery(f"At most {MAXIMUM_PINNED} tracks can be pinned, not {len(self.pinned)}.", "pinned")
        object.__setattr__(self, "pinned", tuple(dict.fromkeys(_track_ids(self.pinned, "pinned"))))

    @property
    def may_widen(self) -> bool:
        """Whether a band with too few tracks may widen."""
        return self.band is None or self.widen

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "RecommendationRequest":
        """A request from parsed JSON; raises ``InvalidQuery`` for unknown fields and wrong types."""
        if not isinstance(values, Mapping):
            raise InvalidQuery("The request must be an object with seeds.")
        known = {"seeds", "genre", "size", "band", "widen", "popularity_weight", "order", "own_slots", "filters",
                 "era", "targets", "variation", "pinned", "reason_parts"}  # fmt: skip
        _refuse_unknown(values, known, "The request")
        seeds = values.get("seeds")
        if not isinstance(seeds, Sequence) or isinstance(seeds, str):
            raise InvalidQuery("The request needs seeds: a list of links or objects.", "seeds")
        if len(seeds) > MAXIMUM_SEEDS:
            raise _wrong_number_of_seeds(len(seeds))
        return cls(
            seeds=tuple(_seed(position, seed) for position, seed in enumerate(seeds)),
            genre=_optional(values, "genre", str),
            size=_or(_optional(values, "size", int), DEFAULT_SIZE),
            band=_band(_optional(values, "band", dict)),
            widen=_or(_optional(values, "widen", bool), False),
            popularity_weight=_or(_optional(values, "popularity_weight", float), 0.0),
            order=_choice(values, "order", Order, Order.FLOW),
            own_slots=_choice(values, "own_slots", OwnSlots, OwnSlots.EARLY),
            filters=_filters(_optional(values, "filters", dict) or {}),
            era=_or(_optional(values, "era", bool), True),
            targets=_targets(_optional(values, "targets", dict) or {}),
            variation=_or(_optional(values, "variation", int), 0),
            pinned=_strings(values, "pinned"),
            reason_parts=_or(_optional(values, "reason_parts", bool), True),
        )


def fuller_seeds(seeds: Sequence[Seed]) -> list[Seed]:
    """As many seeds, in the place of each the one that says most of the same track, the first if several do."""
    fullest: dict[str | Seed, Seed] = {}
    for seed in seeds:
        track = seed.track_id or seed
        fullest[track] = max(fullest[track], seed, key=_fullness) if track in fullest else seed
    return [fullest[seed.track_id or seed] for seed in seeds]


def _fullness(seed: Seed) -> tuple[int, int]:
    """How much of what a list needs it says, and how much in all."""
    told = [getattr(seed, one.name) not in (None, (), one.default) for one in fields(seed)]
    is_popularity_told = seed.artist_popularity is not None or seed.followers is not None
    needed = (seed.title, seed.artists, seed.features.present(), is_popularity_told)
    return sum(map(bool, needed)), sum(told) + len(seed.features.present())


def joined_sources[E: StrEnum](sources: Collection[E], kind: type[E]) -> str:
    """Sources as answers name them, the most trusted first: ``"reccobeats and given"``."""
    return _AND.join(source for source in kind if source in sources)


def is_address(text: str) -> bool:
    """Whether the text can be the web address of a picture."""
    has_scheme = text.startswith(("https://", "http://"))
    return has_scheme and len(text) <= MAXIMUM_ADDRESS_CHARACTERS and text.isascii() and text.isprintable()


def _sources[E: StrEnum](text: str, kind: type[E], name: str) -> frozenset[E]:
    try:
        return frozenset(map(kind, text.split(_AND)))
    except ValueError:
        raise InvalidQuery(f"{name} must be one of {', '.join(kind)}, or several joined by 'and'.", name) from None


def _track_id_of(value: Mapping[str, Any]) -> str | None:
    """The id of ``track``, a link in any form, or of ``track_id``, as answers name it."""
    track, track_id = _optional(value, "track", str), _optional(value, "track_id", str)
    with _Inside("track" if track is not None else "track_id"):
        found = Seed.from_link(track).track_id if track is not None else track_id
        if found is not None and not is_spotify_id(found):
            raise InvalidQuery(f"{found[:40]!r} is not a Spotify track id.")
    if track_id not in (None, found):
        raise InvalidQuery("track and track_id name different tracks; give one of them.", "track_id")
    return found


def _seed(position: int, value: object) -> Seed:
    with _Inside(f"seeds[{position}]"):
        return Seed.from_value(value)


def _band(values: Mapping[str, Any] | None) -> BandLifts | None:
    if values is None:
        return None
    with _Inside("band"):
        _refuse_unknown(values, {"min_lift", "max_lift"}, "band")
        return BandLifts.from_ends(_optional(values, "min_lift", int), _optional(values, "max_lift", int))


def _targets(values: Mapping[str, Any]) -> dict[str, float]:
    with _Inside("targets"):
        given = {str(name): _optional(values, name, float) for name in values}
    return {name: shift for name, shift in given.items() if shift is not None}


def _filters(values: Mapping[str, Any]) -> RequestFilters:
    with _Inside("filters"):
        _refuse_unknown(values, {"explicit", "year_from", "year_to", "exclude_artists", "exclude_tracks"}, "filters")
        return RequestFilters(
            explicit=_choice(values, "explicit", Explicit, Explicit.ALLOW),
            year_from=_optional(values, "year_from", int),
            year_to=_optional(values, "year_to", int),
            exclude_artists=_strings(values, "exclude_artists"),
            exclude_tracks=_strings(values, "exclude_tracks"),
        )


def _track_ids(links: Sequence[str], name: str) -> tuple[str, ...]:
    """The ids that the links of a list name; raises ``InvalidQuery`` with the place of one that names no track."""
    ids = []
    for position, text in enumerate(links):
        with _Inside(f"{name}[{position}]"):
            link = parse_link(text)
            if link.kind is not LinkKind.TRACK:
                raise InvalidQuery(f"{name} takes track links, not albums.")
            ids.append(link.id)
    return tuple(ids)


class _Inside:
    """What is refused in here lies at ``place`` in the request, or deeper."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InvalidQuery):
            error.field = f"{self._place}.{error.field}" if error.field else self._place


def _wrong_number_of_seeds(count: int) -> InvalidQuery:
    return InvalidQuery(f"Give 1 to {MAXIMUM_SEEDS} seed tracks, not {count}.", "seeds")


def _is_text(texts: Sequence[str]) -> bool:
    """Whether all characters are whole; JSON can hold one half of a pair, which nothing can store or compare."""
    return not any("\ud800" <= character <= "\udfff" for text in texts for character in text)


def _or[T](value: T | None, default: T) -> T:
    return default if value is None else value


def _refuse_unknown(values: Mapping[str, Any], known: Collection[str], what: str) -> None:
    unknown = sorted(str(name) for name in values if name not in known)
    if unknown:
        raise InvalidQuery(
            f"{what} has an unknown field {unknown[0][:40]!r}; known are {', '.join(sorted(known))}.", unknown[0][:40]
        )


def _optional[T](values: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    value = values.get(name)
    if value is None:
        return None
    # JSON's true is an int to Python, and a whole number is a float to people.
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            raise InvalidQuery(f"{name} is far too large.", name) from None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        words = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
        raise InvalidQuery(f"{name} must be {words.get(kind, 'an object')}.", name)
    return value


def _strings(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = values.get(name)
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(text, str) for text in value):
        raise InvalidQuery(f"{name} must be a list of texts.", name)
    return tuple(value)


def _choice[E: StrEnum](values: Mapping[str, Any], name: str, kind: type[E], default: E) -> E:
    value = values.get(name)
    if value is None:
        return default
    try:
        return kind(value)
    except ValueError:
        raise InvalidQuery(f"{name} must be one of {', '.join(kind)}.", name) from None
