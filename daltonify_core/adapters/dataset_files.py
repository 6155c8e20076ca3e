"""Public data sets on this machine: delimited text, packed or not, alone, in folders or in zip archives.

Only form is decided here (which files, which encoding, which delimiter), never what a column means. Nothing is unpacked
to disk under a name from an archive.
"""

import codecs
import csv
import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from daltonify_core.errors import InvalidDataset
from daltonify_core.ports.catalogue import RawTable, TableLayout

type OpenBytes = Callable[[], IO[bytes]]
"""Opens one file anew, from its start."""
type TableFormat = Callable[[str, OpenBytes], RawTable]
"""Makes a table from its name and an opener whose streams can seek."""

_TEXT_SUFFIXES: Final = frozenset({".csv", ".tsv", ".tab", ".psv", ".txt"})
_DELIMITERS: Final = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe"}
_SAMPLE_BYTES: Final = 1_000_000
_CHUNK_BYTES: Final = 1_000_000
_GZIP_START: Final = b"\x1f\x8b"

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What downloads turn out to be, by their first bytes in lower case.
_JUNK_STARTS: Final = (
    (b"pk\x03\x04", "it is a zip archive or an Office document; name it .zip, or export it as CSV"),
    (b"par1", "it is a Parquet file; name it .parquet"),
    (b"<", "it is a web page or XML, perhaps a failed download"),
    (b"version https://git-lfs", "it is a Git LFS pointer; fetch the file itself with `git lfs pull`"),
    (b"{", "it is JSON or rich text, not a table"),
)
_MOST_NULLS: Final = 0.05  # share of null bytes; a damaged name may hold some, binary data and bare UTF-16 hold more
_READ_FAULTS: Final = (
    OSError,  # also a gzip file with a wrong checksum
    EOFError,  # a gzip file that breaks off
    zlib.error,
    LZMAError,
    zipfile.BadZipFile,
    RuntimeError,  # an encrypted archive
    NotImplementedError,  # an archive packed in a way that Python does not know
    UnicodeError,
    csv.Error,
)


def find_tables(paths: Iterable[Path], formats: Mapping[str, TableFormat] | None = None) -> list[RawTable]:
    """Every table at ``paths``, in their order; those of a folder or archive in the order of their names.

    ``formats`` adds file formats by suffix (``.parquet``). A file that is no table is in the list as well and raises
    ``InvalidDataset`` with the reason when it is read; hidden files count as such. Raises ``InvalidDataset`` at once
    for a path that does not exist.
    """
    formats = formats or {}
    tables: list[RawTable] = []
    for path in paths:
        if path.is_dir():
            tables += _in_folder(path, formats)
        elif path.exists():
            tables += _in_file(path, path.as_posix(), formats, is_asked_for=True)
        else:
            raise InvalidDataset(f"There is no file or folder {path.as_posix()}.")
    return tables


@dataclass(frozen=True, slots=True)
class UnreadableTable:
    """A file that is known to hold no table before it is opened."""

    name: str
    reason: str

    def header(self) -> list[str]:
        raise InvalidDataset(self.reason)

    def layout(self) -> TableLayout:
        raise InvalidDataset(self.reason)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        raise InvalidDataset(self.reason)


@dataclass(frozen=True, slots=True)
class _Form:
    encoding: str
    delimiter: str
    has_quotes: bool
    header: list[str]


class DelimitedFile:
    """A text file with a header, separated by commas, tabs, semicolons or pipes; packed with gzip or not.

    The delimiter is the one that cuts the header into most columns. The encoding is what a byte-order mark says, else
    UTF-8 if the whole file is valid, else Windows-1252.
    """

    def __init__(self, name: str, open_bytes: OpenBytes) -> None:
        self._name = name
        self._open_bytes = open_bytes
        self._known_form: _Form | None = None

    @property
    def name(self) -> str:
        return self._name

    def header(self) -> list[str]:
        return list(self._form().header)

    def layout(self) -> TableLayout:
        form = self._form()
        return TableLayout(encoding=form.encoding, delimiter=_DELIMITERS[form.delimiter])

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        form = self._form()
        with self._unpacked() as stream, io.TextIOWrapper(stream, form.encoding, newline="") as text:
            records = _records(text, form.delimiter, form.has_quotes)
            next(records)
            yield from records

    def _form(self) -> _Form:
        if self._known_form is None:
            with self._unpacked() as stream:
                sample = stream.read(_SAMPLE_BYTES)
                encoding = _encoding(sample, stream)
            # The end of the sample may cut a character in two.
            text = sample.decode(encoding, "ignore")
            self._known_form = _form_of(text, encoding, is_whole=len(sample) < _SAMPLE_BYTES)
        return self._known_form

    @contextmanager
    def _unpacked(self) -> Iterator[IO[bytes]]:
        """The file's bytes without gzip; faults of reading become ``InvalidDataset``."""
        with _explained_faults(), self._open_bytes() as stream:
            is_packed = stream.read(len(_GZIP_START)) == _GZIP_START
            stream.seek(0)
            if is_packed:
                with gzip.open(stream) as unpacked:
                    yield cast("IO[bytes]", unpacked)
            else:
                yield stream


@contextmanager
def _explained_faults() -> Iterator[None]:
    try:
        yield
    except _READ_FAULTS as error:
        raise InvalidDataset(f"it cannot be read: {error}") from error


def _refuse_folder(error: OSError) -> None:
    # Passing over it would leave data out unseen.
    raise InvalidDataset(f"The folder {error.filename} cannot be read: {error.strerror}.") from error


def _in_folder(folder: Path, formats: Mapping[str, TableFormat]) -> Iterator[RawTable]:
    found: list[tuple[str, Path | None]] = []
    for root, folders, files in folder.walk(on_error=_refuse_folder):
        hidden = [name for name in folders if _is_hidden(name)]
        folders[:] = [name for name in folders if name not in hidden]
        found += [((root / name).relative_to(folder).as_posix() + "/", None) for name in hidden]
        found += [((root / name).relative_to(folder).as_posix(), root / name) for name in files]
    for relative, path in sorted(found):
        name = f"{folder.as_posix()}/{relative}"
        if path is None or _is_hidden(path.name):
            yield UnreadableTable(name, "it is hidden")
        elif not path.is_file():
            yield UnreadableTable(name, "it is no regular file")
        else:
            yield from _in_file(path, name, formats, is_asked_for=False)


def _in_file(path: Path, name: str, formats: Mapping[str, TableFormat], *, is_asked_for: bool) -> Iterator[RawTable]:
    if path.suffix.casefold() != ".zip":
        yield _table(name, lambda: path.open("rb"), formats, is_asked_for=is_asked_for)
        return
    try:
        with _explained_faults(), zipfile.ZipFile(path) as archive:
            members = sorted(member.filename for member in archive.infolist() if not member.is_dir())
    except InvalidDataset as error:
        yield UnreadableTable(name, error.message)
        return
    hidden_folders: set[str] = set()
    for member in members:
        hidden = next((part for part in PurePosixPath(member).parts if _is_hidden(part)), None)
        if hidden is None:
            yield _in_archive(path, member, f"{name}/{member}", formats)
            continue
        shown = f"{name}/{member[: member.index(hidden) + len(hidden)]}"
        if shown not in hidden_folders:
            hidden_folders.add(shown)
            yield UnreadableTable(shown, "it is hidden")


def _in_archive(archive: Path, member: str, name: str, formats: Mapping[str, TableFormat]) -> RawTable:
    if PurePosixPath(member).suffix.casefold() == ".zip":
        return UnreadableTable(name, "it is an archive within an archive; unpack it first")
    open_member = partial(_open_member, archive, member)
    if PurePosixPath(member).suffix.casefold() in formats:
        open_member = partial(_spooled, open_member)
    return _table(name, open_member, formats, is_asked_for=False)


def _open_member(archive: Path, member: str) -> IO[bytes]:
    with zipfile.ZipFile(archive) as opened:
        return opened.open(member)  # keeps the archive's file open until it is closed itself


def _spooled(open_bytes: OpenBytes) -> IO[bytes]:
    """A copy in a nameless temporary file, because seeking in a packed member reads it anew from the start."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with _explained_faults(), open_bytes() as stream:
            shutil.copyfileobj(stream, spool)
    except InvalidDataset:
        spool.close()
        raise
    spool.seek(0)
    return cast("IO[bytes]", spool)


def _table(name: str, open_bytes: OpenBytes, formats: Mapping[str, TableFormat], *, is_asked_for: bool) -> RawTable:
    plain = PurePosixPath(name.removesuffix(".gz"))
    suffix = PurePosixPath(name).suffix.casefold()
    if suffix in formats:
        return formats[suffix](name, open_bytes)
    if is_asked_for or plain.suffix.casefold() in _TEXT_SUFFIXES:
        return DelimitedFile(name, open_bytes)
    known = ", ".join(sorted({*_TEXT_SUFFIXES, ".zip", *formats}))
    return UnreadableTable(name, f"its name ends in none of {known}")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _encoding(sample: bytes, rest: IO[bytes]) -> str:
    """The encoding of a stream whose first bytes are ``sample``; raises ``InvalidDataset`` for what is no text."""
    if not sample.strip():
        raise InvalidDataset("it is empty")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return encoding
    start = sample[:100].lstrip().lower()
    for junk, reason in _JUNK_STARTS:
        if start.startswith(junk):
            raise InvalidDataset(reason)
    if sample.count(0) > len(sample) * _MOST_NULLS:
        raise InvalidDataset("it is binary data, not text")
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = sample
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = rest.read(_CHUNK_BYTES)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _form_of(sample: str, encoding: str, *, is_whole: bool) -> _Form:
    headers = {delimiter: _first_record(sample, delimiter) for delimiter in _DELIMITERS}
    # The first of equals wins, in the order of the table above.
    delimiter = max(headers, key=lambda candidate: len(headers[candidate]))
    has_quotes = _has_quotes(sample, delimiter, is_whole=is_whole)
    return _Form(encoding, delimiter, has_quotes, headers[delimiter])


def _first_record(sample: str, delimiter: str) -> list[str]:
    try:
        return next((record for _, record in _records(io.StringIO(sample, newline=""), delimiter)), [])
    except csv.Error:
        return []


def _has_quotes(sample: str, delimiter: str, *, is_whole: bool) -> bool:
    """Whether quotes wrap fields, as nearly always.

    Plain dumps hold them as ordinary characters (``"Heroes" - Live``): there, quotes break the rules of CSV, and
    without them all lines have equally many fields.
    """
    if '"' not in sample or _is_well_quoted(sample, delimiter, is_whole=is_whole):
        return True
    records = [record for _, record in _records(io.StringIO(sample, newline=""), delimiter, has_quotes=False)]
    if not is_whole:
        del records[-1]
    return len({len(record) for record in records}) > 1


def _is_well_quoted(sample: str, delimiter: str, *, is_whole: bool) -> bool:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error:
        # At the end of a part, a quoted field may have been cut in two.
        return not is_whole and reader.line_num >= sample.count("\n")
    return True


def _records(text: Iterable[str], delimiter: str, has_quotes: bool = True) -> Iterator[tuple[int, list[str]]]:
    """All records that are not blank, each after the line on which it begins."""
    reader = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if has_quotes else csv.QUOTE_NONE)
    line = 1
    for record in reader:
        if record:
            yield line, record
        line = reader.line_num + 1
