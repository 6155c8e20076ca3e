"""Puts adapters and the use case together for a build in Lambda."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from shared.aws import s3_for_builds
from shared.settings import BuilderSettings

from daltonify_core.adapters.annoy_index import AnnoyFormat
from daltonify_core.adapters.s3 import S3IndexStore, S3Shards
from daltonify_core.adapters.sqlite_tracks import SqliteTracksFormat
from daltonify_core.ports.surroundings import no_progress
from daltonify_core.use_cases.build_index import BuildReport, build_index


def build(settings: BuilderSettings) -> BuildReport:
    """Build the index of the data bucket's catalogue and activate it; raises what ``build_index`` raises."""
    work_folder = Path(settings.work_folder)
    # A build that was killed for its time leaves its files, and the same environment may run the next one.
    shutil.rmtree(work_folder, ignore_errors=True)
    work_folder.mkdir(parents=True)
    return build_index(
        S3Shards(s3_for_builds(), settings.data_bucket),
        S3IndexStore(s3_for_builds(), settings.data_bucket),
        AnnoyFormat(),
        SqliteTracksFormat(),
        datetime.now(UTC),
        no_progress,
        work_folder=work_folder,
    )
