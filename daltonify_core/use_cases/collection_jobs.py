"""What a schedule does with a collection: go on with the operator's lists, and keep popularity fresh.

A job has little time and nobody who watches. It waits out what passes within that time, and stops when the time is over
or the outside service goes on failing; then it stores what it has and says so, and the next one goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from daltonify_core.catalogue.collection import UnreadableLine, read_wanted
from daltonify_core.catalogue.genres import normalise_genre
from daltonify_core.errors import UpstreamError
from daltonify_core.ports.catalogue import CollectionFiles
from daltonify_core.ports.look_ups import FeatureService
from daltonify_core.ports.surroundings import Clock
from daltonify_core.use_cases.collect_tracks import CollectReport, CollectRun, Run
from daltonify_core.use_cases.collected_shards import CollectedShards
from daltonify_core.use_cases.patience import ask_patiently
from daltonify_core.use_cases.refresh_popularity import RefreshReport, RefreshRun

LIST_ENDING: Final = ".txt"


class GoOn(Protocol):
    """Called before every look-up."""

    def __call__(self, at_least: float = 0) -> bool:
        """Wait as long as the service wants between two look-ups, and ``at_least`` so many seconds.

        ``False`` at once where too little time would be left after that.
        """


@dataclass(slots=True)
class CollectedLists:
    """What came of each list that was reached, by its name.

    ``unreadable`` holds lines that name no track, ``nameless`` the files whose name is no genre. ``trouble`` is what
    ended the job early; its time being over is none.
    """

    reports: dict[str, CollectReport] = field(default_factory=dict)
    unreadable: list[UnreadableLine] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    trouble: UpstreamError | None = None

    @property
    def collected(self) -> int:
        """Tracks that were stored, of all lists."""
        return sum(report.collected for report in self.reports.values())


def collect_lists(
    lists: CollectionFiles, service: FeatureService, shards: CollectedShards, clock: Clock, go_on: GoOn
) -> CollectedLists:
    """Go on with every list ``<genre>.txt``, in the order of their names, as far as time and service allow.

    Raises what the stores do.
    """
    outcome = CollectedLists()
    for name, genre in _genres_of(lists, outcome):
        stored = lists.read(name)
        if stored is None:
            continue
        wanted = read_wanted(stored.content.decode(errors="replace"), name)
        outcome.unreadable.extend(wanted.unreadable)
        run = CollectRun(service, shards, wanted.track_ids, genre, clock)
        outcome.trouble = drive(run, go_on)
        outcome.reports[name] = run.report()
        if outcome.trouble or not run.is_done():
            break
    return outcome


def refresh_shard(
    service: FeatureService, shards: CollectedShards, clock: Clock, go_on: GoOn
) -> tuple[RefreshReport, UpstreamError | None]:
    """Refresh the shard that was read longest ago; what came of it, and what ended it early. Raises what stores do."""
    run = RefreshRun(service, shards, clock)
    trouble = drive(run, go_on)
    return run.report(), trouble


def drive(run: Run, go_on: GoOn) -> UpstreamError | None:
    """Go on with a run until it is done, time is over, or the service fails beyond patience: then that failure."""
    try:
        while not run.is_done() and go_on():
            try:
                ask_patiently(run, lambda seconds, _: go_on(seconds))
            except UpstreamError as trouble:
                return trouble
            run.keep()
    finally:
        run.finish()
    return None


def _genres_of(lists: CollectionFiles, outcome: CollectedLists) -> Iterator[tuple[str, str]]:
    for name in lists.names():
        if not name.endswith(LIST_ENDING):
            continue
        genre = normalise_genre(name.removesuffix(LIST_ENDING))
        if genre is None:
            outcome.nameless.append(name)
        else:
            yield name, genre
