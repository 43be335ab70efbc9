"""A planner's act on the Sites page to the new plan on screen, in a real Chromium.

Run ``python -m benchmarks.bench_plan [rounds]``. Each round opens the bundled study in a fresh
profile on a warm server and does in turn what a planner does: another number of rooms, a place
pinned, one ruled out, a pin dragged, a place added by a click on the map, a quota and a budget.
No round asks for a plan that an earlier one had, so every plan is made, proven and checked anew.
``map`` ends with the map that shows the new plan (its sentence, drawn before it, included),
``page`` with everything below it: table, downloads, what a planner's own choice is worth;
``processor`` is what the app's process worked for both. Target: map within 1 s, on two cores.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.bench_first_map import ROOT, frame_of, launched, opened, served
from geo.schema import SITE_KINDS
from ui.wording import words

WAIT_MS = 60_000
TEXT = words("zh")
COSTS = "village:2;community:3;park:3;campus:4;compound:3"
LINK = f"sites?as_of=2019-05-31&new=15&costs={COSTS}"
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
ACTS = ("number of rooms", "pin", "rule out", "drag a pin", "click on the map", "quota", "budget")

Seconds = tuple[float, float, float]


def processor_seconds() -> float:
    """Return the processor time of the app's process, the only child that runs Streamlit."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name = (status.parent / "cmdline").read_bytes()
            parts = status.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(parts[1]) == os.getpid() and b"streamlit" in name:
            return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
    return float("nan")


def timed(page: Page, act: Callable[[], None]) -> Seconds:
    """Return seconds from an act to the map with its outcome, and to the page being at rest.

    The third is the app's processor time for both.
    """
    area = frame_of(page).locator("#map_div")
    before = area.get_attribute("data-revision")
    busy = processor_seconds()
    start = time.perf_counter()
    act()
    changed = f"#map_div[data-revision]:not([data-revision='{before}'])"
    frame_of(page).locator(changed).wait_for(timeout=WAIT_MS)
    drawn = time.perf_counter() - start
    page.locator(IDLE).wait_for(timeout=WAIT_MS)
    rest = time.perf_counter() - start
    settle(page)
    return drawn, rest, processor_seconds() - busy


def settle(page: Page) -> None:
    """Wait until nothing has run for a while."""
    page.wait_for_timeout(700)
    page.locator(IDLE).wait_for(timeout=WAIT_MS)
    page.wait_for_timeout(500)


def pick_candidate(page: Page, turn: int) -> None:
    """Pick a place that is not in the plan from the list beside the map."""
    box = page.get_by_role("combobox", name=TEXT("sites.pick"))
    for _ in range(2 + 3 * turn):
        box.press("ArrowUp")
    page.keyboard.press("Enter")
    settle(page)


def pick_chosen(page: Page) -> None:
    """Pick a place of the plan on the map."""
    frame_of(page).locator(".rp-pin").first.click(force=True)
    settle(page)


def fill(page: Page, label: str, value: int) -> Callable[[], None]:
    """Write a number without sending it; return what sends it."""
    box = page.get_by_role("spinbutton", name=label)
    box.fill(str(value))
    return lambda: box.press("Enter")


def press(page: Page, name: str) -> Callable[[], None]:
    """Return what presses a button."""
    button = page.get_by_role("button", name=TEXT(name), exact=True)
    button.scroll_into_view_if_needed()
    return button.click


def dragged(page: Page) -> Callable[[], None]:
    """Take the first pin to another place; return what lets it go."""
    frame_of(page).locator("#map_div").scroll_into_view_if_needed()
    box = frame_of(page).locator(".rp-pin").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y - 25, steps=5)
    return page.mouse.up


def clicked(page: Page, turn: int) -> Callable[[], None]:
    """Switch on adding places; return what presses on the map."""
    page.get_by_text(TEXT("sites.click_adds")).last.click()
    settle(page)
    box = frame_of(page).locator("#map_div").bounding_box()
    x, y = box["x"] + (0.30 + 0.01 * turn) * box["width"], box["y"] + 0.42 * box["height"]
    return lambda: page.mouse.click(x, y)


def quota(page: Page, turn: int) -> Callable[[], None]:
    """Write that so many campuses must be chosen, more than are; return what sends it."""
    page.get_by_text(TEXT("sites.argue")).click()
    page.get_by_role("tab", name=TEXT("sites.tab_quotas")).click()
    settle(page)
    table = page.get_by_role("tabpanel").get_by_test_id("stDataFrame").first
    box = table.bounding_box()
    row = SITE_KINDS.index("campus") + 1
    page.mouse.click(box["x"] + 0.375 * box["width"], box["y"] + 35 * (row + 0.5))
    page.keyboard.type(str(4 + turn % 4))
    page.wait_for_timeout(500)
    return lambda: page.keyboard.press("Enter")


def argue(page: Page, turn: int) -> dict[str, Seconds]:
    """Do each act once; return its seconds."""
    found = {"number of rooms": timed(page, fill(page, TEXT("sites.n_new"), 16 + turn))}
    pick_candidate(page, turn)
    found["pin"] = timed(page, press(page, "sites.do_pin"))
    pick_chosen(page)
    found["rule out"] = timed(page, press(page, "sites.do_ban"))
    found["drag a pin"] = timed(page, dragged(page))
    found["click on the map"] = timed(page, clicked(page, turn))
    found["quota"] = timed(page, quota(page, turn))
    found["budget"] = timed(page, fill(page, TEXT("sites.budget"), 20 + turn))
    return found


def measure(browser: Browser, address: str, rounds: int) -> dict[str, list[Seconds]]:
    """Return the seconds of each act, round by round, after one that only warms the server."""
    outside: list[str] = []
    found: dict[str, list[Seconds]] = {act: [] for act in ACTS}
    for turn in range(rounds + 1):
        page = opened(browser, address, outside)
        page.goto(f"{address}/{LINK}")
        frame_of(page).locator("[data-drawn=true] .rp-pin").nth(14).wait_for(timeout=WAIT_MS)
        settle(page)
        seconds = argue(page, turn)
        for act in ACTS if turn else ():
            found[act].append(seconds[act])
        page.context.close()
    print(f"outside requests: {len(outside)}")
    return found


def main() -> None:
    """Print the median and the worst of every act."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with sync_playwright() as playwright, served(ROOT / "app.py") as address:
        browser = launched(playwright)
        found = measure(browser, address, rounds)
        browser.close()
    print(f"{rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seconds")
    for act, seconds in found.items():
        parts = []
        names = ("map", "page", "processor")
        for name, values in zip(names, zip(*seconds, strict=True), strict=True):
            parts.append(f"{name} median {statistics.median(values):5.2f} worst {max(values):5.2f}")
        print(f"{act:18} {'   '.join(parts)}")


if __name__ == "__main__":
    main()
