"""Files of collected tracks, misses and lists, as text and back."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.catalogue.collection import (
    Miss,
    WantedTracks,
    check_readable,
    decode_misses,
    decode_shard,
    encode_misses,
    encode_shard,
    read_wanted,
    shard_name,
    shard_number,
)
from daltonify_core.catalogue.track import ArtistCredit
from daltonify_core.errors import InvalidDataset, InvalidTrack
from tests.builders import make_track, track_id
from tests.catalogues import catalogue_csv


@given(st.integers(1, 10**9 - 1))
def test_a_shard_is_found_by_its_name(number):
    assert shard_number(shard_name(number)) == number


def test_shards_sort_by_their_numbers():
    names = [shard_name(number) for number in (1, 2, 9, 10, 99_999)]
    assert sorted(names) == names


@pytest.mark.parametrize(
    "name",
    ["reccobeats-1.csv.gz", "reccobeats-000001.csv.gz", "reccobeats-00001.csv", ".reccobeats-00001.csv.gz.part", "x"],
)
def test_other_names_are_no_shards(name):
    assert shard_number(name) is None


def test_a_shard_comes_back_as_it_was_written():
    tracks = [
        make_track(
            track_id=track_id(2), title='"Quoted", with\r\na break', artists=(ArtistCredit("A;B", "a" * 22), "C")
        ),
        make_track(track_id=track_id(1), snapshot="2026-11-22", source="reccobeats", release_date=None),
    ]
    assert list(decode_shard(encode_shard(tracks), "shard").values()) == tracks


def test_a_shard_that_could_not_be_read_again_is_not_made():
    too_long = make_track(artists=tuple(ArtistCredit(f"{number:0400}") for number in range(400)))
    with pytest.raises(InvalidDataset):
        encode_shard([make_track(track_id=track_id(2)), too_long])
    with pytest.raises(InvalidTrack) as refused:
        check_readable(too_long)
    assert refused.value.reason == "unreadable"


def test_equal_tracks_give_equal_bytes():
    assert encode_shard([make_track()]) == encode_shard([make_track()])


def test_a_shard_of_which_any_row_is_no_track_is_not_read():
    content = gzip.compress(catalogue_csv([make_track()], ["too", "few"]).encode())
    with pytest.raises(InvalidDataset, match=r"shard holds a row that is no track.*Mend or remove"):
        decode_shard(content, "shard")


@pytest.mark.parametrize("cut", [1, 9, 60])
def test_a_shard_that_breaks_off_is_not_read(cut):
    with pytest.raises(InvalidDataset):
        decode_shard(encode_shard([make_track()])[:-cut], "shard")


@given(
    st.dictionaries(
        st.text("0123456789abcXYZ", min_size=22, max_size=22),
        st.builds(Miss, st.dates(), st.sampled_from(["unknown", "features_missing"])),
    )
)
def test_misses_come_back_as_they_were_written(misses):
    assert decode_misses(encode_misses(misses)) == misses


@pytest.mark.parametrize(
    "content", [b"", b"x", b"\xff", b"track_id,asked_on,reason\na,b\n", b"track_id,asked_on,reason\na,never,c\n"]
)
def test_misses_that_cannot_be_read_say_what_to_do(content):
    with pytest.raises(InvalidDataset, match="Remove it"):
        decode_misses(content)


def test_a_list_takes_ids_and_links_once_each_and_passes_over_comments():
    text = (
        f"\ufeff# my list\r\n{track_id(2)}\r\n\r\n  https://open.spotify.com/track/{track_id(1)}?si=x\r\n"
        f"spotify:track:{track_id(2)}"
    )
    assert read_wanted(text, "list") == WantedTracks((track_id(2), track_id(1)))


def test_a_line_that_names_no_track_is_told_with_its_place():
    album = f"https://open.spotify.com/album/{track_id(1)}"
    wanted = read_wanted(f"{track_id(1)}\nhello\n{album}\n", "list.txt")
    assert wanted.track_ids == (track_id(1),)
    assert [(line.source, line.line) for line in wanted.unreadable] == [("list.txt", 2), ("list.txt", 3)]
    assert "list its tracks" in wanted.unreadable[1].problem


def test_lists_are_joined_without_repetition():
    one, other = (
        read_wanted(f"{track_id(1)}\n{track_id(2)}\nx", "a"),
        read_wanted(f"{track_id(2)}\n{track_id(3)}\ny", "b"),
    )
    joined = one + other
    assert joined.track_ids == (track_id(1), track_id(2), track_id(3))
    assert [line.source for line in joined.unreadable] == ["a", "b"]
