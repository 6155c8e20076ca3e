"""What every track store promises, the fake and SQLite alike."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.catalogue.artists import KnownArtist, PopularitySource
from daltonify_core.catalogue.plain_rows import plain_row
from daltonify_core.catalogue.track import ArtistCredit
from daltonify_core.errors import IndexCorrupt
from daltonify_core.ports.index import TrackStore
from tests.builders import make_track, track_id
from tests.fakes.memory_tracks import MemoryTracksFormat

FULL = make_track(
    track_id=track_id(7),
    title="Semi;colon \\ \"quoted\", 'comma'\nand a line",
    artists=(ArtistCredit("Tyler, The Creator", "id1"), ArtistCredit("No; Id"), ArtistCredit("Back\\slash", "id3")),
    album="Ünïcödé 夜",
    release_date="1999-12",
    explicit=True,
    popularity=0,
    artist_popularity=100,
    genres=("drum & bass", "semi;colon"),
    snapshot="2024-11",
    source="a file",
    tempo=119.999,
    loudness=-7.123456789,
)
SPARSE = make_track(
    track_id=track_id(3),
    title="Nil",
    artists=("None",),
    album=None,
    release_date=None,
    duration_ms=None,
    explicit=None,
    popularity=None,
    genres=(),
    key=None,
    mode=None,
    time_signature=None,
)
ARTISTS = (
    KnownArtist(("id:1", "name:beyoncé"), "Beyoncé", 90, PopularitySource.CATALOGUE),
    KnownArtist(("name:unknown",), "Unknown", None, None),
    KnownArtist(("name:max",), "Max", 0, PopularitySource.TRACK_MAX),
)
TITLES = (
    ("Halo", ("Beyoncé",)),
    ("Crazy in Love", ("Beyoncé", "JAY-Z")),
    ("halogen lamp", ("Somebody",)),
    ("夜に駆ける", ("YOASOBI",)),
    ("Группа крови", ("Кино",)),
    ("snake_case_song", ("Under_Score",)),
    ("Halo", ("Cover Band",)),
)


@pytest.fixture(params=[SqliteTracksFormat, MemoryTracksFormat])
def track_format(request):
    return request.param()


@pytest.fixture
def open_store(track_format, tmp_path):
    opened: list[TrackStore] = []

    def build_and_open(tracks, artists=ARTISTS):
        path = tmp_path / f"tracks-{len(opened)}"
        track_format.build(map(plain_row, tracks), artists, path)
        opened.append(track_format.open(path))
        return opened[-1]

    yield build_and_open
    for store in opened:
        store.close()


@pytest.fixture
def searchable(open_store):
    return open_store(
        make_track(track_id=track_id(item), title=title, artists=artists)
        for item, (title, artists) in enumerate(TITLES)
    )


def test_a_track_comes_back_exactly_as_it_was_stored(open_store):
    assert open_store([FULL, SPARSE]).tracks([0, 1]) == [FULL, SPARSE]


def test_a_list_is_told_the_same_of_its_tracks(open_store):
    store = open_store([FULL, SPARSE])
    for track, listed in zip([SPARSE, FULL], store.listed([1, 0]), strict=True):
        assert listed.artists == tuple(credit.name for credit in track.artists)
        for name in ("track_id", "title", "album", "release_date", "explicit", "popularity", "features"):
            assert getattr(listed, name) == getattr(track, name)
        assert type(listed.explicit) is type(track.explicit)
        assert listed.release_year == track.release_year


def test_tracks_come_in_the_order_asked_for_even_repeated(open_store):
    tracks = [make_track(track_id=track_id(number)) for number in (5, 3, 9, 1)]
    store = open_store(tracks)
    assert store.tracks([2, 0, 3, 0]) == [tracks[2], tracks[0], tracks[3], tracks[0]]
    assert store.tracks([]) == []


def test_thousands_of_tracks_can_be_asked_for_at_once(open_store):
    store = open_store(make_track(track_id=track_id(number)) for number in range(2_500))
    wanted = list(range(2_499, -1, -1))
    assert [track.track_id for track in store.tracks(wanted)] == [track_id(number) for number in wanted]
    assert store.find([track_id(number) for number in wanted]) == {track_id(number): number for number in wanted}
    # SQLite takes 32,766 values in one statement.
    assert len(store.find([track_id(number) for number in range(33_000)])) == 2_500
    assert store.find_artists([f"nobody {number}" for number in range(33_000)]) == {}


@pytest.mark.parametrize("item", [2, -1, 10**9])
def test_an_item_or_artist_that_the_store_lacks_means_a_corrupt_index(open_store, item):
    store = open_store([FULL, SPARSE], ARTISTS[:2])
    with pytest.raises(IndexCorrupt):
        store.tracks([0, item])
    with pytest.raises(IndexCorrupt):
        store.listed([0, item])
    with pytest.raises(IndexCorrupt):
        store.artists([0, item])


def test_only_known_ids_are_found_and_case_matters(open_store):
    known = "aBcDeFgHiJkLmNoPqRsTuV"
    store = open_store([SPARSE, make_track(track_id=known)])
    assert store.find([known, track_id(3), track_id(99), known.lower(), "", "x' OR '1'='1"]) == {
        known: 1,
        track_id(3): 0,
    }
    assert store.find([]) == {}


def test_known_tracks_are_those_that_are_found(open_store):
    store = open_store([FULL, SPARSE])
    asked = [SPARSE.track_id, track_id(99), FULL.track_id]
    assert store.known(asked) == {FULL.track_id: (0, FULL), SPARSE.track_id: (1, SPARSE)}
    assert store.known([]) == {}


def test_artists_come_back_in_the_order_asked_for(open_store):
    store = open_store([FULL])
    assert store.artists([2, 0, 1, 0]) == [ARTISTS[2], ARTISTS[0], ARTISTS[1], ARTISTS[0]]
    assert store.find_artists(["name:max", "id:1", "name:beyoncé", "nobody"]) == {
        "name:max": 2,
        "id:1": 0,
        "name:beyoncé": 0,
    }


def test_an_artist_to_whom_no_key_leads_is_known_by_number(open_store):
    nobodys = KnownArtist((), "Shared name", 12, PopularitySource.CATALOGUE)
    assert open_store([FULL], (ARTISTS[0], nobodys, ARTISTS[2])).artists([1, 2]) == [nobodys, ARTISTS[2]]


def test_a_store_counts_its_tracks_and_artists(open_store):
    assert open_store([FULL, SPARSE]).count() == (2, 3)
    assert open_store([FULL], ()).count() == (1, 0)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("halo", [0, 2, 6]),
        ("HALO", [0, 2, 6]),
        ("halo bey", [0]),
        ("beyonce", [0, 1]),
        ("Beyoncé love", [1]),
        ("beyonce\u0301", [0, 1]),
        ("beyo\u0301nce", [0, 1]),
        ("h", []),
        ("crazy lo", [1]),
        ("cra love", []),
        ("ove", []),
        ("jay-z", [1]),
        ("夜に", [3]),
        ("групп", [4]),
        ("КРОВИ кино", [4]),
        ("snake_case", [5]),
        ("under_score sn", [5]),
        ("lamp nobody", []),
    ],
)
def test_search_wants_every_word_and_takes_the_last_as_a_beginning(searchable, text, items):
    assert searchable.search(text, 10) == items


def test_search_gives_the_first_items_up_to_the_limit(searchable):
    assert searchable.search("halo", 2) == [0, 2]


def test_search_may_begin_with_the_smallest_artists(searchable):
    everything = searchable.search("halo", 100)
    assert searchable.search("halo", 2, smallest_first=True) == everything[:-3:-1]


@pytest.mark.parametrize("text", ["", "   ", "!?", "_", "❤️", '"', "***", "\0"])
def test_search_without_a_word_finds_nothing(searchable, text):
    assert searchable.search(text, 10) == []


@pytest.mark.parametrize(
    "text",
    [
        '" OR "halo',
        "title: nothing",
        "nothing NEAR(halo)",
        "halo NOT beyonce",
        "halo AND zzz",
        "{title}: zzz",
        "^zzz",
        "zzz'; DROP TABLE tracks; --",
        "halo* zzz",
        'halo" "zzz',
        "\0zzz halo",
        "zzz " * 30,
    ],
)
def test_search_syntax_in_the_text_is_only_words(searchable, text):
    assert searchable.search(text, 10) == []
    assert searchable.count() == (len(TITLES), len(ARTISTS))


def test_equal_input_gives_equal_bytes_even_over_an_older_file(track_format, tmp_path):
    tracks = [make_track(track_id=track_id(number), title=f"Title {number}") for number in range(300)]
    track_format.build(map(plain_row, tracks), ARTISTS, tmp_path / "one")
    track_format.build(map(plain_row, tracks[:5]), (), tmp_path / "two")
    track_format.build(map(plain_row, tracks), ARTISTS, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"plain text " * 100], ids=["absent", "empty", "json", "text"])
def test_a_file_that_is_no_track_store_is_refused(track_format, tmp_path, content):
    path = tmp_path / "tracks"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexCorrupt):
        track_format.open(path)
    assert path.exists() == (content is not None)


def test_reading_changes_nothing_on_disk(track_format, open_store, tmp_path):
    store = open_store([FULL, SPARSE])
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    store.tracks([0])
    store.search("nil", 5)
    store.close()
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_store_may_be_read_from_another_thread_than_the_one_that_opened_it(searchable):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(searchable.search, "halo", 1).result() == [0]


def test_a_database_without_our_tables_is_no_track_store(tmp_path):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE tracks (item INTEGER PRIMARY KEY, track_id TEXT)")
    with pytest.raises(IndexCorrupt, match="not a track store"):
        SqliteTracksFormat().open(path)


def test_a_database_that_is_damaged_further_in_is_reported_as_corrupt(tmp_path):
    path = tmp_path / "tracks.sqlite"
    tracks = (make_track(track_id=track_id(number), title=f"Title {number}") for number in range(500))
    SqliteTracksFormat().build(map(plain_row, tracks), ARTISTS, path)
    content = path.read_bytes()
    # The first page holds the schema and stays whole, so that the file opens.
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with closing(SqliteTracksFormat().open(path)) as store:
        for read in (
            lambda: store.tracks([0]),
            lambda: store.find([track_id(1)]),
            lambda: store.search("title", 5),
            lambda: store.count(),
            lambda: store.find_artists(["id:1"]),
        ):
            with pytest.raises(IndexCorrupt, match="cannot be read"):
                read()
