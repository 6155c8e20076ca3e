"""Which release a hook's body means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.errors import InvalidQuery
from daltonify_core.releases.reference import AnnouncedRelease, announced_release
from daltonify_core.releases.release import ReferenceKind, ReleaseReference

ID = "4HJ7mSMtHAdU55lLjGE4zW"
TRACK = ReleaseReference(ReferenceKind.TRACK, ID)
ALBUM = ReleaseReference(ReferenceKind.ALBUM, ID)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"uri": f"spotify:track:{ID}"}, TRACK),
        ({"url": f"https://open.spotify.com/intl-de/track/{ID}?si=x"}, TRACK),
        ({"link": f"https://open.spotify.com/album/{ID}"}, ALBUM),
        ({"track": ID}, TRACK),
        ({"isrc": "qz-es7-24-00001"}, ReleaseReference(ReferenceKind.ISRC, "QZES72400001")),
        ({"upc": "0 12345 67890 5"}, ReleaseReference(ReferenceKind.UPC, "012345678905")),
        ({"upc": 12345678905}, ReleaseReference(ReferenceKind.UPC, "012345678905")),
        ({"ean": "0012345678905"}, ReleaseReference(ReferenceKind.UPC, "012345678905")),
        ({"title": "  My   Single "}, ReleaseReference(ReferenceKind.TITLE, "my single")),
        ({"name": "My Single", "unknown": [1, {"deep": None}]}, ReleaseReference(ReferenceKind.TITLE, "my single")),
    ],
)
def test_a_release_may_be_named_in_several_ways(body, expected):
    assert announced_release(body).reference == expected
    assert announced_release({"type": "release.created", "data": body}).reference == expected


def test_the_most_exact_way_counts():
    body = {"title": "Single", "upc": "012345678905", "isrc": "QZES72400001", "uri": f"spotify:album:{ID}"}
    assert announced_release(body).reference == ALBUM
    assert announced_release({**body, "uri": ""}).reference.kind is ReferenceKind.ISRC
    assert announced_release({**body, "uri": None, "isrc": None}).reference.kind is ReferenceKind.UPC


@pytest.mark.parametrize(
    "more",
    [
        {"url": "https://distributor.example/my-single"},
        {"track": "My single", "album": {"name": "My single"}},
        {"link": f"https://open.spotify.com/artist/{ID}", "artist": {"name": "Me"}},
    ],
)
def test_what_is_no_link_to_spotify_hides_no_code(more):
    body = {**more, "isrc": "QZES72400001"}
    assert announced_release(body).reference == ReleaseReference(ReferenceKind.ISRC, "QZES72400001")
    assert announced_release({**more, "spotify_url": f"spotify:track:{ID}"}).reference == TRACK


def test_an_artist_beside_the_data_is_seen_too():
    assert announced_release({"artist_id": ID, "data": {"title": "x"}}).artist_id == ID


def test_what_else_helps_is_kept():
    body = {"isrc": "QZES72400001", "title": "Single", "release_date": "2026-01-02T00:00:00Z", "artist_id": ID}
    assert announced_release(body) == AnnouncedRelease(
        ReleaseReference(ReferenceKind.ISRC, "QZES72400001"), "Single", "2026-01-02", ID
    )


@pytest.mark.parametrize("artist", [f"spotify:artist:{ID}", f"https://open.spotify.com/artist/{ID}?si=x", ID])
def test_an_artist_is_known_by_id_in_any_form(artist):
    assert announced_release({"title": "x", "artist": artist}).artist_id == ID


def test_the_name_of_an_artist_says_nothing():
    assert announced_release({"title": "x", "artist": "Somebody Else"}).artist_id is None


@pytest.mark.parametrize("artist", [{"id": ID, "name": "Me"}, {"uri": f"spotify:artist:{ID}"}])
def test_an_artist_may_be_described_as_spotify_does(artist):
    assert announced_release({"title": "x", "artist": artist}).artist_id == ID


@pytest.mark.parametrize("title", ["U\u0308n\u0131", "\u00dcn\u0131", "\u202e\u00dcn\u0131\u0000", "\u00fcn\u0131\t"])
def test_a_title_is_the_same_however_its_letters_are_composed_and_without_what_cannot_be_seen(title):
    announced = announced_release({"title": title})
    assert announced.reference == ReleaseReference(ReferenceKind.TITLE, "\u00fcn\u0131")
    assert announced.title is not None
    assert announced.title.isprintable()


def test_a_title_of_nothing_that_can_be_seen_names_nothing():
    with pytest.raises(InvalidQuery, match="names a release"):
        announced_release({"title": "\u202e\u0000"})


def test_empty_data_hides_nothing():
    assert announced_release({"data": {}, "title": "x"}).reference.value == "x"


@pytest.mark.parametrize("isrc", ["\u00dfZES7240000", "QZES7240000\u0661"])
def test_a_code_has_plain_letters_and_digits(isrc):
    with pytest.raises(InvalidQuery, match="isrc must have 12"):
        announced_release({"isrc": isrc})


@pytest.mark.parametrize("date", ["soon", "2026-13-01", "", "02.01.2026", 20260102, 1767312000000, None, ["2026"]])
def test_a_date_that_cannot_be_read_is_passed_over(date):
    assert announced_release({"title": "x", "release_date": date}).release_date is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"isrc": "QZES7240000"}, "isrc"),
        ({"upc": "12"}, "upc"),
        ({"upc": True}, "upc"),
        ({"title": ["x"]}, "title"),
        ({"title": "x" * 1001}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"uri": f"spotify:artist:{ID}"}, "uri"),
        ({"url": "https://example.org/track/1"}, "url"),
        ({"uri": 7}, "uri"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_field(body, field):
    with pytest.raises(InvalidQuery) as refusal:
        announced_release(body)
    assert refusal.value.field == field


@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"data": {}}, {"title": " "}, {"data": [1]}])
def test_a_body_that_names_no_release_is_told_how_to(body):
    with pytest.raises(InvalidQuery, match="isrc"):
        announced_release(body)


names = st.sampled_from(["uri", "url", "isrc", "upc", "title", "artist", "release_date", "data", "other"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, values))
def test_whatever_comes_is_read_or_refused(body):
    try:
        found = announced_release(body)
    except InvalidQuery:
        return
    assert found.reference.value
