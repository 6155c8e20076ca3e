"""Pasted text becomes a link or a refusal that helps; nothing else may happen, whatever is pasted."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from daltonify_core.catalogue.links import (
    LinkKind,
    SpotifyLink,
    is_short_link,
    is_spotify_id,
    parse_link,
    parse_playlist_link,
)
from daltonify_core.errors import InvalidLink, InvalidQuery

ID = "4HJ7mSMtHAdU55lLjGE4zW"
OTHER_ID = "11dFghVXANMlKmJXsNCbNl"
URL = f"https://open.spotify.com/track/{ID}"
TRACK = SpotifyLink(LinkKind.TRACK, ID)
ALBUM = SpotifyLink(LinkKind.ALBUM, ID)

BASE62 = string.ascii_letters + string.digits
ids = st.text(BASE62, min_size=22, max_size=22)
links = st.builds(SpotifyLink, st.sampled_from(LinkKind), ids)


def refusal(text: str) -> str:
    with pytest.raises(InvalidLink) as caught:
        parse_link(text)
    return caught.value.message


def link_or_refusal(text: str) -> SpotifyLink | InvalidLink:
    try:
        return parse_link(text)
    except InvalidLink as refused:
        return refused


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f"http://open.spotify.com/track/{ID}",
        f"open.spotify.com/track/{ID}",
        f"HTTPS://OPEN.Spotify.COM/track/{ID}",
        f"{URL}?si=6e4d5f0a1b2c4d3e",
        f"{URL}?si=a&context=spotify%3Aplaylist%3A{OTHER_ID}",
        f"{URL}?context=spotify:user:spotify:playlist:{OTHER_ID}&utm_source=été",
        f"{URL}?go=1&utm_referrer=https://open.spotify.com/album/{OTHER_ID}",
        f"{URL}#0:30",
        f"{URL}?si=a#:~:text=x",
        f"{URL}/",
        f"{URL}///?si=a",
        f"https://open.spotify.com//track/{ID}",
        f"https://open.spotify.com/intl-de/track/{ID}?si=a",
        f"https://open.spotify.com/intl-pt-br/track/{ID}",
        f"https://open.spotify.com/intl-pt-BR/track/{ID}",
        f"https://open.spotify.com/intl-es-419/track/{ID}",
        f"https://open.spotify.com/embed/track/{ID}?utm_source=generator&theme=0",
        f"https://open.spotify.com/intl-de/embed/track/{ID}",
        f"https://play.spotify.com/track/{ID}",
        f"spotify:track:{ID}",
        f"SPOTIFY:track:{ID}",
        f"spotify:track:{ID}?si=a",
        f"spotify:track:{ID}#0:30",
        f"spotify://track/{ID}",
        f"spotify://track/{ID}/?si=a",
        ID,
    ],
)
def test_every_usual_form_of_a_track_link_is_read(text: str) -> None:
    assert parse_link(text) == TRACK


@pytest.mark.parametrize(
    "text",
    [
        f"https://open.spotify.com/album/{ID}?si=a",
        f"open.spotify.com/intl-ja/album/{ID}/",
        f"https://open.spotify.com/embed/album/{ID}",
        f"spotify:album:{ID}",
        f"spotify://album/{ID}",
        f"https://open.spotify.com/album/{ID}?highlight=spotify:track:{OTHER_ID}",
    ],
)
def test_an_album_link_is_read_as_the_album(text: str) -> None:
    assert parse_link(text) == ALBUM


@pytest.mark.parametrize("link", [URL, f"spotify:track:{ID}", ID])
@pytest.mark.parametrize(
    "surrounded",
    [
        "  {}\n",
        "\r\n\t{}\t",
        "\u3000{}\xa0",
        "\ufeff{}\u200b",
        "\u200e {} \u200e",
        "<{}>",
        "< {} >",
        '"{}"',
        "'{}'",
        "`{}`",
        "({})",
        "[{}]",
        "“{}”",
        "„{}“",
        "‘{}’",
        "«{}»",
        ' "<{}>" ',
    ],
)
def test_what_chat_programs_and_mails_put_around_a_link_is_taken_off(surrounded: str, link: str) -> None:
    assert parse_link(surrounded.format(link)) == TRACK


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://open.spotify.com.evil.example/track/{}", '"open.spotify.com.evil.example", which is not'),
        ("https://open-spotify.com/track/{}", '"open-spotify.com", which is not open.spotify.com'),
        ("https://openXspotify.com/track/{}", '"openXspotify.com", which is not'),
        ("https://evil.example/open.spotify.com/track/{}", '"evil.example", which is not'),
        ("evil.example/open.spotify.com/track/{}", '"evil.example", which is not'),
        ("https://evil.example/?u=https://open.spotify.com/track/{}", '"evil.example", which is not'),
        ("https://evil.example#open.spotify.com/track/{}", '"evil.example", which is not'),
        ("https://www.open.spotify.com/track/{}", '"www.open.spotify.com", which is not'),
        ("https://spotify.com/track/{}", '"spotify.com", which is not'),
        ("https://open.spotify.com./track/{}", '"open.spotify.com.", which is not'),
        ("https://open.spotify.com%2eevil.example/track/{}", '"open.spotify.com%2eevil.example", which is not'),
        ("https%3A%2F%2Fopen.spotify.com%2Ftrack%2F{}", "is not open.spotify.com"),
        ("https://open.spotify.com@evil.example/track/{}", 'to "evil.example" with a user name'),
        ("https://open.spotify.com:x@evil.example/track/{}", 'to "evil.example" with a user name'),
        ("https://me@open.spotify.com/track/{}", 'with a user name ("@")'),
        ("https://open.spotify.com:443/track/{}", "no port number"),
        ("https://OPEN.spotify.com:8443/track/{}", "no port number"),
        ("https://open.spоtify.com/track/{}", '"о" (U+043E)'),
        ("https://open.ſpotify.com/track/{}", '"ſ" (U+017F)'),
        ("https://open．spotify.com/track/{}", '"．" (U+FF0E)'),
        ("https://open.spotify.com／track/{}", "cannot be read as a link"),
        ("https://[open.spotify.com/track/{}", "cannot be read as a link"),
        ("https:\\\\open.spotify.com\\track\\{}", "backslash"),
        ("https://evil.example\\@open.spotify.com/track/{}", "backslash"),
        ("https://open.spotify.com/track/{}\0", "invisible or control characters"),
        ("https://open.spotify.com/tr\u202eack/{}", "invisible or control characters"),
        ("https://open.spotify.com/\ud800track/{}", "invisible or control characters"),
        ("https://open.spoti\nfy.com/track/{}", "white space"),
        ("java\tscript://open.spotify.com/track/{}", "text, not a link"),
        ("ftp://open.spotify.com/track/{}", 'starts with "https://", not with "ftp://"'),
        ("javascript:alert('{}')", "which is not open.spotify.com"),
        ("//open.spotify.com/track/{}", "names no site"),
        ("https:///open.spotify.com/track/{}", "names no site"),
    ],
)
def test_an_address_that_only_looks_like_spotify_is_refused(text: str, said: str) -> None:
    assert said in refusal(text.format(ID))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("artist", "an artist; paste one of the artist's tracks or albums instead"),
        ("playlist", "a playlist; paste a single track from it instead"),
        ("episode", "a podcast episode; paste a track or an album"),
        ("show", "a podcast; paste a track or an album"),
        ("audiobook", "an audiobook; paste"),
        ("user", "a listener's profile or playlist; paste"),
        ("collection", "somebody's own library; paste"),
        ("prerelease", "not out yet; paste the track or album once it is out"),
        ("local", "a file on one device"),
        ("concert", "leads to Spotify, but not to a track or an album"),
        ("Track", "leads to Spotify, but not to a track or an album"),
    ],
)
def test_a_link_to_something_else_is_refused_with_what_to_paste_instead(kind: str, said: str) -> None:
    for text in (
        f"https://open.spotify.com/intl-de/{kind}/{ID}?si=a",
        f"spotify:{kind}:{ID}",
        f"spotify://{kind}/{ID}",
    ):
        assert said in refusal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spotify:local:Me:My+Album:My+Single:201", "a file on one device"),
        (f"spotify:user:somebody:playlist:{ID}", "a listener's profile or playlist"),
        (f"https://open.spotify.com/user/somebody/playlist/{ID}", "a listener's profile or playlist"),
        ("https://open.spotify.com/", "not to a track or an album"),
        ("https://open.spotify.com/intl-de", "not to a track or an album"),
        ("https://open.spotify.com?track=1", "not to a track or an album"),
        ("spotify:", "not to a track or an album"),
        ("https://open.spotify.com/track/", "The track's id is missing"),
        ("spotify:album:", "The album's id is missing"),
        (f"{URL}/lyrics", 'goes on after the track\'s id with "lyrics"'),
        (f"spotify:track:{ID}:play", 'goes on after the track\'s id with "play"'),
    ],
)
def test_a_link_to_spotify_of_the_wrong_shape_is_refused(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize("form", ["{}", "spotify:track:{}", "https://open.spotify.com/album/{}?si=a"])
@pytest.mark.parametrize(
    ("link_id", "said"),
    [
        (ID[:-1], "it has 21 characters, and ids have 22"),
        (ID + "a", "it has 23 characters, and ids have 22"),
        (ID[:-1] + "_", '"_" (U+005F)'),
        (ID[:-1] + "%", '"%" (U+0025)'),
        ("%34" + ID[1:], '"%" (U+0025)'),
        ("４" + ID[1:], '"４" (U+FF14)'),
        ("٤" + ID[1:], '"٤" (U+0664)'),
        (ID[:-1] + "Ｗ", '"Ｗ" (U+FF37)'),
        (ID[:-1] + "W\u0301", '"\u0301" (U+0301)'),
        (ID + ",", '"," (U+002C)'),
    ],
)
def test_an_id_that_is_not_22_ascii_letters_and_digits_is_refused(form: str, link_id: str, said: str) -> None:
    message = refusal(form.format(link_id))
    assert said in message
    assert link_id in message
    assert not is_spotify_id(link_id)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n\u3000\ufeff", "empty"),
        ("<>", "empty"),
        ("'", "empty"),
        ("my newest single", "text, not a link"),
        (f"here is my song {URL} check it", "other text or white space"),
        (f"My Spotify: {URL}", "other text or white space"),
        (f"{URL} thanks", "other text or white space"),
        (f"{URL}\n{URL}", "more than one link"),
        (f"{URL},{URL}", "more than one link"),
        (f"{URL}{URL}", "more than one link"),
        (f"{URL}?si=a{URL}", "more than one link"),
        (f"spotify:track:{ID} spotify:track:{OTHER_ID}", "more than one link"),
        (f"open.spotify.com/track/{ID},open.spotify.com/track/{OTHER_ID}", "more than one link"),
        (f"{URL} or spotify:track:{OTHER_ID}", "more than one link"),
        (f"{ID} {OTHER_ID}", "text, not a link"),
        (f"{URL}?si={'a' * 2048}", "characters, far more than a link"),
        (" " * 2049, "2049 characters"),
    ],
)
def test_anything_but_exactly_one_link_is_refused(text: str, said: str) -> None:
    assert said in refusal(text)


def test_a_refusal_is_a_query_error_that_quotes_at_most_sixty_characters() -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_link("https://" + "x" * 2000)
    assert f'"{"x" * 59}…"' in caught.value.message
    assert caught.value.code == "invalid_link"


@pytest.mark.parametrize(
    "text",
    [
        "https://spotify.link/Ugbch9PvPBb",
        "https://spotify.link/a-B_9/",
        "https://spotify.link/a?_p=c11529",
        "https://open.spotify.com/s/abc123",
        "HTTPS://Spotify.Link/Ugbch9PvPBb",
    ],
)
def test_a_short_link_is_recognised_and_parsing_it_says_to_open_it(text: str) -> None:
    assert is_short_link(text)
    assert "short link" in refusal(text)
    assert "open it and copy the full link" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://spotify.link/abc",
        "spotify.link/abc",
        " https://spotify.link/abc",
        "<https://spotify.link/abc>",
        "https://spotify.app.link/abc",
        "https://spotify.app.link/abc?_p=c11529",
    ],
)
def test_a_short_link_that_is_not_followed_is_still_explained(text: str) -> None:
    assert not is_short_link(text)
    assert "short link" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        URL,
        ID,
        "https://spotify.link/",
        "https://spotify.link",
        "https://spotify.link/abc\n",
        "https://spotify.link/a/b",
        "https://spotify.link/../a",
        "https://spotify.link:443/abc",
        "https://me@spotify.link/abc",
        "https://spotify.link@evil.example/abc",
        "https://spotify.link.evil.example/abc",
        "https://spotifyxlink/abc",
        "https://evil.example/spotify.link/abc",
        "https://x.spotify.link/abc",
        "https://spotify.lin\u212a/abc",
        "https://ſpotify.link/abc",
        "https://spotify.link/äbc",
        "https://spotify.link/abc?a\\b",
        "https://open.spotify.com/s/",
        "https://open.spotify.com/intl-de/s/abc",
        "https://spotify.link/" + "a" * 2048,
    ],
)
def test_only_https_links_on_exactly_the_short_hosts_are_short_links(text: str) -> None:
    assert not is_short_link(text)


@given(link=links)
def test_a_link_survives_the_round_trip_through_its_uri_and_url(link: SpotifyLink) -> None:
    assert parse_link(link.uri) == link
    assert parse_link(link.url) == link
    assert link.uri == f"spotify:{link.kind.value}:{link.id}"
    assert link.url == f"https://open.spotify.com/{link.kind.value}/{link.id}"


# Raw addresses and app links in a query are covered by examples above; here, what an encoded query can hold.
tails = st.text(BASE62 + "-._~%=&+!*,;@$?ßé🎵", max_size=40)


@given(
    link=links,
    scheme=st.sampled_from(["https://", "http://", "HTTPS://", "Http://", ""]),
    host=st.sampled_from(["open.spotify.com", "OPEN.SPOTIFY.COM", "Open.Spotify.Com", "play.spotify.com"]),
    locale=st.sampled_from(["", "/intl-de", "/intl-pt-br", "/intl-zh-hant", "/intl-fil"]),
    embed=st.sampled_from(["", "/embed"]),
    slashes=st.sampled_from(["", "/", "//"]),
    query=st.none() | tails,
    fragment=st.none() | tails,
    around=st.sampled_from(["{}", " {}\n", "<{}>", '"{}"', "“{}”", "(<{}>)"]),
)
def test_decorations_never_change_what_a_link_means(
    link: SpotifyLink,
    scheme: str,
    host: str,
    locale: str,
    embed: str,
    slashes: str,
    query: str | None,
    fragment: str | None,
    around: str,
) -> None:
    tail = ("" if query is None else f"?{query}") + ("" if fragment is None else f"#{fragment}")
    text = f"{scheme}{host}{locale}{embed}/{link.kind}/{link.id}{slashes}{tail}"
    assert parse_link(around.format(text)) == link


punctuation = st.sampled_from(
    ["https://", "http:", "//", "/", "\\", ":", "@", "?", "#", "[", "]", "<", ">", '"', " ", "\n", "\0", "%2F", "．"]
)
words = st.sampled_from(
    ["open.spotify.com", "spotify.link", "spotify", "track", "album", "artist", "local", "s", "intl-de", "embed", ID]
)
any_text = st.text() | st.lists(punctuation | words | st.text(max_size=3), max_size=12).map("".join)


@given(text=any_text)
@example(text="https://[::1")
@example(text="https://open.spotify.com:port/track/x")
@example(text="https://open.spotify.com\u2100/track/x")
@example(text="\ud800\udfff")
@example(text="(" * 2048)
@example(text="()" * 1024)
@example(text="(" * 1024 + ")" * 1024)
@example(text="https://open.spotify.com/track/" + "\u202e" * 30)
@example(text="\U0001d54f" * 70 + "/")
@example(text="https://open.spotify.com/track/" + "x" * 500 + "/" + "y" * 500)
@example(text="https://" + "a@" * 600)
@example(text="https://" + "é" * 600)
@example(text="x" * 600 + "://y")
@example(text="😀" * 600)
def test_any_text_is_a_valid_link_or_a_short_printable_refusal_with_the_right_form(text: str) -> None:
    outcome = link_or_refusal(text)
    if isinstance(outcome, InvalidLink):
        assert len(outcome.message) <= 300
        assert outcome.message.isprintable()
        assert URL in outcome.message
    else:
        assert is_spotify_id(outcome.id)
        assert outcome.kind in LinkKind
        assert parse_link(outcome.url) == parse_link(outcome.uri) == outcome


@given(text=any_text)
def test_no_text_is_both_a_short_link_and_a_full_one(text: str) -> None:
    if is_short_link(text):
        refusal(text)


@given(
    place=st.integers(0, len("open.spotify.com")),
    removed=st.integers(0, 2),
    inserted=st.text(BASE62 + "-._~@:%\\ \t\n\0\u200b\u202eоеѕрſ．。／＠", max_size=3),
    scheme=st.sampled_from(["https://", "http://", ""]),
)
def test_a_host_that_differs_in_any_way_is_refused(place: int, removed: int, inserted: str, scheme: str) -> None:
    host = "open.spotify.com"
    lookalike = host[:place] + inserted + host[place + removed :]
    assume(lookalike.lower().strip().strip("\u200b").strip() != host)  # at the edges, these are not part of the host
    refusal(f"{scheme}{lookalike}/track/{ID}")


@given(before=st.text(BASE62 + "-._", max_size=20), after=st.text(BASE62 + "-._@:", max_size=20))
def test_a_host_that_contains_the_right_one_is_refused(before: str, after: str) -> None:
    assume(before or after)
    refusal(f"https://{before}open.spotify.com{after}/track/{ID}")
    refusal(f"https://evil.example/{before}open.spotify.com{after}/track/{ID}")


@given(text=st.text(max_size=30) | st.from_regex(r"\w{22}", fullmatch=True))
def test_an_id_is_22_ascii_letters_or_digits_and_nothing_else(text: str) -> None:
    assert is_spotify_id(text) == (len(text) == 22 and all(character in BASE62 for character in text))


def test_links_are_values() -> None:
    assert {TRACK, parse_link(ID), ALBUM} == {TRACK, ALBUM}
    with pytest.raises(AttributeError):
        TRACK.id = OTHER_ID  # type: ignore[misc]


PLAYLIST = "37i9dQZF1DX0XUsuxWHRQd"


@pytest.mark.parametrize(
    "text",
    [
        PLAYLIST,
        f" <{PLAYLIST}> ",
        f"spotify:playlist:{PLAYLIST}",
        f"https://open.spotify.com/playlist/{PLAYLIST}?si=1f2e",
        f"open.spotify.com/intl-de/playlist/{PLAYLIST}",
        f"https://open.spotify.com/embed/playlist/{PLAYLIST}",
    ],
)
def test_a_playlist_is_known_by_any_form_of_its_link(text: str) -> None:
    assert parse_playlist_link(text) == PLAYLIST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        f"https://open.spotify.com/track/{PLAYLIST}",
        f"spotify:album:{PLAYLIST}",
        "https://open.spotify.com/playlist/",
        "https://open.spotify.com/playlist/short",
        f"https://example.org/playlist/{PLAYLIST}",
        f"https://open.spotify.com/user/me/playlist/{PLAYLIST}",
        "https://spotify.link/abc",
        "x" * 3000,
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_playlist_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(InvalidLink, match=r"One looks like https://open\.spotify\.com/playlist/"):
        parse_playlist_link(text)
