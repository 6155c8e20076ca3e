"""Every kind of raw table keeps the port's promises, and every junk file says what it is."""

import gzip
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from daltonify_core.adapters.catalogue_file import write_catalogue_file
from daltonify_core.adapters.dataset_files import find_tables
from daltonify_core.adapters.parquet_file import ParquetTable
from daltonify_core.errors import InvalidDataset
from daltonify_core.ports.catalogue import RawTable
from tests.builders import make_track, track_id
from tests.fakes.memory_table import MemoryTable

HEADER = ["id", "name", "note"]
ROWS = [["1", "True", ""], ["2", "é, 愛", "x"]]
TEXT = 'id,name,note\n1,True,\n2,"é, 愛",x\n'
FORMATS = {".parquet": ParquetTable}


def parquet_bytes(**columns: object) -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), sink)
    return sink.getvalue()


def zip_bytes(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


PARQUET = parquet_bytes(id=[1, 2], name=["True", "é, 愛"], note=[None, "x"])

FILES = {
    "comma.csv": TEXT.encode(),
    "windows lines.csv": TEXT.replace("\n", "\r\n").encode(),
    "old mac lines.csv": TEXT.replace("\n", "\r").encode(),
    "blank lines.csv": ("\n" + TEXT.replace("\n", "\n\n")).encode(),
    "no last line end.csv": TEXT.rstrip("\n").encode(),
    "byte-order mark.csv": TEXT.encode("utf-8-sig"),
    "utf-16.txt": TEXT.encode("utf-16"),
    "pipe.csv": "id|name|note\n1|True|\n2|é, 愛|x\n".encode(),
    "tab.tsv": "id\tname\tnote\n1\tTrue\t\n2\té, 愛\tx\n".encode(),
    "semicolon.csv": 'id;name;note\n1;True;\n2;"é, 愛";x\n'.encode(),
    "quoted header.csv": ('"id","name","note"\n' + TEXT.partition("\n")[2]).encode(),
    "packed.csv.gz": gzip.compress(TEXT.encode()),
    "packed but not named so.csv": gzip.compress(TEXT.encode()),
    "plain but named packed.csv.gz": TEXT.encode(),
    "table.parquet": PARQUET,
    "archive.zip": zip_bytes(**{"folder/table.csv": TEXT.encode()}),
    "archive of packed.zip": zip_bytes(**{"table.csv.gz": gzip.compress(TEXT.encode())}),
    "archive of parquet.zip": zip_bytes(**{"table.parquet": PARQUET}),
}


def read(path: Path) -> RawTable:
    [table] = find_tables([path], FORMATS)
    return table


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def store(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return store


@pytest.fixture(params=["memory", *FILES])
def table(request: pytest.FixtureRequest, stored: Callable[[str, bytes], Path]) -> RawTable:
    if request.param == "memory":
        return MemoryTable(HEADER, *ROWS)
    return read(stored(request.param, FILES[request.param]))


def test_a_table_gives_its_header_and_all_rows_each_time(table):
    assert table.header() == HEADER
    for _ in range(2):
        assert [row for _, row in table.rows()] == ROWS
    assert table.header() == HEADER


def test_a_table_numbers_its_rows_upwards(table):
    lines = [line for line, _ in table.rows()]
    assert lines == sorted(set(lines))
    assert lines[0] >= 1


def test_a_table_may_be_left_half_read(table):
    next(table.rows())
    assert len(list(table.rows())) == len(ROWS)


def test_a_table_has_a_name_and_a_layout(table):
    assert table.name
    layout = table.layout()
    assert (layout.encoding is None) == (layout.delimiter is None)


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("comma.csv", "utf-8", "comma"),
        ("pipe.csv", "utf-8", "pipe"),
        ("tab.tsv", "utf-8", "tab"),
        ("semicolon.csv", "utf-8", "semicolon"),
        ("byte-order mark.csv", "utf-8-sig", "comma"),
        ("utf-16.txt", "utf-16", "comma"),
        ("table.parquet", None, None),
    ],
)
def test_the_layout_says_how_a_file_was_read(stored, name, encoding, delimiter):
    layout = read(stored(name, FILES[name])).layout()
    assert (layout.encoding, layout.delimiter) == (encoding, delimiter)


def test_lines_are_those_on_which_rows_begin(stored):
    table = read(stored("lines.csv", b'\na,b\n1,"two\nlines"\n\n2,x\n'))
    assert list(table.rows()) == [(3, ["1", "two\nlines"]), (6, ["2", "x"])]


def test_text_that_is_not_utf_8_is_read_as_windows_1252(stored):
    table = read(stored("old.csv", "id,name\n1,Beyoncé – “Halo”\n".encode("cp1252")))
    assert list(table.rows()) == [(2, ["1", "Beyoncé – “Halo”"])]
    assert table.layout().encoding == "cp1252"


def test_a_stray_null_character_does_not_make_a_file_binary(stored):
    table = read(stored("stray.csv", b"track,name\n1,one\x00two\n" + b"2,plain\n" * 9))
    assert next(table.rows()) == (2, ["1", "one\x00two"])


def test_the_encoding_is_judged_by_the_whole_file(stored):
    plain = b"id,name\n" + b"1,plain\n" * 300_000
    assert read(stored("utf.csv", plain + "2,é\n".encode())).layout().encoding == "utf-8"
    table = read(stored("old.csv", plain + "2,é\n".encode("cp1252")))
    assert list(table.rows())[-1][1] == ["2", "é"]


def test_a_delimiter_within_quotes_of_the_header_does_not_count(stored):
    table = read(stored("quoted.csv", b'"a;b;c;d",x\n1,2\n'))
    assert table.header() == ["a;b;c;d", "x"]


def test_quotes_in_a_dump_without_quoting_belong_to_the_text(stored):
    table = read(stored("dump.tsv", b'id\tname\n1\t"Heroes" - Live\n2\t12" Mix\n3\t"Open\n4\tx\n'))
    assert [row[1] for _, row in table.rows()] == ['"Heroes" - Live', '12" Mix', '"Open', "x"]


def test_sloppy_quotes_between_quoted_fields_do_not_stop_the_reading(stored):
    table = read(stored("sloppy.csv", b'id,name,note\n1,"a, b",x\n2,"Heroes" Live,y\n'))
    assert [row for _, row in table.rows()] == [["1", "a, b", "x"], ["2", "Heroes Live", "y"]]


def test_a_long_well_quoted_file_may_be_cut_anywhere_by_the_sample(stored):
    row = b'1,"a ""b"",\nc"\n'
    table = read(stored("long.csv", b"id,name\n" + row * 90_000))
    assert {tuple(cells) for _, cells in table.rows()} == {("1", 'a "b",\nc')}


def test_a_folder_gives_its_files_in_the_order_of_their_paths(stored, tmp_path):
    for name in ("b.csv", "a/z.csv", "a.csv", "c.zip"):
        stored(
            name, zip_bytes(**{"y.csv": TEXT.encode(), "x.csv": TEXT.encode()}) if name == "c.zip" else TEXT.encode()
        )
    names = [table.name.removeprefix(tmp_path.as_posix()) for table in find_tables([tmp_path])]
    assert names == ["/a.csv", "/a/z.csv", "/b.csv", "/c.zip/x.csv", "/c.zip/y.csv"]


def test_several_paths_keep_their_order(stored):
    paths = [stored(name, TEXT.encode()) for name in ("b.csv", "a.csv")]
    assert [table.name for table in find_tables(paths)] == [path.as_posix() for path in paths]


def test_a_file_that_is_asked_for_is_read_whatever_its_name(stored):
    assert read(stored("table.data", TEXT.encode())).header() == HEADER


def test_a_path_that_does_not_exist_is_refused_at_once(tmp_path):
    with pytest.raises(InvalidDataset, match=r"no file or folder .*missing\.csv"):
        find_tables([tmp_path / "missing.csv"])


BROKEN_GZIP = gzip.compress(TEXT.encode() * 1000)

JUNK = {
    "empty.csv": (b"", "is empty"),
    "blank.csv": (b" \n\n", "is empty"),
    "empty.csv.gz": (gzip.compress(b""), "is empty"),
    "letter.csv": (zip_bytes(**{"word/document.xml": b"<x/>"}), "zip archive or an Office document"),
    "page.csv": (b"\n<!DOCTYPE html><title>404</title>", "web page"),
    "answer.csv": (b'{"error": "not found"}', "JSON"),
    "pointer.csv": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
    "misnamed.csv": (PARQUET, "Parquet"),
    "binary.csv": (b"a,b\n\x00\x01,\x02\n", "binary"),
    "broken.csv.gz": (BROKEN_GZIP[: len(BROKEN_GZIP) // 2], "cannot be read"),
    "wrong.csv.gz": (BROKEN_GZIP[:-8] + b"\x00" * 8, "cannot be read"),
    "encoding.csv": (b"id,name\n1,\x81\x8d\n", "cannot be read"),
    "runaway.csv": (b'id,name\n1,"' + b"x\n" * 200_000, "cannot be read"),
    "broken.zip": (b"PK\x03\x04 not really", "cannot be read"),
    "broken.parquet": (b"PAR1 not really", "cannot be read as Parquet"),
}


@pytest.mark.parametrize("name", JUNK)
def test_a_junk_file_says_what_it_is(stored, name):
    content, reason = JUNK[name]
    table = read(stored(name, content))
    with pytest.raises(InvalidDataset, match=reason):
        list(table.rows())


@pytest.mark.parametrize("name", [name for name in JUNK if name not in ("encoding.csv", "runaway.csv")])
def test_most_junk_shows_before_any_row_is_read(stored, name):
    content, reason = JUNK[name]
    table = read(stored(name, content))
    for ask in (table.header, table.layout if not name.endswith(".parquet") else table.header):
        with pytest.raises(InvalidDataset, match=reason):
            ask()


def test_other_files_of_a_folder_are_named_with_the_reason(stored, tmp_path):
    for name in ("table.csv", "README.md", ".DS_Store", ".git/config", ".git/objects/x", "data.json", "t.parquet"):
        stored(name, TEXT.encode())
    stored("old.zip", zip_bytes(**{"in.zip": b"PK", "__MACOSX/._a.csv": b"x", "__MACOSX/._b.csv": b"x", "a.csv": b"a"}))
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere")
    reasons = {}
    for table in find_tables([tmp_path]):
        try:
            table.header()
        except InvalidDataset as error:
            reasons[table.name.removeprefix(f"{tmp_path.as_posix()}/")] = error.message
    assert set(reasons) == {
        ".DS_Store",
        ".git/",
        "README.md",
        "dangling.csv",
        "data.json",
        "old.zip/__MACOSX",
        "old.zip/in.zip",
        "t.parquet",
    }
    assert reasons[".git/"] == reasons["old.zip/__MACOSX"] == "it is hidden"
    assert "within an archive" in reasons["old.zip/in.zip"]
    assert reasons["README.md"].startswith("its name ends in none of .csv")


def test_an_archive_with_a_password_is_refused_in_words(stored):
    content = bytearray(zip_bytes(**{"table.csv": TEXT.encode(), "table.parquet": PARQUET}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(signature)
        while start >= 0:
            content[start + flags] |= 1
            start = content.find(signature, start + 1)
    for table in find_tables([stored("secret.zip", bytes(content))], FORMATS):
        with pytest.raises(InvalidDataset, match="password"):
            table.header()


def test_parquet_values_become_the_text_that_a_csv_file_would_hold(stored):
    content = parquet_bytes(
        artists=[["A", 'B "b"'], []],
        single=pyarrow.array([0.686, None], pyarrow.float32()),
        double=[5.56e-06, float("nan")],
        flag=[True, None],
        genre=pyarrow.array(["pop", "pop"]).dictionary_encode(),
        day=pyarrow.array([0, 17_000], pyarrow.date32()),
    )
    assert [row for _, row in read(stored("types.parquet", content)).rows()] == [
        ['["A", "B \\"b\\""]', "0.686", "0.00000556", "true", "pop", "1970-01-01"],
        ["[]", "", "nan", "", "pop", "2016-07-18"],
    ]


def test_parquet_rows_are_numbered_across_batches(stored):
    lines = [line for line, _ in read(stored("long.parquet", parquet_bytes(id=list(range(25_000))))).rows()]
    assert lines == list(range(1, 25_001))


def test_without_pyarrow_a_parquet_file_names_the_extra(stored, monkeypatch):
    path = stored("table.parquet", PARQUET)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InvalidDataset, match=r"pip install 'daltonify\[cli\]'"):
        read(path).header()


@pytest.mark.parametrize("name", ["shard.csv", "shard.csv.gz"])
def test_equal_tracks_give_equal_bytes_under_any_name_and_folder(tmp_path, name):
    tracks = [make_track(track_id=track_id(number)) for number in range(50)]
    paths = [tmp_path / name, tmp_path / "new" / "folder" / f"other {name}"]
    for path in paths:
        write_catalogue_file(path, tracks)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].read_bytes().startswith(b"\x1f\x8b") == name.endswith(".gz")


@pytest.mark.parametrize("name", ["shard.csv", "shard.csv.gz"])
def test_a_failed_write_leaves_the_file_as_it_was(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"old")

    def failing():
        yield make_track()
        raise InvalidDataset("broke off")

    with pytest.raises(InvalidDataset):
        write_catalogue_file(path, failing())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
