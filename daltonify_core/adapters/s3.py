"""Catalogue and index in one S3 bucket. What makes a swap safe here are conditional writes, not locks."""

import base64
import gzip
import hashlib
import io
import json
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from daltonify_core.errors import (
    ActivationConflict,
    DaltonifyError,
    IndexUnavailable,
    InvalidDataset,
    UpstreamRefused,
    UpstreamUnavailable,
)
from daltonify_core.index.manifest import MANIFEST_FILE, FileDigest, differing
from daltonify_core.index.pointer import POINTER_FILE, pointer_from_json, pointer_to_json
from daltonify_core.ports.index import ActivationState, CurrentIndex

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_SHARD_SUFFIXES: Final = (".csv", ".csv.gz")
_UPLOAD_GRACE_SECONDS: Final = 60 * 60
_READ_BYTES: Final = 1 << 20
# As many as a bundle of middling size has files; the answers to small ones are waited for beside large ones.
_PARALLEL_DOWNLOADS: Final = 4
# Larger files come in parts of this size. One connection of S3 gives up to 90 MB/s, and others report 75 MB/s for all
# connections of a function like ours, so more parts bring nothing, and each costs 2 ms of computing.
_PART_BYTES: Final = 64 << 20
_KEYS_PER_DELETION: Final = 1_000  # S3 takes no more in one request
_VERSION_MARK: Final = "index-version"
_DIGEST_MARK: Final = "sha256"

# urllib3's own errors come through where botocore reads a body and does not expect them.
_SDK_FAULTS: Final = (BotoCoreError, ClientError, HTTPError)
_MISSING: Final = {"NoSuchKey", "NotFound", "404"}
_CONDITION_FAILED: Final = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Shards:
    """Canonical CSV objects anywhere below one prefix."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str = "catalogue/") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def names(self) -> list[str]:
        """Keys without the prefix, sorted; hidden ones are passed over.

        Raises ``UpstreamUnavailable`` or ``UpstreamRefused``.
        """
        with _translated(self._fault):
            keys = [entry["Key"] for entry in _listed(self._client, self._bucket, self._prefix)]
        names = (key.removeprefix(self._prefix) for key in keys)
        return sorted(
            name
            for name in names
            if name.endswith(_SHARD_SUFFIXES) and not any(part.startswith(".") for part in name.split("/"))
        )

    @contextmanager
    def open(self, name: str) -> Iterator[TextIO]:
        """The text of one shard, as it comes in; nothing is kept on disk.

        Raises ``InvalidDataset`` when the shard is gone, ``UpstreamUnavailable`` or ``UpstreamRefused`` when S3 fails
        now or later, while the text is read.
        """
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
        except _SDK_FAULTS as error:
            if _code(error) == "NoSuchKey":
                raise InvalidDataset(f"{name} was removed while the catalogue was read. Build again.") from error
            raise self._fault(error) from error
        with closing(body), io.BufferedReader(_Download(body, self._fault), _READ_BYTES) as raw:
            binary = gzip.GzipFile(fileobj=raw) if name.endswith(".gz") else raw
            with io.TextIOWrapper(binary, encoding="utf-8", newline="") as stream:
                yield stream

    def _fault(self, error: Exception) -> DaltonifyError:
        message = f"The catalogue at s3://{self._bucket}/{self._prefix} cannot be read: {_reason(error)}."
        status = _status(error)
        if status is not None and 400 <= status < 500 and status != 429:
            return UpstreamRefused(f"{message} Check that the bucket exists and may be read.", status)
        return UpstreamUnavailable(f"{message} Build again later.")


class S3IndexStore:
    """Index versions as groups of objects, with ``current.json`` beside them.

    ``manifest.json`` is written last and removed first, so a version is there exactly when its manifest is. Every
    method raises ``IndexUnavailable`` when S3 does not do what is asked.
    """

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        prefix: str = "index/",
        upload_grace_seconds: float = _UPLOAD_GRACE_SECONDS,
        part_bytes: int = _PART_BYTES,
    ) -> None:
        self._client = client
        self._part_bytes = part_bytes
        self._bucket = bucket
        self._prefix = prefix
        # What was stored so recently may belong to a build that has yet to activate it.
        self._upload_grace = timedelta(seconds=upload_grace_seconds)

    def read_state(self) -> ActivationState:
        """What is current; the tag is the pointer's ETag."""
        found = self._read_pointer()
        if found is None:
            return ActivationState(None, None)
        content, tag = found
        return ActivationState(pointer_from_json(content, tag, self._place(POINTER_FILE)), tag)

    def upload(self, version: str, bundle: Path) -> None:
        """Store what is not stored yet, or not with this size and SHA-256, and the manifest at the end.

        The manifest is written even if nothing else is: the version then counts as stored just now, and no other build
        prunes it before it is activated.
        """
        known = set(self._files_of(version))
        for path in sorted(bundle.iterdir(), key=lambda path: (path.name == MANIFEST_FILE, path.name)):
            self._store(version, path, path.name in known)

    def activate(self, current: CurrentIndex, expected_tag: str | None) -> None:
        """Swap the pointer in one conditional write; raises ``ActivationConflict``, or ``IndexUnavailable``."""
        if self._stored_digest(current.version, MANIFEST_FILE) is None:
            raise IndexUnavailable(f"Version {current.version} is not stored, so it cannot be activated.")
        if expected_tag == "":
            # An empty condition would be no condition, and overwrite whatever is there.
            raise ActivationConflict("The current index was read without a tag. Build again.")
        content = pointer_to_json(current).encode()
        condition: Any = {"IfNoneMatch": "*"} if expected_tag is None else {"IfMatch": expected_tag}
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._prefix + POINTER_FILE,
                Body=content,
                ContentType="application/json",
                **condition,
            )
        except _SDK_FAULTS as error:
            # The write may have been carried out and only its answer lost; a repetition then meets its own result.
            found = self._read_pointer()
            if found is not None and found[0] == content:
                return
            if found is not None:
                # A pointer that is not readable is another fault than one that somebody else has written.
                pointer_from_json(*found, self._place(POINTER_FILE))
            if _code(error) in _CONDITION_FAILED | _MISSING:
                raise ActivationConflict("Another build activated an index in the meantime. Build again.") from error
            raise self._fault(error) from error

    def fetch(
        self,
        version: str,
        scratch: Path,
        names: Collection[str] | None = None,
        digests: Mapping[str, FileDigest] | None = None,
    ) -> Path:
        """Copy the version into ``scratch``; the folder gets its name when everything is there.

        Raises ``IndexUnavailable`` also when ``scratch`` cannot hold it. A folder of that name is replaced.
        """
        target, copy = scratch / version, scratch / f"{version}.part"
        shutil.rmtree(copy, ignore_errors=True)
        try:
            copy.mkdir(parents=True)
            if digests is None:
                self._copy(version, copy, names)
            else:
                self._copy_checked(version, copy, digests)
            if target.exists():
                shutil.rmtree(target)
            copy.rename(target)
        except OSError as error:
            reason = error.strerror or error
            raise IndexUnavailable(f"Index {version} cannot be copied to {scratch}: {reason}.") from error
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        return target

    def _copy(self, version: str, folder: Path, names: Collection[str] | None) -> None:
        self._download(version, MANIFEST_FILE, folder)
        wanted = [
            name
            # To be asked for the manifest alone is common and needs no list.
            for name in (self._files_of(version) if names is None or names else ())
            if name != MANIFEST_FILE and (names is None or name in names)
        ]
        _side_by_side([partial(self._download, version, name, folder) for name in wanted])

    def _copy_checked(self, version: str, folder: Path, digests: Mapping[str, FileDigest]) -> None:
        files = [_ArrivingFile(folder / name, digest, self._part_bytes) for name, digest in digests.items()]
        # The largest first: nothing can be opened before all of it is there, and hashing a file takes longest at its
        # end. Files of equal size keep their order.
        files.sort(key=lambda file: -file.promised.bytes)
        _side_by_side([partial(self._download_part, version, file, start) for file in files for start in file.starts()])
        for file in files:
            file.check()

    def prune(self, keep: Collection[str]) -> list[str]:
        """Remove every version whose manifest bears its name and is not to be kept; anything else is not ours.

        What is left of uploads and removals that broke off goes as well. Nothing goes of which a part was stored
        within the last hour, because a build that runs at the same time may be about to activate it.
        """
        pruned = []
        for version, files in sorted(self._settled_versions().items()):
            # Read anew for each, so that what another build activates in the meantime is spared.
            current = self.read_state().current
            if version in keep or (current is not None and version in (current.version, *current.previous)):
                continue
            if not self._is_ours(version, files):
                continue
            self._remove(version, files)
            if MANIFEST_FILE in files:
                pruned.append(version)
        return pruned

    def _read_pointer(self) -> tuple[bytes, str] | None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + POINTER_FILE)
            return answer["Body"].read(), answer["ETag"]
        except _SDK_FAULTS as error:
            if _code(error) == "NoSuchKey":
                return None
            raise self._fault(error) from error

    def _store(self, version: str, path: Path, is_known: bool) -> None:
        digest = FileDigest.of(path)
        if is_known and path.name != MANIFEST_FILE and self._stored_digest(version, path.name) == digest:
            return
        condition: Any = {} if is_known else {"IfNoneMatch": "*"}
        try:
            with path.open("rb") as body:
                # One request for up to 5 GB, far more than a file of any bundle; unlike an upload in parts it leaves
                # nothing behind when it breaks off.
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=self._key(version, path.name),
                    Body=body,
                    # S3 compares it with what arrives; the mark is for us, because not every answer tells the checksum.
                    ChecksumSHA256=base64.b64encode(bytes.fromhex(digest.sha256)).decode(),
                    Metadata={_VERSION_MARK: version, _DIGEST_MARK: digest.sha256},
                    **condition,
                )
        except _SDK_FAULTS as error:
            # Another build may have stored it in between, or our own first try was carried out and its answer lost.
            if _code(error) in _CONDITION_FAILED and self._stored_digest(version, path.name) == digest:
                return
            raise self._fault(error) from error

    def _stored_digest(self, version: str, name: str) -> FileDigest | None:
        """Size and SHA-256 of a stored file, without reading it; an unknown SHA-256 is empty."""
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=self._key(version, name))
        except _SDK_FAULTS as error:
            if _code(error) in _MISSING:
                return None
            raise self._fault(error) from error
        return FileDigest(answer["ContentLength"], answer["Metadata"].get(_DIGEST_MARK, ""))

    def _files_of(self, version: str) -> list[str]:
        folder = self._key(version, "")
        with _translated(self._fault):
            names = [entry["Key"].removeprefix(folder) for entry in _listed(self._client, self._bucket, folder)]
        return [name for name in names if "/" not in name]

    def _download(self, version: str, name: str, folder: Path) -> None:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(version, name))
            with closing(answer["Body"]) as body, (folder / name).open("wb") as copy:
                while block := body.read(_READ_BYTES):
                    copy.write(block)
        except _SDK_FAULTS as error:
            if _code(error) == "NoSuchKey":
                raise IndexUnavailable(self._missing(version)) from error
            raise self._fault(error) from error

    def _download_part(self, version: str, file: "_ArrivingFile", start: int) -> None:
        """Fetch what lies at ``start`` of a file, which ends before the next part or where the file does."""
        end = min(start + self._part_bytes, file.promised.bytes)
        is_whole = end - start == file.promised.bytes
        request: Any = {} if is_whole else {"Range": f"bytes={start}-{end - 1}"}
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(version, file.path.name), **request)
            with closing(answer["Body"]) as body:
                # A file of another size needs no hashing.
                stored = answer["ContentLength"] if is_whole else _size_of_all(answer.get("ContentRange", ""))
                if stored != file.promised.bytes or answer["ContentLength"] != end - start:
                    raise differing(file.path.name)
                file.take(start, iter(lambda: body.read(_READ_BYTES), b""))
        except _SDK_FAULTS as error:
            if _code(error) == "InvalidRange":
                raise differing(file.path.name) from error
            if _code(error) == "NoSuchKey":
                raise IndexUnavailable(self._missing(version)) from error
            raise self._fault(error) from error

    def _missing(self, version: str) -> str:
        return f"There is no index version {version} at {self._place('')}, or not all of it. Build it anew."

    def _settled_versions(self) -> dict[str, list[str]]:
        """Files by folder, of all folders in which nothing was stored recently."""
        files: dict[str, list[str]] = {}
        recent = set()
        latest = datetime.now(UTC) - self._upload_grace
        with _translated(self._fault):
            for entry in _listed(self._client, self._bucket, self._prefix):
                folder, is_in_folder, name = entry["Key"].removeprefix(self._prefix).partition("/")
                if is_in_folder:
                    files.setdefault(folder, []).append(name)
                    if entry["LastModified"] > latest:
                        recent.add(folder)
        return {folder: names for folder, names in files.items() if folder not in recent}

    def _is_ours(self, version: str, files: list[str]) -> bool:
        with _translated(self._fault):
            if MANIFEST_FILE not in files:
                answer = self._client.head_object(Bucket=self._bucket, Key=self._key(version, files[0]))
                return answer["Metadata"].get(_VERSION_MARK) == version
            manifest = self._client.get_object(Bucket=self._bucket, Key=self._key(version, MANIFEST_FILE))
            content = manifest["Body"].read()
        # Older formats are ours as well, so only the one field that all of them have is read; a web page's
        # manifest.json has none.
        try:
            values = json.loads(content)
        except ValueError:
            return False
        return isinstance(values, dict) and values.get("version") == version

    def _remove(self, version: str, files: list[str]) -> None:
        with _translated(self._fault):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(version, MANIFEST_FILE))
            keys = [self._key(version, name) for name in files if name != MANIFEST_FILE]
            for start in range(0, len(keys), _KEYS_PER_DELETION):
                batch = keys[start : start + _KEYS_PER_DELETION]
                answer = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )
                if errors := answer.get("Errors"):
                    raise IndexUnavailable(
                        f"Index {version} could not be removed: {errors[0].get('Code')}. The next build tries again."
                    )

    def _key(self, version: str, name: str) -> str:
        return f"{self._prefix}{version}/{name}"

    def _place(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def _fault(self, error: Exception) -> DaltonifyError:
        return IndexUnavailable(f"The index at {self._place('')} cannot be reached: {_reason(error)}. Try again later.")


class _ArrivingFile:
    """A file of a bundle on its way: its parts come in any order, and are hashed in theirs as soon as they can be."""

    def __init__(self, path: Path, promised: FileDigest, part_bytes: int) -> None:
        self.path = path
        self.promised = promised
        self._part_bytes = part_bytes
        self._digest = hashlib.sha256()
        self._hashed = 0
        self._waiting: dict[int, int] = {}
        """Ends of the parts, by where they start, that came before one in front of them."""
        self._lock = threading.Lock()
        path.touch()

    def starts(self) -> range:
        """Where the parts begin; an empty file is one part."""
        return range(0, max(1, self.promised.bytes), self._part_bytes)

    def take(self, start: int, blocks: Iterator[bytes]) -> None:
        """Write a part, and hash it if everything in front of it is hashed already."""
        end = start
        # Nobody else moves the end of what is hashed, as long as this part is the next.
        is_next = start == self._hashed
        with self.path.open("r+b") as copy:
            copy.seek(start)
            for block in blocks:
                copy.write(block)
                end += len(block)
                if is_next:
                    self._digest.update(block)
        with self._lock:
            if is_next:
                self._hashed = end
            else:
                self._waiting[start] = end
            self._catch_up()

    def check(self) -> None:
        """Raise ``IndexCorrupt`` unless the file is the promised one."""
        if FileDigest(self._hashed, self._digest.hexdigest()) != self.promised:
            raise differing(self.path.name)

    def _catch_up(self) -> None:
        """Hash what waited for the part that has just come; it is in memory still, as pages of the file."""
        if self._hashed not in self._waiting:
            return
        with self.path.open("rb", buffering=0) as copy:
            while (end := self._waiting.pop(self._hashed, None)) is not None:
                copy.seek(self._hashed)
                while self._hashed < end:
                    block = copy.read(min(_READ_BYTES, end - self._hashed))
                    self._digest.update(block)
                    self._hashed += len(block)


def _side_by_side(downloads: Sequence[Callable[[], None]]) -> None:
    """Run them all, a few at a time; the first that fails ends it, and those that have not begun never do."""
    with ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool:
        running = [pool.submit(download) for download in downloads]
        try:
            for one in as_completed(running):
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _size_of_all(content_range: str) -> int | None:
    """The size of a whole object, of which an answer brings a part."""
    size = content_range.rpartition("/")[2]
    return int(size) if size.isdecimal() else None


class _Download(io.RawIOBase):
    """The body of an answer, as a file that raises our errors; a body that ends too early is one."""

    def __init__(self, body: Any, fault: Callable[[Exception], DaltonifyError]) -> None:
        self._body = body
        self._fault = fault

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _translated(self._fault):
            return int(self._body.readinto(buffer))


@contextmanager
def _translated(fault: Callable[[Exception], DaltonifyError]) -> Iterator[None]:
    try:
        yield
    except _SDK_FAULTS as error:
        raise fault(error) from error


def _listed(client: "S3Client", bucket: str, prefix: str) -> Iterator["ObjectTypeDef"]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", ())


def _code(error: Exception) -> str:
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def _status(error: Exception) -> int | None:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else None


def _reason(error: Exception) -> str:
    # The kind is enough: whole messages of the SDK repeat addresses and request parameters.
    return f"S3 answered {_code(error)}" if isinstance(error, ClientError) else f"{type(error).__name__} from S3"
