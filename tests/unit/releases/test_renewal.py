"""What stays in a living playlist."""

import math

from hypothesis import given
from hypothesis import strategies as st

from daltonify_core.playlist.own_slots import own_track_limit
from daltonify_core.releases.profile import ListedTrack
from daltonify_core.releases.renewal import keepers, own_tracks


def other(name: str, since: int = 1) -> ListedTrack:
    return ListedTrack(f"spotify:track:{name}", name, ("Somebody",), since=since)


def own(name: str, date: str | None = None) -> ListedTrack:
    return ListedTrack(f"spotify:track:{name}", name, ("Me",), is_own=True, release_date=date)


others = st.lists(st.integers(1, 5), max_size=60).map(
    lambda ages: [other(str(place), since) for place, since in enumerate(ages)]
)


@given(others, st.sets(st.integers(0, 59)), st.integers(5, 100))
def test_a_third_is_renewed_the_oldest_first_and_pinned_ones_stay(listed, pinned_places, size):
    pinned = {f"spotify:track:{place}" for place in pinned_places}
    kept = keepers(listed, pinned, size)
    gone = [track for track in listed if track not in kept]
    loose = [track for track in listed if track.uri not in pinned]
    assert kept == [track for track in listed if track in kept], "their order stays"
    assert not {track.uri for track in gone} & pinned
    entering = len(pinned - {track.uri for track in listed})
    staying = size - max(math.ceil(size / 3), entering)
    assert len(kept) == min(len(listed), max(staying, len(listed) - len(loose)))
    assert len({track.uri for track in kept} | pinned) <= max(size, len(pinned))
    assert max((track.since for track in gone), default=0) <= min(
        (track.since for track in kept if track in loose), default=5
    )


def test_of_those_that_came_together_the_later_ones_go():
    listed = [other(name) for name in "abcdef"]
    assert [track.title for track in keepers(listed, set(), 6)] == list("abcd")


def test_room_that_is_there_already_is_not_made_again():
    assert keepers([other(name) for name in "abcd"], set(), 6) == [other(name) for name in "abcd"]


def test_a_smaller_list_loses_more():
    assert len(keepers([other(str(number)) for number in range(30)], set(), 15)) == 10


dated = st.lists(st.sampled_from(["2024", "2025-01", "2025-06-30", None]), max_size=8)


@given(dated, st.sampled_from(["2024-03-01", "2026-01-02", None]), st.integers(1, 12), st.integers(5, 100))
def test_own_tracks_are_as_many_as_wanted_and_allowed_newest_first(dates, date, kept, size):
    listed = [own(f"old {place}", one) for place, one in enumerate(dates)]
    new = own("new", date)
    found = own_tracks([other("x"), *listed], new, kept, size)
    assert len(found) == min(len(listed) + 1, max(1, min(kept, own_track_limit(size))))
    assert all(track.is_own for track in found)
    known = [track.release_date for track in found if track.release_date]
    assert known == sorted(known, reverse=True)


def test_the_new_track_leads_unless_a_later_one_is_there():
    listed = [own("spring", "2026-04-01"), own("autumn", "2025-10-01")]
    assert [one.title for one in own_tracks(listed, own("summer", "2026-07-01"), 3, 30)] == [
        "summer",
        "spring",
        "autumn",
    ]
    assert [one.title for one in own_tracks(listed, own("winter", "2026-01-01"), 3, 30)] == [
        "spring",
        "winter",
        "autumn",
    ]
    assert next(iter(own_tracks(listed, own("undated"), 3, 30))).title == "undated"


def test_a_track_that_comes_again_stands_there_once():
    listed = [own("single", "2026-04-01")]
    assert own_tracks(listed, own("single", "2026-04-01"), 3, 30) == listed


def test_without_a_new_track_the_own_ones_stay():
    listed = [own("a", "2025"), own("b", "2026")]
    assert [one.title for one in own_tracks(listed, None, 5, 30)] == ["b", "a"]


def recording(name: str, title: str, date: str | None = None, isrc: str | None = None) -> ListedTrack:
    return ListedTrack(f"spotify:track:{name}", title, ("Me",), is_own=True, release_date=date, isrc=isrc)


def test_one_song_has_one_place_by_code_or_by_title_and_the_later_recording_has_it():
    single, album = recording("single", "Home", "2026-01-01"), recording("album", "Home (Album Version)", "2026-03-01")
    coded = [recording("a", "Heim", "2025-02-01", "QZ1"), recording("b", "Home, translated", "2025-01-01", "QZ1")]
    assert own_tracks([single, *coded], album, 5, 100) == [album, coded[0]]
    assert own_tracks([album, *coded], single, 5, 100) == [album, coded[0]]


def test_of_equal_or_unknown_dates_the_one_that_was_announced_has_the_place():
    for date in ("2026-01-01", None):
        single, album = recording("single", "Home", "2026-01-01"), recording("album", "Home", date)
        assert own_tracks([single], album, 5, 100) == [album]


def test_pinned_own_tracks_stay_beside_the_newest_as_far_as_the_list_may_hold_them():
    hit, spring = own("hit", "2020-01-01"), own("spring", "2026-04-01")
    pinned = {hit.uri}
    assert own_tracks([hit, spring], own("summer", "2026-07-01"), 1, 30, pinned) == [own("summer", "2026-07-01"), hit]
    assert own_tracks([hit, spring], own("summer", "2026-07-01"), 2, 20, pinned) == [own("summer", "2026-07-01"), hit]
    assert own_tracks([hit, spring], own("summer", "2026-07-01"), 1, 12, pinned) == [own("summer", "2026-07-01")]
