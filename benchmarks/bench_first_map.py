"""Page open to first map drawn, and a rerun of it, in a real Chromium that reaches no network.

Run ``python -m benchmarks.bench_first_map [rounds]``. The app's Overview stands against a page that
draws the same townships, counties and rooms the usual way: GeoJson and CircleMarker of folium, the
whole map sent again on every change (its scripts come from this app's bundle, because without
internet folium's own never arrive). Both in one run, in turn, each time in a fresh browser profile
on a server that is warm; the first opening after the start is printed apart. Targets: first map
4 s, rerun and a click's card 0.5 s, a new limit 1 s, on two cores.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, FrameLocator, Locator, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
WAIT_MS = 120_000
USUAL = """
from pathlib import Path

import folium
import geopandas as gpd
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from ui import assets

ROOT = Path({root!r})


@st.cache_data
def tables():
    counties = gpd.read_file(ROOT / "data/boundaries/counties.geojson")
    townships = gpd.read_file(ROOT / "data/boundaries/townships.geojson")
    rooms = pd.read_csv(ROOT / "data/rooms/rooms.csv")
    return counties, townships, rooms.dropna(subset=["lon", "lat"])


assets.forget_networks()
counties, townships, rooms = tables()
shade = st.slider("shade", 0, 9, 0)
drawn = folium.Map(location=[25.1, 118.4], zoom_start=9, tiles=None)
drawn.default_js = [("roomplan", assets.bundle_url())]
colours = dict(zip(townships.index.astype(str), range(len(townships))))
folium.GeoJson(
    townships[["name", "geometry"]],
    style_function=lambda f: {{"fillOpacity": 0.05 + 0.1 * ((colours[f["id"]] + shade) % 9)}},
    tooltip=folium.GeoJsonTooltip(["name"]),
).add_to(drawn)
folium.GeoJson(counties[["name", "geometry"]]).add_to(drawn)
for room in rooms.itertuples():
    folium.CircleMarker([room.lat, room.lon], radius=4, tooltip=room.kind).add_to(drawn)
st_folium(drawn, key="usual", height=620, use_container_width=True, returned_objects=[])
"""


@contextmanager
def served(script: Path):
    """Serve a script with Streamlit and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.enableStaticServing", "true"]
    command += ["--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    command += ["--browser.gatherUsageStats", "false"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=script.parent, env=environment, **quiet)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/_stcore/health")
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    """Return when the address answers."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"{address} does not answer")


def opened(browser: Browser, address: str, outside: list[str]) -> Page:
    """Return an empty page of a fresh profile that can reach nothing but this computer."""
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()

    def decide(route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    page.route("**/*", decide)
    return page


def frame_of(page: Page) -> FrameLocator:
    """Return the frame that holds the map."""
    return page.frame_locator("iframe[title*=st_folium]")


def first_map(page: Page, address: str, mark: str) -> float:
    """Return seconds from opening the page to the map's last shape being there."""
    start = time.perf_counter()
    page.goto(address)
    frame_of(page).locator(mark).first.wait_for(timeout=WAIT_MS, state="attached")
    return time.perf_counter() - start


def revised(page: Page, act: Callable[[], None]) -> float:
    """Return seconds from an act of the reader to the map that shows its outcome."""
    area = frame_of(page).locator("#map_div")
    before = area.get_attribute("data-revision")
    start = time.perf_counter()
    act()
    changed = f"#map_div[data-revision]:not([data-revision='{before}'])"
    frame_of(page).locator(changed).wait_for(timeout=WAIT_MS)
    seconds = time.perf_counter() - start
    page.wait_for_timeout(1500)
    return seconds


def reruns_of_app(page: Page, turn: int) -> dict[str, float]:
    """Return seconds of a click, of a limit never asked for before, and of one asked before.

    The click's seconds end with the card, those of a limit with the map.
    """
    box = frame_of(page).locator("#map_div").bounding_box()
    x, y = box["x"] + 0.30 * box["width"], box["y"] + 0.40 * box["height"]
    rural = page.get_by_test_id("stNumberInput").locator("input").nth(1)
    return {
        "click": card_after(page, lambda: page.mouse.click(x, y)),
        "new setting": revised(page, lambda: limit(rural, 2_000 + turn)),
        "known setting": revised(page, lambda: limit(rural, 3_000)),
    }


def card_after(page: Page, act: Callable[[], None]) -> float:
    """Return seconds from a click on the map to the card of what was clicked."""
    start = time.perf_counter()
    act()
    page.get_by_test_id("stText").first.wait_for(timeout=WAIT_MS)
    seconds = time.perf_counter() - start
    page.wait_for_timeout(1500)
    return seconds


def limit(field: Locator, metres: int) -> None:
    """Set a limit; 3,000 is the one that the page opened with."""
    field.fill(str(metres))
    field.press("Enter")


def reruns_of_usual(page: Page, turn: int) -> dict[str, float]:
    """Return seconds from moving the slider to the map being there again."""
    page.evaluate("document.querySelector('iframe[title*=st_folium]').dataset.old = 1")
    page.locator("input[type=range]").focus()
    start = time.perf_counter()
    page.keyboard.press("ArrowRight")
    fresh = page.frame_locator("iframe[title*=st_folium]:not([data-old])")
    fresh.locator("path").nth(700).wait_for(timeout=WAIT_MS, state="attached")
    return {"known setting": time.perf_counter() - start}


def measure(
    browser: Browser,
    address: str,
    mark: str,
    reruns: Callable[[Page, int], dict[str, float]],
    rounds: int,
) -> dict[str, list[float]]:
    """Return the seconds of each kind, and under ``outside`` every request that was refused."""
    outside: list[str] = []
    found: dict[str, list[float]] = {
        "first after start": [first_map(opened(browser, address, outside), address, mark)],
        "first map": [],
    }
    for turn in range(rounds):
        page = opened(browser, address, outside)
        found["first map"].append(first_map(page, address, mark))
        page.wait_for_timeout(2500)
        for kind, seconds in reruns(page, turn).items():
            found.setdefault(kind, []).append(seconds)
        page.context.close()
    print(f"outside requests: {len(outside)}")
    return found


def launched(playwright: Playwright) -> Browser:
    """Return the system's Chromium, kept from calling home."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--disable-background-networking", "--disable-component-update"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=program, args=flags)


def main() -> None:
    """Print first map and rerun of both pages, their ratio and the outside requests."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        usual = Path(folder) / "usual.py"
        usual.write_text(USUAL.format(root=str(ROOT)), encoding="utf-8")
        (Path(folder) / "static").symlink_to(ROOT / "static")
        browser = launched(playwright)
        found = {}
        for name, script, mark, reruns in (
            ("roomplan", ROOT / "app.py", "[data-drawn=true]", reruns_of_app),
            ("usual", usual, "path >> nth=700", reruns_of_usual),
        ):
            with served(script) as address:
                found[name] = measure(browser, address, mark, reruns, rounds)
        browser.close()
    report(found, rounds)


def report(found: dict[str, dict[str, list[float]]], rounds: int) -> None:
    """Print one line a page and kind, and the ratios of the medians."""
    print(f"{rounds} rounds, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seconds")
    for name, kinds in found.items():
        for kind, seconds in kinds.items():
            median, worst = statistics.median(seconds), max(seconds)
            print(f"{name:9} {kind:18} median {median:6.2f}   worst {worst:6.2f}")
    for kind in ("first map", "known setting"):
        ours, theirs = (statistics.median(found[name][kind]) for name in ("roomplan", "usual"))
        print(f"{kind}: {theirs / ours:.1f} times as fast")


if __name__ == "__main__":
    main()
