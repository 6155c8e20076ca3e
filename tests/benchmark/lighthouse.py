"""How good and how fast the page is on a phone: ``make lighthouse``.

Lighthouse looks at the page as a visitor first meets it and as a link to a list opens it, each three times, offline, on
its profile of a slow phone; the median counts. Ends with 1 when a score is under 95. Then the time from a pasted link
to the drawn list, without slowing anything down.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import BROWSER_ARGUMENTS, ROOT

CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST_SCORE = 95
RUNS = 3
LISTS = 5

# Two frames after the rows are in the document they have been painted.
FIRST_LIST = """async (link) => {
  const field = document.getElementById("track");
  const begin = performance.now();
  field.value = link;
  field.form.requestSubmit();
  const frame = () => new Promise(requestAnimationFrame);
  while (!document.querySelector("#list .row")) await frame();
  await frame();
  await frame();
  return performance.now() - begin;
}"""


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """A demonstration at a free port: its address, and the link of a track to begin with."""
    with tempfile.TemporaryDirectory() as cache:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.demo", "--cache", cache],
            cwd=ROOT,
            env=os.environ | {"PORT": "0"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line.startswith("Logs are in"):
                    break
            [url] = set(re.findall(r"http://127\.0\.0\.1:\d+", said))
            yield url, re.findall(r"https://open\.spotify\.com/track/\w{22}", said)[0]
        finally:
            process.terminate()
            process.communicate(timeout=60)


def scores(script: str, chromium: str, url: str) -> dict[str, int]:
    """The scores of one run, out of 100."""
    done = subprocess.run(
        [
            "node",
            script,
            url,
            "--quiet",
            "--no-enable-error-reporting",
            f"--chrome-flags=--headless=new {' '.join(BROWSER_ARGUMENTS)}",
            f"--only-categories={','.join(CATEGORIES)}",
            "--output=json",
        ],
        env=os.environ | {"CHROME_PATH": chromium},
        check=True,
        stdout=subprocess.PIPE,
        timeout=300,
    )
    found = json.loads(done.stdout)["categories"]
    return {name: round(100 * found[name]["score"]) for name in CATEGORIES}


def seconds_to_first_list(chromium: str, url: str, link: str) -> list[float]:
    """From pasting ``link`` until the rows are painted, each time in a browser that never saw the page."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        for _ in range(LISTS):
            context = browser.new_context(viewport={"width": 360, "height": 740})
            page = context.new_page()
            page.goto(url)
            page.locator("button.example").first.wait_for()
            found.append(page.evaluate(FIRST_LIST, link) / 1000)
            context.close()
        browser.close()
    return found


def shared_address(chromium: str, url: str, link: str) -> str:
    """The address that the page gives the list for ``link``: what an artist sends to somebody."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGUMENTS)
        page = browser.new_page()
        page.goto(url)
        page.locator("button.example").first.wait_for()
        page.evaluate(FIRST_LIST, link)
        page.wait_for_url(re.compile(r"[&#]t="))
        found: str = page.url
        browser.close()
    return found


def output_of(script: str) -> str:
    done = subprocess.run([ROOT / "infra/local" / script], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def measure(url: str, link: str) -> bool:
    """Print what was measured; whether every score is high enough."""
    lighthouse, chromium = output_of("setup_lighthouse.sh"), output_of("find_chromium.sh")
    least = 100
    for name, address in (("start", f"{url}/"), ("list", shared_address(chromium, url, link))):
        runs = [scores(lighthouse, chromium, address) for _ in range(RUNS)]
        median = {category: round(statistics.median(run[category] for run in runs)) for category in CATEGORIES}
        print(f"{name:6}" + "".join(f"  {category} {score}" for category, score in median.items()), flush=True)
        least = min(least, *median.values())
    times = seconds_to_first_list(chromium, url, link)
    print(f"first list after {statistics.median(times):.2f} s, of {LISTS} from {min(times):.2f} to {max(times):.2f} s")
    if least < LEAST_SCORE:
        print(f"A score is under {LEAST_SCORE}.", file=sys.stderr)
    return least >= LEAST_SCORE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a demonstration that runs already; then --link as well")
    parser.add_argument("--link", help="a track of its catalogue")
    asked = parser.parse_args()
    if asked.url and asked.link:
        return 0 if measure(asked.url, asked.link) else 1
    with demo() as (url, link):
        return 0 if measure(url, link) else 1


if __name__ == "__main__":
    sys.exit(main())
