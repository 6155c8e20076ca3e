"""The page's pure modules under Node's own test runner, and what holds its texts and files together."""

import gzip
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import playwright
import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "infra/site"
MOST_BYTES = 120_000
CODE = {".js", ".css"}
LONGEST_LINE = 120
# What `import` and `from` name, at the start of a line.
IMPORTED = re.compile(r"""^(?:import|export)\b[^;]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@pytest.fixture(scope="module")
def node() -> str:
    """The Node that Playwright brings along, so that nobody has to install one and all use the same."""
    found = Path(playwright.__file__).parent / "driver/node"
    assert found.is_file()
    return str(found)


def run(node: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([node, *arguments], cwd=ROOT, check=False, capture_output=True, text=True, timeout=600)


def test_pure_modules_do_what_their_own_tests_say(node: str):
    files = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/site").glob("*.test.js"))
    assert len(files) > 1
    done = run(node, "--test", "--test-reporter=tap", *files)
    failures = re.findall(r"^ *not ok .*?^ *\.\.\.$", done.stdout, re.MULTILINE | re.DOTALL)
    assert failures == [], "\n".join(failures)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"^# tests [1-9]", done.stdout, re.MULTILINE), done.stdout[-500:]
    assert re.search(r"^# skipped 0$", done.stdout, re.MULTILINE), done.stdout[-500:]


class Texts(HTMLParser):
    """Texts of the markup by the names under which ``en.js`` holds them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.untold: list[str] = []
        self._names: list[str | None] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "input", "rect", "path", "circle"):
            self._names.append(dict(attributes).get("data-words"))
        self._note_label(dict(attributes))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._note_label(dict(attributes))

    def _note_label(self, attributes: dict[str, str | None]) -> None:
        label, name = attributes.get("aria-label"), attributes.get("data-label-words")
        if label and name:
            self.found[name] = label
        elif label:
            self.untold.append(label)

    def handle_endtag(self, tag: str) -> None:
        if self._names:
            self._names.pop()

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text:
            return
        if self._names and self._names[-1]:
            self.found[self._names[-1]] = text
        else:
            self.untold.append(text)


def texts_of_page() -> Texts:
    texts = Texts()
    texts.feed((SITE / "index.html").read_text(encoding="utf-8"))
    return texts


def test_texts_of_the_markup_are_those_of_the_module_of_words(node: str):
    found = texts_of_page().found
    assert len(found) > 5
    script = (
        "import('./infra/site/words.js').then(({ textFor }) => console.log(JSON.stringify("
        "Object.fromEntries(process.argv.slice(1).map((name) => [name, textFor(name)])))))"
    )
    done = run(node, "--eval", script, *found)
    assert done.returncode == 0, done.stderr
    assert found == json.loads(done.stdout)


def test_markup_holds_no_text_of_its_own_but_the_names():
    assert set(texts_of_page().untold) <= {"Daltonify", "Daltonify: your track in good company"}


def views_of(app: str, *groups: str) -> list[str]:
    """The views that ``app.js`` loads as parts of these groups."""
    found = re.findall(rf"^const (?:{'|'.join(groups)}) = \{{([^}}]*)\}}", app, re.MULTILINE)
    assert len(found) == len(groups)
    return [name for group in found for name in re.findall(r"(\w+):", group)]


def modules_from(start: Path) -> set[Path]:
    """A module with all that it imports, directly or not."""
    found, waiting = set(), [start]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [(module.parent / name).resolve() for name in IMPORTED.findall(module.read_text("utf-8"))]
    return found


def told_and_needed(page: str, main: str, *views: str) -> tuple[set[str], set[str]]:
    """The modules that a page names in its head, and those that its main module and these views come to."""
    told = set(re.findall(r'<link rel="modulepreload" href="([^"]+)"', (SITE / page).read_text(encoding="utf-8")))
    starts = [SITE / main, *(SITE / f"views/{view}.js" for view in views)]
    needed = {module.relative_to(SITE).as_posix() for start in starts for module in modules_from(start)}
    return told, needed - {main}


def test_browser_is_told_at_once_which_modules_the_first_list_needs():
    views = views_of((SITE / "app.js").read_text(encoding="utf-8"), "FIRST", "WITH_SEED")
    assert len(views) > 5
    told, needed = told_and_needed("index.html", "app.js", *views)
    assert told == needed


def test_browser_is_told_at_once_which_modules_the_page_of_a_release_needs():
    told, needed = told_and_needed("release.html", "release.js")
    assert told == needed


def test_first_list_costs_less_than_120_kilobytes():
    page = (SITE / "index.html").read_text(encoding="utf-8")
    told = re.findall(r'(?:href|src)="((?!privacy)[\w./]+\.(?:js|css|svg))"', page)
    assert "app.js" in told
    assert "styles/base.css" in told
    sizes = {name: len(gzip.compress((SITE / name).read_bytes(), 6)) for name in {"index.html", *told}}
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda one: -one[1])


def test_no_line_is_longer_than_120_characters():
    files = [path for folder in (SITE, ROOT / "tests/site") for path in folder.rglob("*") if path.suffix in CODE]
    assert len(files) > 50
    told = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    }
    assert told == set()


def test_no_module_is_left_over():
    app = (SITE / "app.js").read_text(encoding="utf-8")
    lazy = re.compile(r"""(?:import|new Worker|new URL|register)\(\s*["']((?:\.{1,2}/)?[^"']+\.js)["']""")
    views = views_of(app, "FIRST", "WITH_SEED", "LATER")
    starts = [SITE / "app.js", SITE / "release.js", *(SITE / f"views/{view}.js" for view in views)]
    used: set[Path] = set()
    while starts:
        for module in modules_from(starts.pop()) - used:
            used.add(module)
            starts += [(module.parent / name).resolve() for name in lazy.findall(module.read_text("utf-8"))]
    classic = SITE / "linked.js"  # not a module: those begin only when the page was drawn
    assert {path.resolve() for path in SITE.rglob("*.js")} == used | {classic.resolve()}
