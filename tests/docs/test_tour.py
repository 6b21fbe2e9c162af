"""The tour of the site names every page, and its pictures are those that `make tour` takes."""

import re
import struct
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from docs import tour
from leaderbench.web import api, pages
from leaderbench.web.live import LiveStore

PAGE = Path(tour.__file__).with_name("tour.md")
TEXT = PAGE.read_text(encoding="utf-8")


@pytest.fixture
def routes(tmp_path: Path) -> list[APIRoute]:
    """Of the site, in both languages, and of its API."""
    live = LiveStore(tmp_path)
    routers = (pages.router(live, "en"), pages.router(live, "zh"), api.router(live))
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def is_answered(routes: list[APIRoute], address: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": address.partition("?")[0], "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)


def size(picture: Path) -> tuple[int, int]:
    """Width and height as they stand in the head of a PNG."""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height


def test_the_table_of_pages_names_every_page_of_the_site_and_no_other(routes: list[APIRoute]) -> None:
    shown = set(re.findall(r"^\| `(/en/[\w/]*)` \|", TEXT, re.MULTILINE))
    paths = [route.path for route in routes if route.path.startswith("/en/")]
    assert len(paths) > 10
    assert shown == {re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), path) for path in paths}


@pytest.mark.parametrize("address", re.findall(r"(?<=7860)/api/v1/[^'\s]+", TEXT))
def test_every_address_of_the_api_in_the_tour_is_answered(routes: list[APIRoute], address: str) -> None:
    assert is_answered(routes, address)


def test_every_picture_of_the_tour_is_taken_by_make_tour() -> None:
    assert set(re.findall(r"\]\(tour/([\w-]+)\.png\)", TEXT)) == {picture.name for picture in tour.PICTURES}


def test_no_picture_lies_there_that_nobody_takes() -> None:
    assert {path.name for path in tour.FOLDER.iterdir()} == {f"{picture.name}.png" for picture in tour.PICTURES}


@pytest.mark.parametrize("picture", tour.PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_as_make_tour_takes_it(routes: list[APIRoute], picture: tour.Picture) -> None:
    path = tour.FOLDER / f"{picture.name}.png"
    assert size(path) == (picture.width, picture.height), "out of date: run `make tour`"
    assert path.stat().st_size <= tour.most_bytes
    assert is_answered(routes, picture.address)


def test_all_pictures_together_are_loaded_soon() -> None:
    assert sum(path.stat().st_size for path in tour.FOLDER.glob("*.png")) < 1_200_000


def test_pictures_are_light_dark_narrow_and_chinese() -> None:
    assert {picture.scheme for picture in tour.PICTURES} == {"light", "dark"}
    assert any(picture.width == 390 for picture in tour.PICTURES)
    assert any(picture.address.startswith("/zh/") for picture in tour.PICTURES)


@pytest.mark.parametrize("command", tour.COMMANDS)
def test_the_store_of_the_pictures_is_made_by_the_commands_of_the_page(command: str) -> None:
    assert f"\n{command}\n" in TEXT
