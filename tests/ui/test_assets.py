"""The map's scripts: served from here or written into the file, and never from anywhere else."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import folium
import folium.plugins
import pytest
from folium.elements import JSCSSMixin

from geo.errors import RoomplanError
from ui import assets, maps
from ui.wording import words

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "ui" / "frontend"
SCRIPTS = sorted((FRONTEND / "src").glob("*.js"))


def test_no_folium_class_keeps_an_address() -> None:
    assets.forget_networks()
    classes = [JSCSSMixin, folium.Map, folium.plugins.MarkerCluster, folium.plugins.Draw]
    assert all(not c.default_js and not c.default_css for c in classes)


def test_a_missing_bundle_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(assets.BundleMissingError) as caught:
        assets.bundle_text(tmp_path)
    assert isinstance(caught.value, RoomplanError | FileNotFoundError)
    assert "make static/bundle.js" in str(caught.value)
    assert "make static/bundle.js" in words("zh").explain(caught.value)


def test_a_bundle_cannot_end_the_script_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "bundle.js").write_text("let a = '</script>'")
    assert "</script" not in assets.bundle_text(tmp_path)


def test_the_address_changes_with_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.js"
    bundle.write_text("1")
    first = assets.bundle_url(tmp_path)
    bundle.write_text("22")
    os.utime(bundle, ns=(1, 1))
    assert assets.bundle_url(tmp_path) != first
    assert first.startswith("../../app/static/bundle.js?")


def test_public_data_are_written_once_and_whole(tmp_path: Path) -> None:
    text = json.dumps({"ids": list(range(5000))})
    threads = [
        threading.Thread(target=assets.publish, args=("areas", text, tmp_path)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (file,) = tmp_path.iterdir()
    assert file.read_text() == text
    assert assets.publish("areas", text, tmp_path) == f"{assets.SERVED}{file.name}"


def test_where_nothing_can_be_written_data_travel_in_the_page(tmp_path: Path) -> None:
    assert assets.publish("areas", "{}", tmp_path / "absent") is None


def test_a_file_of_its_own_asks_nobody() -> None:
    page = maps.standalone_html(maps.MapView([]), title="a & b")
    assert "default-src 'none'" in page
    assert "<title>a &amp; b</title>" in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_write_text_only(script: Path) -> None:
    code = script.read_text("utf-8")
    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|http:|https:"
    )
    found = re.findall(banned, code.replace("http://www.w3.org/2000/svg", ""))
    assert found == []


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert "://" not in json.dumps({k: v.get("version") for k, v in lock["packages"].items()})


def test_every_shipped_library_is_in_the_notice() -> None:
    package = json.loads((FRONTEND / "package.json").read_text("utf-8"))
    notice = (FRONTEND / "NOTICE").read_text("utf-8").lower()
    for name, version in package["dependencies"].items():
        assert f"{name} {version}" in notice
