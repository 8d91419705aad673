"""The page that the bench writes: valid, closed to all that is not its own, with every figure as text."""

import copy
from typing import Any

import pytest
from lxml import etree, html

from bench.page import ROW_HEIGHT, page_of
from bench.plots import Bar, Plot, left_out
from bench.tables import Table

HOSTILE = '<script>alert(1)</script><b title="x\' onclick=y">&amp; {{ 7 * 7 }} ]]> \u202e'
PLOTS = (
    Plot("items: CPU ms", "ms", (Bar.of("eightk 0.1.0", [1.0, 3.0, 2.0], "ms"), Bar.of("peer 2", [40.0], "ms"))),
    Plot(
        "share", "%", (Bar("eightk", "50 %", 50.0, is_ours=True), *left_out({"gone": "no registry has it"})), most=100
    ),
)
TABLES = (
    Table("items", ("reader", "ms"), (("eightk 0.1.0", "2.00"), ("peer 2", "40.0")), ("a note",)),
    Table("empty", ("reader", "ms"), ()),
)


def run(**others: Any) -> dict[str, Any]:
    """The JSON of a run with two plots and two tables."""
    part = {"part": "items", "plots": [one.told() for one in PLOTS], "tables": [one.told() for one in TABLES]}
    machine = dict.fromkeys(("day", "system", "processor", "python", "load", "commit"), "some") | {"cores": 2}
    counts = {"filings": 3, "modern": 2, "answered": 1, "rounds": 5, "is_made_up": False}
    return {"machine": machine, **counts, "troubles": [], "shown": [part], **others}


def test_the_page_is_well_formed_without_any_mending() -> None:
    page = page_of(run())

    # What HTML leaves open on purpose is closed here, so that a strict reader of XML has to find the rest in order.
    closed = page.replace("<!DOCTYPE html>", "")
    for line in (line for line in page.splitlines() if line.startswith("<meta")):
        closed = closed.replace(line, line.replace(">", "/>"))
    tree = etree.fromstring(closed.encode())
    assert tree.tag == "html"
    assert page.startswith("<!DOCTYPE html>")
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(tree.xpath("//a/@href")) <= {f"#{one}" for one in ids}


def test_every_picture_has_a_title_and_its_figures_in_words() -> None:
    tree = html.fromstring(page_of(run()))

    pictures = tree.xpath("//svg")
    assert len(pictures) == len(PLOTS)
    for picture, plot in zip(pictures, PLOTS, strict=True):
        title, description = picture.get("aria-labelledby").split()
        assert tree.get_element_by_id(title).text == plot.title
        told = tree.get_element_by_id(description).text
        assert [bar.name for bar in plot.bars if bar.name not in told or bar.said not in told] == []
        assert picture.get("role") == "img"


def test_every_row_of_every_table_is_there() -> None:
    tree = html.fromstring(page_of(run()))

    found = [
        tuple(tuple(cell.text_content() for cell in row) for row in table.xpath("./tbody/tr"))
        for table in tree.xpath("//table")
    ]
    assert found == [table.rows for table in TABLES]
    assert [one.text for one in tree.xpath("//p[@class='notes']")] == ["a note"]


def test_bars_share_a_scale_that_begins_at_zero() -> None:
    tree = html.fromstring(page_of(run()))

    first, second = tree.xpath("//svg")
    assert first.xpath("./rect[not(@class='back')]/@width") == ["5.0%", "100.0%"]
    assert first.xpath("./line/@x1")[0] == "2.5%"
    assert first.xpath("./line/@x2")[0] == "7.5%"
    assert first.xpath("./circle/@cx") == ["2.5%", "7.5%", "5.0%", "100.0%"]
    assert second.xpath("./rect[not(@class='back')]/@width") == ["50.0%"]
    assert int(first.get("height")) > 2 * ROW_HEIGHT


def test_a_reader_that_is_left_out_is_a_row_that_says_why() -> None:
    tree = html.fromstring(page_of(run(troubles=["peer: has ended"])))

    assert tree.xpath("//svg//text[@class='none']/text()") == ["left out, see below"]
    assert "gone: left out: no registry has it" in tree.xpath("//svg/desc")[1].text
    assert tree.xpath("//section[@aria-labelledby='troubles']//li/text()") == ["peer: has ended"]


def hostile(told: Any) -> Any:
    """The same with every text that a peer could have a say in made hostile."""
    if isinstance(told, str):
        return told and HOSTILE
    if isinstance(told, dict):
        return {key: value if key == "part" else hostile(value) for key, value in told.items()}
    return [hostile(one) for one in told] if isinstance(told, list | tuple) else told


def test_names_and_errors_of_others_are_text_and_nothing_else() -> None:
    plain, page = page_of(run(troubles=["one"])), page_of(hostile(run(troubles=["one"])))
    tree, expected = html.fromstring(page), html.fromstring(plain)

    assert [one.tag for one in tree.iter()] == [one.tag for one in expected.iter()]
    assert tree.xpath("//@onclick") == []
    assert "{{ 7 * 7 }}" in tree.text_content()
    assert "<script" not in page


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    tree = html.fromstring(page_of(run()))

    assert tree.xpath("//script | //img | //link | //iframe | //object") == []
    assert tree.xpath("//@src | //*[@style]") == []
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


@pytest.mark.parametrize("is_made_up", [True, False])
def test_made_up_filings_are_called_so(is_made_up: bool) -> None:
    assert ("Made-up filings show that all runs" in page_of(run(is_made_up=is_made_up))) is is_made_up


def test_figures_of_zero_and_parts_without_plots_are_drawn() -> None:
    told = copy.deepcopy(run())
    told["shown"][0]["plots"] = [Plot("none", "ms", (Bar("a", "0 ms", 0.0, 0.0, 0.0),)).told()]
    told["shown"].append({"part": "goals", "plots": [], "tables": []})

    tree = html.fromstring(page_of(told))
    assert tree.xpath("//svg/rect[2]/@width") == ["0.0%"]
    assert [one.text for one in tree.xpath("//h2")] == ["items", "goals"]
