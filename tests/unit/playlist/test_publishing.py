"""What may be published: texts without links, tracks that belong, each once, all in one normal form."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.errors import InvalidLink, InvalidPlaylist
from daltonify_core.playlist.publishing import (
    PublishRequest,
    UnreleasedTrack,
    check_sources,
    line_up,
    places_to_add,
    with_reference,
)

TOKEN = "0123456789.NEVERLOGME"
PLAYLIST = "4HJ7mSMtHAdU55lLjGE4zW"


def uri(number: int) -> str:
    return f"spotify:track:{number:022}"


def uris(count: int, start: int = 0) -> tuple[str, ...]:
    return tuple(uri(number) for number in range(start, start + count))


def request(**fields: object) -> PublishRequest:
    values = {"title": "Title", "uris": uris(5), **fields}
    return PublishRequest(**values)  # type: ignore[arg-type]


def refused_field(**fields: object) -> str | None:
    with pytest.raises(InvalidPlaylist) as caught:
        request(**fields)
    assert caught.value.message
    return caught.value.field


# Texts


def test_white_space_becomes_single_spaces():
    made = request(title="  Night \t drive\n\nsongs ", description="a\r\nb\u00a0c\u2003d")
    assert (made.title, made.description) == ("Night drive songs", "a b c d")


def test_letters_are_composed_so_that_equal_texts_are_equal():
    assert request(title="Cafe\u0301").title == "Caf\u00e9"


def test_emoji_made_of_several_characters_stay_whole():
    singer = "\U0001f469\u200d\U0001f3a4\ufe0f"
    assert request(title=singer).title == singer


@pytest.mark.parametrize(
    ("title", "is_allowed"),
    [
        ("", False),
        (" \n", False),
        ("\u200b\ufe0f", False),
        ("\u3164\u2800", False),
        ("\u00ad", False),
        ("x", True),
        ("x" * 80, True),
        ("x" * 81, False),
    ],
)
def test_a_title_has_1_to_80_characters(title, is_allowed):
    if is_allowed:
        assert request(title=title).title == title
    else:
        assert refused_field(title=title) == "title"


def test_a_description_has_at_most_200_characters():
    assert request(description="é" * 200).description == "é" * 200
    assert refused_field(description="é" * 201) == "description"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85x\x86", "\u202e", "\u2066", "\ud83d"])
@pytest.mark.parametrize("field", ["title", "description"])
def test_control_characters_and_half_characters_are_refused(field, character):
    assert refused_field(**{field: f"a{character}b"}) == field


LINKS = [
    "http://example.com",
    "HTTPS://EXAMPLE.COM",
    "see ftp://host",
    "//evil.example",
    "www.example",
    "WWW.x",
    "mysite.com",
    "MySite.Com",
    "(mysite.com)",
    "mysite.com.",
    "mysite.com, and more",
    "_mysite.com_",
    "-evil.com",
    "evil.com-now",
    "mysite.com/x",
    "mysite.co.uk",
    "me@mysite.com",
    "mysite.com:8080",
    "host.example:8080",
    "bit.ly/abc",
    "BIT.LY/ABC",
    "Bit.Ly/abc",
    "youtu.be/abc",
    "linktr.ee/me",
    "goo.gl/abc",
    "t.me/abc",
    "sub.domain.example/path",
    "xn--bcher-kva.example/x",
    "bücher.xn--p1ai",
    "пример.рф/x",
    "10.0.0.1/admin",
    "1.2.3.4",
    "spotify:track:4HJ7mSMtHAdU55lLjGE4zW",
    "Spotify:User:me",
    "open.spotify.com/track/4HJ7mSMtHAdU55lLjGE4zW",
    "ｅｖｉｌ．ｃｏｍ",
    "evil。com",
    "ev\u200bil.c\u2060om",
    "evil\u00ad.com",
    "evil . com",
    "evil . COM/x",
    "evil.c\u034fom",
    "evil\u061c.com",
    "evil.\u180ecom",
    "evil.c\u3164om",
    "evil.c\u2800om",
    "evil.c\U000e0100om",
    "ht\u200btp://x",
]
NO_LINKS = [
    "Mr.Blue",
    "Songs feat.Me",
    "feat.Me",
    "R.E.M.",
    "S.O.S",
    "N.W.A best of",
    "M.I.A.",
    "t.A.T.u.",
    "will.i.am",
    "P.Diddy/Ma.se",
    "AC/DC",
    "AC//DC",
    "Mr.Blue/Red",
    "a.b.c.d/e",
    "Dr.Dre & co",
    "St.Vincent",
    "Jr.Us",
    "e.g. this",
    "wait...what",
    "Yes.No",
    "Is this it.Yes",
    "vol.2/3",
    "No.1 hits",
    "v1.2.3",
    "24.7",
    "Live at 9.30",
    "2024.11.22",
    "Spotify: my favourites",
    "Re: songs",
    "1/2 & 3:4",
    "company",
    "Para dirigir. Com amor",
    "e.g. nets",
    "dot com",
    ".com",
    "com.",
]


@pytest.mark.parametrize("text", LINKS)
def test_texts_that_read_as_links_are_refused(text):
    for around in (text, f"Listen: {text}", f"{text} now", f"«{text}»"):
        assert refused_field(title=around) == "title"
        assert refused_field(description=around) == "description"


@pytest.mark.parametrize("text", NO_LINKS)
def test_names_with_full_stops_and_slashes_are_no_links(text):
    assert request(title=text, description=f"More of {text} here").title == text


@given(st.text(max_size=300))
def test_a_text_that_is_taken_is_in_normal_form_and_one_line(text):
    try:
        made = request(title=text)
    except InvalidPlaylist:
        return
    assert request(title=made.title) == made
    assert len(made.title.splitlines()) == 1
    assert 1 <= len(made.title) <= 80


def test_the_reference_of_an_earlier_publication_is_taken_off():
    published = with_reference("Some words", "ref 0123456789")
    assert published == "Some words · ref 0123456789"
    assert request(description=published).description == "Some words"
    assert request(description=with_reference("", "ref 0123456789")).description == ""
    assert request(description="Some words ·\n  ref \u00a0 0123456789 ").description == "Some words"


def test_a_body_full_of_white_space_is_read_in_one_pass():
    """Looked through again from each of its characters, so much of it would keep the service busy for a minute."""
    assert request(description=" " * 60_000 + "Words").description == "Words"


def test_the_longest_description_with_its_reference_is_within_spotifys_300_characters():
    assert len(with_reference("x" * 200, "ref 0123456789")) < 300


# Tracks


def test_every_form_of_a_track_link_becomes_its_uri():
    link_id = "4HJ7mSMtHAdU55lLjGE4zW"
    forms = (f"https://open.spotify.com/intl-de/track/{link_id}?si=x", uri(1), f" spotify:track:{uri(2)[-22:]} ")
    assert request(uris=forms).uris == (f"spotify:track:{link_id}", uri(1), uri(2))
    assert request(seeds=(link_id,), reserves=(f"https://open.spotify.com/track/{link_id}",)).seeds == (
        f"spotify:track:{link_id}",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "spotify:track:short",
        "https://open.spotify.com/album/4HJ7mSMtHAdU55lLjGE4zW",
        "https://evil.example/track/4HJ7mSMtHAdU55lLjGE4zW",
        "https://open.spotify.com/playlist/4HJ7mSMtHAdU55lLjGE4zW",
        "spotify:track:\ud800",
    ],
)
def test_what_is_no_track_is_refused_at_its_place(text):
    assert refused_field(uris=(uri(1), text)) == "uris[1]"
    assert refused_field(seeds=(text,)) == "seeds[0]"
    assert refused_field(reserves=(uri(11), uri(12), text)) == "reserves[2]"


def test_a_refused_link_keeps_what_the_link_reader_said():
    with pytest.raises(InvalidPlaylist) as caught:
        request(uris=("nonsense",))
    assert isinstance(caught.value.__cause__, InvalidLink)
    assert caught.value.message == caught.value.__cause__.message


@pytest.mark.parametrize(("name", "most"), [("uris", 110), ("seeds", 20), ("reserves", 15)])
def test_every_list_has_its_limit(name, most):
    assert len(getattr(request(**{name: uris(most, 1000)}), name)) == most
    assert refused_field(**{name: uris(most + 1, 1000)}) == name


def test_a_playlist_has_at_least_one_track():
    assert refused_field(uris=()) == "uris"


def test_no_track_stands_twice_in_any_form():
    twice = (uri(1), uri(2), f"https://open.spotify.com/track/{uri(1)[-22:]}")
    assert refused_field(uris=twice) == "uris[2]"
    assert refused_field(seeds=twice) == "seeds[2]"
    assert refused_field(reserves=(uri(11), uri(12), uri(11))) == "reserves[2]"
    assert refused_field(uris=(uri(1),), reserves=(uri(11), uri(1))) == "reserves[1]"


def test_a_seed_may_stand_in_the_list_as_an_own_track():
    assert request(uris=uris(3), seeds=(uri(2),)).seeds == (uri(2),)


# Changing a playlist


def test_playlist_and_edit_token_come_together_or_not_at_all():
    assert request(playlist_id=PLAYLIST, edit_token=TOKEN).playlist_id == PLAYLIST
    assert refused_field(playlist_id=PLAYLIST) == "edit_token"
    assert refused_field(playlist_id=PLAYLIST, edit_token="") == "edit_token"
    assert refused_field(edit_token=TOKEN) == "playlist_id"
    assert refused_field(playlist_id=PLAYLIST, edit_token="x" * 201) == "edit_token"


@pytest.mark.parametrize("playlist_id", ["", "short", f"{PLAYLIST}x", f"{PLAYLIST[:-1]}/", f"{PLAYLIST[:-1]}\n"])
def test_a_playlist_id_has_the_form_of_one(playlist_id):
    assert refused_field(playlist_id=playlist_id, edit_token=TOKEN) == "playlist_id"


def test_the_edit_token_is_not_shown_in_logs_that_print_the_request():
    assert "NEVERLOGME" not in repr(request(playlist_id=PLAYLIST, edit_token=TOKEN))


# The payload hash


def test_the_hash_is_equal_for_what_means_the_same():
    links = tuple(f"https://open.spotify.com/track/{each[-22:]}?si=1" for each in uris(5))
    assert request().payload_hash() == request(title=" Title ", uris=links).payload_hash()


def test_the_hash_does_not_depend_on_the_edit_token():
    one, other = (request(playlist_id=PLAYLIST, edit_token=token) for token in (TOKEN, "another"))
    assert one.payload_hash() == other.payload_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"description": "Another"},
        {"uris": uris(5)[::-1]},
        {"uris": uris(6)},
        {"seeds": uris(1)},
        {"reserves": uris(1, 10)},
        {"unreleased": (UnreleasedTrack(3, "Mine", ("Me",)),)},
        {"public": False},
        {"playlist_id": PLAYLIST, "edit_token": TOKEN},
    ],
)
def test_the_hash_tells_every_other_request(change):
    assert request().payload_hash() != request(**change).payload_hash()


def test_every_field_of_the_request_but_the_token_is_in_the_hash():
    assert {field.name for field in dataclasses.fields(PublishRequest)} == {
        *("title", "uris", "description", "seeds", "reserves", "unreleased", "public", "playlist_id", "edit_token")
    }


# Own tracks that are not out yet


@pytest.mark.parametrize(
    ("tracks", "field"),
    [
        ([(0, "Mine", ("Me",))], "unreleased[0].position"),
        ([(8, "Mine", ("Me",)), (1, "B-side", ("Me",))], "unreleased[0].position"),
        ([(1, "Mine", ("Me",)), (1, "B-side", ("Me",))], "unreleased[1].position"),
        ([(1, "", ("Me",))], "unreleased[0]"),
        ([(1, "Mine", ())], "unreleased[0]"),
        ([(1, "Mine", ("x" * 1001,))], "unreleased[0]"),
        ([(place, "Mine", ("Me",)) for place in range(1, 22)], "unreleased"),
    ],
)
def test_an_unreleased_track_that_makes_no_sense_is_refused_by_its_field(tracks, field):
    with pytest.raises(InvalidPlaylist) as caught:
        request(unreleased=tuple(UnreleasedTrack(*track) for track in tracks))
    assert caught.value.field == field


def test_an_unreleased_track_keeps_its_place_among_those_that_were_published():
    made = request(unreleased=(UnreleasedTrack(6, "B-side", ("Me",)), UnreleasedTrack(3, "Mine", ("Me",))))
    assert [(track.position, track.title) for track in places_to_add(made, ())] == [(3, "Mine"), (6, "B-side")]
    # Of the five uris the first stands before both, the fourth between them at place 5.
    left_out = {made.uris[0], made.uris[3]}
    assert [track.position for track in places_to_add(made, left_out)] == [2, 4]


@given(st.sets(st.integers(1, 6)), st.sets(st.integers(0, 4)))
def test_adding_the_unreleased_tracks_at_their_places_gives_the_list_as_it_was_meant(positions, dropped):
    made = request(unreleased=tuple(UnreleasedTrack(place, f"t{place}", ("Me",)) for place in positions))
    meant: list[str] = list(made.uris)
    for place in sorted(positions):
        meant.insert(place - 1, f"t{place}")
    left_out = {made.uris[number] for number in dropped}
    published = [uri for uri in made.uris if uri not in left_out]
    for track in places_to_add(made, left_out):
        published.insert(track.position - 1, track.title)
    assert published == [one for one in meant if one not in left_out]


# Where tracks come from


def sources(*numbers: int) -> dict[str, str]:
    return {uri(number)[-22:]: "tidytuesday" for number in numbers}


def foreign_field(made: PublishRequest, known: dict[str, str]) -> str | None:
    with pytest.raises(InvalidPlaylist) as caught:
        check_sources(made, known)
    return caught.value.field


def test_known_tracks_may_be_published():
    check_sources(request(reserves=uris(2, 10)), sources(*range(5), 10, 11))


def test_the_first_track_from_outside_is_named():
    assert foreign_field(request(), sources(0, 1, 3)) == "uris[2]"


def test_an_own_track_that_no_index_knows_may_be_among_them():
    check_sources(request(seeds=(uri(2),)), sources(0, 1, 3, 4))


@pytest.mark.parametrize(("known", "allowed"), [(1, 1), (5, 1), (19, 1), (20, 2), (100, 10)])
def test_own_tracks_from_outside_are_at_most_a_tenth_and_at_least_one(known, allowed):
    own = uris(allowed + 1, 1000)
    check_sources(request(uris=(*own[:-1], *uris(known)), seeds=own), sources(*range(known)))
    if known < 100:
        too_many = request(uris=(*own, *uris(known)), seeds=own)
        assert foreign_field(too_many, sources(*range(known))) == f"uris[{allowed}]"


def test_own_tracks_that_the_index_knows_do_not_count():
    check_sources(request(seeds=uris(5)), sources(*range(5)))


def test_a_list_of_own_tracks_alone_is_no_recommendation():
    assert foreign_field(request(uris=uris(1), seeds=uris(1)), {}) == "uris[0]"


def test_a_reserve_from_outside_is_named():
    assert foreign_field(request(reserves=uris(3, 10), seeds=uris(3, 10)), sources(*range(5), 10, 12)) == "reserves[1]"


# Replacing refused tracks


def test_refused_tracks_give_their_slots_to_the_reserves_in_order():
    lineup = line_up(uris(4), uris(3, 10), [uri(1), uri(3), uri(10)])
    assert lineup.uris == (uri(0), uri(11), uri(2), uri(12))
    assert lineup.replaced == ((uri(1), uri(11)), (uri(3), uri(12)))
    assert lineup.left_out == ()


def test_without_reserves_refused_tracks_are_left_out():
    lineup = line_up(uris(4), uris(1, 10), [uri(0), uri(2), uri(3)])
    assert lineup.uris == (uri(10), uri(1))
    assert lineup.left_out == (uri(2), uri(3))


@given(st.integers(1, 30), st.integers(0, 15), st.sets(st.integers(0, 60)))
def test_a_lineup_holds_no_refused_track_and_accounts_for_every_wanted_one(wanted, reserves, refused):
    given_uris, given_reserves = uris(wanted), uris(reserves, wanted)
    lineup = line_up(given_uris, given_reserves, map(uri, refused))
    assert not set(lineup.uris) & set(map(uri, refused))
    assert len(set(lineup.uris)) == len(lineup.uris) == wanted - len(lineup.left_out)
    swapped = dict(lineup.replaced)
    kept = [each for each in given_uris if each not in lineup.left_out]
    assert tuple(swapped.get(each, each) for each in kept) == lineup.uris
    assert not lineup.left_out or set(given_reserves) <= set(lineup.uris) | set(map(uri, refused))
