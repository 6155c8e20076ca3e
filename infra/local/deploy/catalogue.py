"""The catalogue on its way to the bucket: checked whole before anything is deployed, uploaded as far as it changed."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from daltonify_core.adapters.local_folder import FolderShards
from daltonify_core.catalogue.canonical_csv import read_rows
from daltonify_core.catalogue.track import SYNTHETIC_SOURCE
from daltonify_core.errors import DaltonifyError, InvalidTrack
from daltonify_core.index.manifest import FileDigest
from daltonify_core.ports.surroundings import Progress
from infra.local.demo_catalogue import CatalogueFile, prepare_catalogue
from infra.local.deploy.faults import DeploymentFault, aws_faults, code_of
from infra.local.synthetic_catalogue import TRACK_ID_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SYNTHETIC: Final = "synthetic"
"""What to ask for to get invented tracks."""
PREFIX: Final = "catalogue/"
_DIGEST_MARK: Final = "sha256"
_INVENTED_MARK: Final = "invented"
_ROWS_PER_PROGRESS: Final = 5_000
_MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True, slots=True)
class CheckedCatalogue:
    """Canonical files, each row of which was read."""

    files: tuple[CatalogueFile, ...]
    tracks: int
    invalid: int
    is_invented: bool


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an upload did; ``others`` lie under the prefix as well and count in every build."""

    sent: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    others: tuple[str, ...]


def check_named(wanted: str) -> None:
    """Raises ``DeploymentFault`` when ``wanted`` names something that is not there; nothing named is no fault here."""
    if wanted not in ("", SYNTHETIC) and not Path(wanted).expanduser().exists():
        raise DeploymentFault(f"There is nothing at CATALOGUE={wanted}.")


def check_catalogue(wanted: str, cache: Path, progress: Progress) -> CheckedCatalogue:
    """The catalogue that ``wanted`` names: a file or folder in any form that can be imported, or ``synthetic``.

    Raises ``DeploymentFault`` when there is none, when no row of it is a track, and when it holds invented tracks that
    were not asked for by that name.
    """
    if not wanted:
        raise DeploymentFault(
            "Name the tracks to recommend: CATALOGUE=file-or-folder, as `daltonify import` reads or writes them, or "
            f"CATALOGUE={SYNTHETIC} for invented ones to try things out with."
        )
    check_named(wanted)
    is_by_name = wanted == SYNTHETIC
    source = None if is_by_name else Path(wanted).expanduser()
    try:
        files = prepare_catalogue(source, cache, progress)
        rows, kinds = _count(files, progress)
    except DaltonifyError as error:
        raise DeploymentFault(f"The catalogue cannot be read. {error.message}") from error
    except (OSError, EOFError) as error:
        raise DeploymentFault(f"The catalogue at {wanted} cannot be read: {error}.") from error
    valid = kinds.total()
    if not valid:
        raise DeploymentFault(f"None of the {rows:,} rows at CATALOGUE={wanted} is a track that can be used.")
    if kinds[True] and not is_by_name:
        raise DeploymentFault(
            f"{kinds[True]:,} of the {valid:,} tracks at CATALOGUE={wanted} are invented. Take them out, or "
            f"ask for invented tracks by name: CATALOGUE={SYNTHETIC}."
        )
    return CheckedCatalogue(tuple(files), valid, rows - valid, is_by_name)


def holds_catalogue(s3: "S3Client", bucket: str) -> bool:
    """Whether there is anything that a build could read; raises ``DeploymentFault``."""
    with aws_faults(f"The catalogue in {bucket} cannot be looked at"):
        return bool(_stored(s3, bucket))


def check_fits(s3: "S3Client", bucket: str, catalogue: CheckedCatalogue) -> None:
    """Raises ``DeploymentFault`` for invented tracks that would join real ones."""
    with aws_faults(f"The catalogue in {bucket} cannot be looked at"):
        _others(s3, bucket, catalogue)


def upload_catalogue(s3: "S3Client", bucket: str, catalogue: CheckedCatalogue, progress: Progress) -> Uploaded:
    """Bring the files under ``catalogue/``; equal ones are not sent again.

    Invented tracks make way for real ones, and never join them: raises ``DeploymentFault``.
    """
    with aws_faults(f"The catalogue cannot be uploaded to {bucket}"):
        invented, others = _others(s3, bucket, catalogue)
        stored = {*_stored(s3, bucket)}
        sent, unchanged = [], []
        for number, file in enumerate(catalogue.files, start=1):
            digest = FileDigest.of(file.path).sha256
            if file.name in stored and _head(s3, bucket, file.name).get(_DIGEST_MARK) == digest:
                unchanged.append(file.name)
            else:
                _send(s3, bucket, file, digest, catalogue.is_invented)
                sent.append(file.name)
            progress("upload catalogue", number, len(catalogue.files))
        # Last: until then the bucket holds a whole catalogue, whatever happens.
        for name in sorted(invented):
            s3.delete_object(Bucket=bucket, Key=PREFIX + name)
    return Uploaded(tuple(sent), tuple(unchanged), tuple(sorted(invented)), others)


def _count(files: Sequence[CatalogueFile], progress: Progress) -> tuple[int, Counter[bool]]:
    """All rows, and how many of those that are tracks are invented."""
    rows, kinds = 0, Counter[bool]()
    for file in files:
        shards = FolderShards(file.path)
        with shards.open(file.path.name) as stream:
            for row in read_rows(stream, file.name):
                rows += 1
                if not isinstance(row, InvalidTrack):
                    is_invented = row.source == SYNTHETIC_SOURCE or row.track_id.startswith(TRACK_ID_PREFIX)
                    kinds[is_invented] += 1
                if rows % _ROWS_PER_PROGRESS == 0:
                    progress("check catalogue", rows, 0)
    progress("check catalogue", rows, rows)
    return rows, kinds


def _others(s3: "S3Client", bucket: str, catalogue: CheckedCatalogue) -> tuple[set[str], tuple[str, ...]]:
    """Stored files that this catalogue does not replace: invented ones, and all the rest.

    Raises ``DeploymentFault`` when this one is invented and the rest is not.
    """
    stored, names = _stored(s3, bucket), {file.name for file in catalogue.files}
    # An operator's own file may bear that name as well; only the mark tells.
    candidates = {name for name in stored if name.startswith(SYNTHETIC)} - names
    invented = {name for name in candidates if _head(s3, bucket, name).get(_INVENTED_MARK)}
    others = tuple(name for name in stored if name not in names | invented)
    if catalogue.is_invented and others:
        raise DeploymentFault(
            f"s3://{bucket}/{PREFIX} holds real tracks ({others[0]}), and invented ones would be recommended beside "
            "them. Try things out in another stage."
        )
    return invented, others


def _stored(s3: "S3Client", bucket: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
    keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
    return [key.removeprefix(PREFIX) for key in keys if not key.endswith("/")]


def _head(s3: "S3Client", bucket: str, name: str) -> dict[str, str]:
    try:
        return s3.head_object(Bucket=bucket, Key=PREFIX + name)["Metadata"]
    except ClientError as error:
        if code_of(error) in _MISSING:
            return {}
        raise


def _send(s3: "S3Client", bucket: str, file: CatalogueFile, digest: str, is_invented: bool) -> None:
    mark: dict[str, Any] = {_INVENTED_MARK: "yes"} if is_invented else {}
    with file.path.open("rb") as body:
        s3.put_object(
            Bucket=bucket,
            Key=PREFIX + file.name,
            Body=body,
            # S3 compares it with what arrives; the mark is for the next run.
            ChecksumSHA256=base64.b64encode(bytes.fromhex(digest)).decode(),
            Metadata={_DIGEST_MARK: digest, **mark},
        )
