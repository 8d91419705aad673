"""docs/reference is what the program says of itself today, and all of it; every link of every page leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

import watcher
from docs._make import links
from docs._make.api import described, every_operation
from docs._make.commands import every_command
from docs._make.events import every_event
from docs._make.handlers import every_name
from docs._make.metrics import every_metric
from docs._make.pages import DOCS, ROOT, all_pages, anchors_of, slug_of, tokens_of
from docs._make.reference import REFERENCE
from docs._make.rules import every_field
from docs._make.settings import ENVIRONMENT, every_setting
from docs._make.site import INDEX, build_site, index_groups
from docs._make.words import words_for
from docs._make.writing import cell, table
from handlers.alert.matching.fields import FIELDS, Operator
from watcher.cli import cli


def text_of(name: str) -> str:
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_a_page_is_what_the_program_says(name: str) -> None:
    assert text_of(name) == REFERENCE[name](), "run: make docs"


def test_no_page_lies_there_that_nothing_makes() -> None:
    assert {path.name for path in (DOCS / "reference").glob("*.md")} == set(REFERENCE)


def all_of(command: click.Command) -> list[click.Command]:
    inside = command.commands.values() if isinstance(command, click.Group) else ()
    return [command, *(one for each in inside for one in all_of(each))]


def test_every_command_and_option_is_there() -> None:
    text = text_of("commands.md")
    sections = dict(re.findall(r"^## (eightk .*?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    doing = [one for one in all_of(cli) if not isinstance(one, click.Group)]

    assert len(sections) == len(doing) == len(dict(every_command()))
    missing = [
        (name, option)
        for name, command in every_command()
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden
        for option in one.opts
        if f"`{option}`" not in sections[name]
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("settings.md", every_setting()),
        ("rules.md", [*FIELDS, *(one.value for one in Operator if one.value)]),
        ("rules.md", every_field()),
        ("events.md", [one.event for one in every_event()]),
        ("metrics.md", every_metric()),
    ],
    ids=["settings", "fields and modifiers", "fields made from numbers", "events", "metrics"],
)
def test_everything_has_its_row(page: str, names: list[str]) -> None:
    rows = set(re.findall(r"^\| `([^`]+)` \|", text_of(page), re.MULTILINE))

    assert set(names) - rows == set()


def test_every_operation_is_there() -> None:
    text = text_of("api.md")
    operations = [f"### {method} {path}\n" for method, path, _ in every_operation(described())]

    assert len(operations) > 30
    assert [one for one in operations if one not in text] == []


def test_every_name_of_the_doors_is_there() -> None:
    text = text_of("handlers.md")

    assert [name for _, name in every_name() if f"### {name}\n" not in text] == []


def test_every_variable_of_the_environment_is_documented() -> None:
    sources = (path.read_text(encoding="utf-8") for path in Path(watcher.__file__).parent.rglob("*.py"))
    read = {name for text in sources for name in re.findall(r"environ\.get\(\"(\w+)\"|environ\[\"(\w+)\"\]", text)}

    assert {one or other for one, other in read} == set(ENVIRONMENT.values())


def test_what_has_no_words_is_told_and_so_are_words_of_nothing() -> None:
    with pytest.raises(ValueError, match="eightk_new"):
        words_for("metrics", [*every_metric(), "eightk_new"])
    with pytest.raises(ValueError, match="eightk_filings"):
        words_for("metrics", [name for name in every_metric() if name != "eightk_filings"])


@pytest.mark.parametrize("page", all_pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    assert links.broken_links(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    page, other = tmp_path / "a.md", tmp_path / "b.md"
    other.write_text("# Two words\n\n# Two words\n")
    page.write_text("[1](b.md#two-words) [2](b.md#two-words-1) [3](https://example.com/none) [4](#here)\n\n# Here\n")
    assert links.broken_links(page) == []

    page.write_text('[1](c.md) [2](b.md#three) ![3](c.png) [4](#there) [5](../../etc)\n\n<img src="d.png">\n')
    assert [one.split(": ")[1] for one in links.broken_links(page)] == [
        "c.md",
        "b.md#three",
        "c.png",
        "#there",
        "../../etc",
        "d.png",
    ]


def test_headings_have_the_anchors_that_github_gives() -> None:
    assert slug_of("EDGAR's lists, and what is fetched") == "edgars-lists-and-what-is-fetched"
    assert slug_of("GET /v1/filings/{accession}") == "get-v1filingsaccession"
    assert len(set(anchors_of(tokens_of(DOCS / "webhooks.md")))) == len(anchors_of(tokens_of(DOCS / "webhooks.md")))


def test_every_page_is_in_the_index_once() -> None:
    shown = [page for group in index_groups() for page, _ in group.pages]

    assert sorted(shown) == sorted(page for page in all_pages() if page != INDEX)


def test_the_pages_are_built_and_nothing_of_older_ones_stays(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "old.html").write_text("")
    count = build_site(tmp_path / "site")

    assert count == len(all_pages()) == len([*(tmp_path / "site").rglob("*.html")])
    front = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert 'href="tutorial.html"' in front
    linked = (tmp_path / "site" / "howto" / "slack.html").read_text(encoding="utf-8")
    assert 'href="../rules.html#how-it-is-told"' in linked
    assert 'src="pictures/filings-phone.png"' in (tmp_path / "site" / "pages.html").read_text(encoding="utf-8")
    assert sorted(dead_ends(tmp_path / "site")) == []


def dead_ends(folder: Path) -> Iterator[str]:
    for page in folder.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            parts = urlsplit(link)
            target = page.parent / unquote(parts.path) if parts.path else page
            if not parts.scheme and not target.exists():
                yield f"{page.name}: {link}"


def test_a_bar_does_not_end_a_cell() -> None:
    assert cell("a|b\n c") == r"a\|b c"
    assert table(["x"], []) == ""
