"""The page as a whole: what it weighs, where it comes from, what may run in it, and that the keyboard reaches all."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Route, expect

from tests.e2e.conftest import Demo, OpenPage, Watch
from tests.e2e.steps import rows, try_example, wait_for_list

MOST_BYTES = 120_000
ANSWERS = "**/api/recommendations"
# Never asked: the policy stops every request to it.
ELSEWHERE = "https://example.com"


def test_page_up_to_the_first_list_weighs_less_than_120_kb_and_all_comes_from_one_place(
    open_page: OpenPage, demo: Demo, watch: Watch
):
    finished: list[Request] = []
    page = open_page(lambda page: page.on("requestfinished", lambda request: finished.append(request)))
    page.wait_for_load_state("networkidle")
    # What travels, so compressed. What takes a list along is loaded when there is one, and none has to wait for it.
    sizes = {
        urlsplit(request.url).path: request.sizes()["responseBodySize"]
        for request in finished
        if not urlsplit(request.url).path.startswith("/api/")
    }
    assert {"/", "/app.js", "/styles/base.css", "/views/list.js"} <= sizes.keys()
    assert min(sizes.values()) > 0
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda one: -one[1])
    try_example(page)
    expect(page.locator("#copy button.primary")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in watch.requests} == {urlsplit(demo.url).netloc}


# --- the content security policy ---

PLANTED = {
    "inline script": "<script>window.isBroken = true;</script>",
    "handler in the markup": '<img src="favicon.svg" onload="window.isBroken = true">',
    "foreign script": f'<script src="{ELSEWHERE}/evil.js"></script>',
    "inline style": "<style>h1 { letter-spacing: 77px; }</style>",
    "style in the markup": '<p id="planted" style="letter-spacing: 77px">Planted</p>',
    "foreign style sheet": f'<link rel="stylesheet" href="{ELSEWHERE}/evil.css">',
    "foreign picture": f'<img src="{ELSEWHERE}/spy.gif" alt="">',
    "foreign frame": f'<iframe src="{ELSEWHERE}/" title="Foreign"></iframe>',
    "base": f'<base href="{ELSEWHERE}/">',
}
# What the browser reports for each of these, in alphabetical order.
BROKEN = ["base-uri", "frame-src", "img-src", "script-src-attr", "script-src-elem", "script-src-elem"]
BROKEN += ["style-src-attr", "style-src-elem", "style-src-elem"]


def forgive_policy(watch: Watch) -> None:
    """Every other test fails on a complaint about the policy; here there must be some, and nothing else."""
    told = [fault for fault in watch.faults if "Content Security Policy" in fault]
    # Playwright tells of some requests that the browser stops before they are sent.
    stopped = [fault for fault in watch.faults if fault.startswith(f"asked {ELSEWHERE}")]
    assert told
    assert sorted(told + stopped) == sorted(watch.faults)
    watch.faults.clear()


def test_whatever_is_planted_in_the_markup_is_blocked_and_reported(open_page: OpenPage, watch: Watch):
    def plant(route: Route) -> None:
        answer = route.fetch()
        # With the headers as they were sent, the policy among them.
        body = answer.text().replace("</body>", "".join(PLANTED.values()) + "</body>")
        route.fulfill(response=answer, body=body)

    def prepare(page: Page) -> None:
        page.add_init_script(
            "window.broken = [];"
            "addEventListener('securitypolicyviolation', (event) => window.broken.push(event.effectiveDirective));"
        )
        page.route(re.compile(r"/$"), plant)

    page = open_page(prepare)
    page.wait_for_function("count => window.broken.length >= count", arg=len(BROKEN))
    assert sorted(page.evaluate("window.broken")) == BROKEN
    assert page.evaluate("window.isBroken") is None
    for place in ("#start h1", "#planted"):
        assert page.locator(place).evaluate("element => getComputedStyle(element).letterSpacing") != "77px"
    # What the page itself says is said all the same.
    try_example(page)
    assert len(watch.faults) >= len(BROKEN)
    forgive_policy(watch)


def test_script_that_got_into_the_page_reaches_nobody(page: Page, watch: Watch):
    outcomes = page.evaluate(
        """async (elsewhere) => {
          const outcomes = [];
          try {
            await fetch(elsewhere);
            outcomes.push("fetched");
          } catch {
            outcomes.push("fetch refused");
          }
          try {
            await import(`${elsewhere}/evil.js`);
            outcomes.push("imported");
          } catch {
            outcomes.push("import refused");
          }
          try {
            new Function("return 1")();
            outcomes.push("evaluated");
          } catch {
            outcomes.push("evaluation refused");
          }
          return outcomes;
        }""",
        ELSEWHERE,
    )
    assert outcomes == ["fetch refused", "import refused", "evaluation refused"]
    forgive_policy(watch)


# --- the keyboard ---

# Everything that a keyboard stops at: of the radio buttons of one name, one.
STOPS = """() => {
  const names = new Set();
  window.stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, iframe, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => {
      if (one.type !== "radio") return true;
      const group = [...document.getElementsByName(one.name)];
      return group.some((other) => other.checked) ? one.checked : group[0] === one;
    });
  return window.stops.length;
}"""
# Which of them has the focus, and whether that shows: on itself, or on the label that stands for an unseen field.
STOP = """() => {
  const element = document.activeElement;
  const stands = [element, element.nextElementSibling, ...(element.labels ?? [])].filter(Boolean);
  const isOutlined = stands.some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const told = element.outerHTML.slice(0, 120);
  const [isDate, isBody] = [element.type === "date", element === document.body];
  return { place: window.stops.indexOf(element), isOutlined, isDate, isBody, told };
}"""


def reach_all(page: Page) -> None:
    """Walk through the whole page by Tab, from its beginning."""
    count: int = page.evaluate(STOPS)
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }")
    met: list[int] = []
    # A date has several stops of its own.
    for _ in range(count + 10):
        page.keyboard.press("Tab")
        stop: dict[str, Any] = page.evaluate(STOP)
        if stop["isBody"]:
            break
        assert stop["place"] >= 0, f"not foreseen: {stop['told']}"
        # Within a date the browser shows it on the part.
        assert stop["isOutlined"] or (stop["isDate"] and stop["place"] in met), f"no focus to be seen: {stop['told']}"
        met.append(stop["place"])
    missed = page.evaluate(
        "met => window.stops.filter((_, place) => !met.includes(place)).map((one) => one.outerHTML.slice(0, 120))", met
    )
    assert missed == []


def test_everything_is_reached_by_tab_with_a_focus_that_shows(open_page: OpenPage, demo: Demo):
    page = open_page(path=f"/#1&s={demo.examples[0].rpartition('/')[2]}&size=5", reduced_motion="reduce")
    wait_for_list(page)
    expect(page.locator("#publish").get_by_role("button", name="Create playlist")).to_be_visible()
    for summary in page.locator("summary").all():
        if summary.is_visible() and summary.evaluate("summary => !summary.parentElement.open"):
            summary.click()
    page.locator("#list .row .toggle").first.click()
    reach_all(page)


def test_start_and_remedies_are_reached_by_tab_as_well(page: Page):
    expect(page.locator("button.example").first).to_be_visible()
    reach_all(page)
    page.get_by_role("button", name="Not on Spotify yet?").click()
    page.get_by_role("button", name="Use sliders").click()
    reach_all(page)


# --- a service and a network that are not there ---


def test_catalogue_that_is_not_ready_is_said_and_tried_again(open_page: OpenPage):
    problem = {"code": "index_unavailable", "status": 503, "detail": "No index has been built yet."}

    def not_ready(page: Page) -> None:
        answer = {"status": 503, "content_type": "application/problem+json", "body": json.dumps(problem)}
        page.route("**/api/genres", lambda route: route.fulfill(**answer), times=1)
        page.route(ANSWERS, lambda route: route.fulfill(**answer), times=1)

    page = open_page(not_ready, is_up=False)
    trouble = page.locator("#problem .trouble")
    expect(trouble).to_contain_text("The catalogue is not ready yet. No index has been built yet.")
    trouble.get_by_role("button", name="Try again").click()
    expect(page.locator("#problem")).to_be_empty()
    expect(page.locator("#about")).to_contain_text("not affiliated")
    try_example_once_refused(page)
    page.get_by_label("Genre", exact=True).select_option("rock")
    expect(page.locator("#list")).to_contain_text("From rock")


def try_example_once_refused(page: Page) -> None:
    """The first question for a list meets a catalogue that is not ready either."""
    page.locator("button.example").first.click()
    trouble = page.locator("#problem .trouble")
    expect(trouble).to_contain_text("The catalogue is not ready yet.")
    trouble.get_by_role("button", name="Try again").click()
    wait_for_list(page)


def test_network_that_is_lost_on_the_start_page_is_said_and_the_list_follows_when_it_is_back(page: Page):
    expect(page.locator("button.example").first).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#banner")).to_contain_text("You are offline")
    page.locator("button.example").first.click()
    expect(page.locator("#problem")).to_contain_text("cannot be reached")
    expect(page.locator("#list")).to_be_hidden()
    page.context.set_offline(False)
    wait_for_list(page)
    expect(rows(page)).to_have_count(31)
    expect(page.locator("#problem")).to_be_empty()
    expect(page.locator("#banner")).not_to_contain_text("You are offline")


def test_track_of_the_biggest_artist_is_answered_with_what_else_to_try(open_page: OpenPage, demo: Demo):
    page = open_page()
    found = page.request.get(f"{demo.url}/api/tracks?q=heart").json()["tracks"]
    biggest = max(found, key=lambda track: track["artist_popularity"])
    assert biggest["artist_popularity"] > 90
    page.get_by_label("Your track").fill(biggest["url"])
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("Nobody left to recommend")
    expect(page.locator("#list")).to_be_hidden()
