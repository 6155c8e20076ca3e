"""Removes uploaded audio that was left behind: by a worker that died, or where removing it failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from daltonify_core.errors import UpstreamUnavailable
from daltonify_core.ports.audio import AudioClips

FORGOTTEN_AFTER: Final = timedelta(hours=2)
"""Twice as long as a job and its message are remembered, so nobody can come to need the clip any more."""


@dataclass(frozen=True, slots=True)
class Removal:
    """How many clips were forgotten, and how many of them could not be removed now either."""

    forgotten: int
    left: int


def remove_forgotten(clips: AudioClips, now: datetime) -> Removal:
    """Remove every forgotten clip; one that cannot be removed does not keep the others.

    Raises ``UpstreamUnavailable`` when the clips cannot be listed.
    """
    job_ids = clips.forgotten(now - FORGOTTEN_AFTER)
    left = sum(not _is_removed(clips, job_id) for job_id in job_ids)
    return Removal(len(job_ids), left)


def _is_removed(clips: AudioClips, job_id: str) -> bool:
    try:
        clips.remove(job_id)
    except UpstreamUnavailable:
        return False
    return True
