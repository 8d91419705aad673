"""The pages in a real browser, served by a real daemon: what a person sees, hears, and can do by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the package playwright is not installed")

from _browser import Look, Site, site, why_no_browser
from _required import do_without
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from watcher.simulator.generator import Generator
from watcher.simulator.made import MadeSubmission

# A machine at its limit takes its time; nothing here is about speed.
expect.set_options(timeout=30_000)
# By the scheme colours alone differ; these pages have every one of them.
LOOKED_AT_IN_THE_DARK = ("filings", "filing", "rule", "activity", "health", "search")

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>go</a>"
    "&lt;script&gt;alert(4)&lt;/script&gt; &#60;svg onload=alert(5)&#62; <style>body{display:none}</style>"
    '"><iframe srcdoc="<script>alert(6)</script>"></iframe>'
    '<p style="position:fixed;inset:0;background:url(//evil.example)">'
    "{{ 7*7 }} ${7*7} </textarea></title>"
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if why := why_no_browser():
        do_without(why)
    with site(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture
def look(pages: Site) -> Iterator[Look]:
    """A window in which nothing may go wrong."""
    with pages.look() as opened:
        yield opened
        assert opened.wrong == []
        assert opened.refused() == []


def every_page(pages: Site) -> dict[str, str]:
    filing = pages.made.delivered
    return {
        "filings": "/",
        "filing": f"/filings/{filing}",
        "failed-filing": f"/filings/{pages.made.failed}",
        "why": f"/filings/{filing}/why/officers",
        "company": f"/companies/{cik_of(pages)}",
        "alerts": "/alerts",
        "deliveries": "/deliveries",
        "rules": "/rules",
        "rule": "/rules/officers",
        "draft": "/draft",
        "activity": "/activity",
        "health": "/health",
        "search": "/search?q=agreement",
        "api": "/v1/docs",
        "narrowed": "/?severity=high&since=2020-01-01",
    }


def cik_of(pages: Site) -> int:
    (one, *_) = [one for one in pages.place.filings("--limit", "200") if one["accession"] == pages.made.delivered]
    found: int = one["filers"][0]["cik"]
    return found


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def submission(number: int, **wanted: Any) -> MadeSubmission:
    """A filing of this moment, with a number that no other one of these tests has."""
    accession = f"0009599998-26-{number:06}"
    return Generator(seed=number).submission(accession=accession, accepted_at=datetime.now(UTC), **wanted)


def put_in(pages: Site, raw: bytes, name: str) -> None:
    """Put a submission into the watched folder, whole at once."""
    aside = pages.place.folder / name
    aside.write_bytes(raw)
    aside.rename(pages.place.inbox / name)


def test_a_filing_arrives_without_a_reload_and_waits_while_paused(pages: Site, look: Look) -> None:
    page = look.go("/")
    page.evaluate("window.stayed = true")
    expect(page.locator("#live-state")).to_have_text("live")

    first = submission(1, items=("5.02",))
    put_in(pages, first.raw, "first.txt")
    row = page.locator(f"#f-{first.accession}")
    expect(row).to_contain_text("5.02")
    expect(page.locator("#arrivals")).to_contain_text("1 new")
    expect(row).to_contain_text("1 alert")
    look.keep("arrived")

    page.get_by_role("button", name="Pause").click()
    second = submission(2, items=("7.01",))
    put_in(pages, second.raw, "second.txt")
    expect(page.locator("#live-state")).to_contain_text("came since")
    assert page.locator(f"#f-{second.accession}").count() == 0
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(f"#f-{second.accession}")).to_contain_text("7.01")
    assert page.evaluate("window.stayed") is True


def test_without_scripts_the_list_is_there_and_renews_itself(pages: Site) -> None:
    with pages.look(scripts=False) as look:
        page = look.go("/")

        assert page.locator("#list tbody tr").count() == 50
        assert page.locator("noscript meta[http-equiv=refresh]").count() == 1
        assert page.locator("#live").is_hidden()
        page.get_by_role("link", name="Older", exact=True).click()
        expect(page.get_by_role("link", name="Newer", exact=True)).to_be_visible()


def test_a_search_marks_the_words_and_leads_to_their_place(look: Look) -> None:
    page = look.go("/")
    page.get_by_label("Search all text").fill('"annual base salary"')
    page.get_by_role("button", name="Search").first.click()

    expect(page.locator(".found mark").first).to_be_visible()
    marked = " ".join(page.locator(".found li").first.locator("mark").all_inner_texts()).lower()
    assert "annual" in marked
    look.keep("search")

    page.locator(".found li").first.locator("a.tag").first.click()
    place = page.locator("mark:target, mark:has(:target)")
    expect(place).to_be_in_viewport()
    assert "annual" in place.inner_text().lower()


def test_a_list_is_narrowed_by_what_is_typed(look: Look) -> None:
    page = look.go("/")
    page.get_by_label("Item").fill("5.07")
    page.get_by_role("button", name="Show").click()

    expect(page).to_have_url(re.compile("item=5.07"))
    rows = page.locator("#list tbody tr").all_inner_texts()
    assert rows
    assert all("5.07" in row for row in rows)


def test_the_words_that_say_what_happened_are_marked_and_linked(pages: Site, look: Look) -> None:
    page = look.go(f"/filings/{pages.made.delivered}")
    link = page.locator(".happened q").first
    words = link.inner_text()
    link.click(position={"x": 30, "y": 8})  # its middle may be that of the quotation mark before it

    place = page.locator("mark:target, mark:has(:target)")
    expect(place).to_be_in_viewport()
    assert words.split()[0] in place.inner_text()
    look.keep("filing")


def test_a_filing_that_failed_is_run_again_by_its_button(pages: Site, look: Look) -> None:
    page = look.go("/health")
    page.get_by_role("button", name=f"Retry {pages.made.failed}").click()

    expect(page.get_by_role("status")).to_contain_text("run through the line again")
    assert page.url.partition("?")[0].endswith(pages.made.failed)


def test_a_file_that_the_folder_refused_is_told_with_its_reason(pages: Site, look: Look) -> None:
    put_in(pages, b"no filing</SEC-DOCUMENT>", "bad.txt")
    row = look.page.locator("#refused ~ .scroll tr", has_text="bad.txt")
    look.go("/health")
    for _ in range(50):
        if row.count():
            break
        look.page.wait_for_timeout(200)
        look.page.reload()

    expect(row).to_contain_text("expected an EDGAR submission")


def test_a_filing_that_is_read_again_while_it_is_open_is_offered_anew(pages: Site, look: Look) -> None:
    page = look.go(f"/filings/{pages.made.grave}")
    offer = page.locator("#anew")
    expect(offer).to_be_hidden()

    assert pages.place.eightk("retry", pages.made.grave).returncode == 0
    expect(offer).to_be_visible()
    offer.get_by_role("link").click()
    expect(page.locator("#anew")).to_be_hidden()


def test_who_runs_a_filing_again_sees_what_came_of_it(pages: Site, look: Look) -> None:
    page = look.go(f"/filings/{pages.made.grave}")
    page.get_by_role("button", name="Run it again").click()

    expect(page).to_have_url(re.compile(rf"/filings/{pages.made.grave}\?done=read$"))
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


def test_an_alert_is_explained_with_its_words(pages: Site, look: Look) -> None:
    page = look.go(f"/filings/{pages.made.grave}")
    page.get_by_role("link", name="why it fired").first.click()

    expect(page.locator("main")).to_contain_text("It fires")
    page.locator("main q").first.click(position={"x": 8, "y": 8})  # it may go over two lines
    expect(page.locator("mark").first).to_be_visible()


def test_a_delivery_is_made_again_by_its_button(pages: Site, look: Look) -> None:
    page = look.go(f"/filings/{pages.made.delivered}")
    attempts = page.locator("#told + div tbody tr").first.locator("td.block > div")
    before = attempts.count()
    page.get_by_role("button", name="Tell again").first.click()

    expect(page.get_by_role("status")).to_have_text("It is told again now.")
    for _ in range(50):
        if attempts.count() > before:
            break
        page.wait_for_timeout(100)
        page.reload()
    assert attempts.count() == before + 1
    look.keep("redelivered")


def test_a_company_is_silenced_and_the_silence_ended(pages: Site, look: Look) -> None:
    page = look.go(f"/companies/{cik_of(pages)}")
    page.get_by_text("Silence this company").click()
    page.get_by_label("Why").fill("an exercise")
    page.get_by_role("button", name="Silence", exact=True).click()

    expect(page.locator(".note", has_text="an exercise")).to_be_visible()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("status")).to_have_text("The silence is over.")


def test_a_draft_is_checked_tried_on_the_past_and_saved(pages: Site, look: Look) -> None:
    page = look.go("/rules")
    page.get_by_role("link", name="Write a rule").click()
    text = page.get_by_label("Rules, in YAML")
    text.fill(text.input_value().replace("items|has", "itms|has").replace("[log]", "[desk]"))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("line 7")
    look.keep("draft-faults")

    text.fill(text.input_value().replace("itms|has", "items|has"))
    page.get_by_role("button", name="Try it on the past").click()
    past = page.locator("#past ~ ul li")
    expect(past.first).to_be_visible(timeout=60_000)
    assert past.first.get_by_role("link").get_attribute("href", timeout=1000).startswith("/filings/")
    expect(page.locator("#past ~ ul li").first).to_contain_text("told: desk")
    look.keep("draft-on-the-past", full=True)
    assert not (pages.place.config.parent / "rules" / "mine.yaml").exists()

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    assert "my-disclosures" in (pages.place.config.parent / "rules" / "mine.yaml").read_text()
    for _ in range(50):
        if page.get_by_role("link", name="Regulation FD disclosure").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    page.get_by_role("link", name="Regulation FD disclosure").click()
    expect(page.locator(".text.code").first).to_contain_text("my-disclosures")


def test_no_page_scrolls_sideways_on_a_phone(pages: Site) -> None:
    with pages.look(phone=True) as look:
        too_wide = {}
        for name, path in every_page(pages).items():
            page = look.go(path)
            open_all(page)
            if (width := page.evaluate("document.documentElement.scrollWidth")) > 360:
                too_wide[name] = width
            look.keep(f"phone-{name}")

        assert too_wide == {}


def test_no_page_breaks_a_rule_of_accessibility(look: Look, pages: Site) -> None:
    found = []
    for name, path in every_page(pages).items():
        page = look.go(path)
        open_all(page)
        look.keep(f"light-{name}", full=True)
        found += [f"{name}: {one}" for one in broken(page)]
        found += [f"{name}: {one}" for one in look.refused()]
        if name in LOOKED_AT_IN_THE_DARK:
            page.emulate_media(color_scheme="dark")
            look.keep(f"dark-{name}", full=True)
            found += [f"{name}, dark: {one}" for one in broken(page, only="color-contrast")]
            page.emulate_media(color_scheme="light")

    assert found == []


def broken(page: Page, only: str = "") -> list[str]:
    """The rules of axe-core that the page breaks, each with where it does."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if only:
        options["runOnly"] = {"type": "rule", "values": [only]}
    violations = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]


def test_every_link_of_ours_leads_somewhere(look: Look, pages: Site) -> None:
    found: dict[str, set[str]] = {}
    for path in every_page(pages).values():
        page = look.go(path)
        for link in page.eval_on_selector_all("a[href^='/']", "all => all.map((one) => one.getAttribute('href'))"):
            kind = re.sub(r"[0-9][0-9.-]*|=[^&#]*", "*", link)
            found.setdefault(kind, set()).add(link)
    some = {link for links in found.values() for link in sorted(links)[:2]}

    assert {link: status for link in some if (status := look.context.request.get(link).status) != 200} == {}


def test_in_the_dark_the_page_is_dark(pages: Site) -> None:
    with pages.look(dark=True) as look:
        page = look.go("/")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")

        assert max(map(int, re.findall(r"\d+", paper))) < 64


def test_all_is_reached_by_keyboard_alone(look: Look) -> None:
    page = look.go("/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(focused(page))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", seen[-1]
        if seen[-1] == "Pause":
            break
    assert "Pause" in seen
    page.keyboard.press("Space")
    expect(page.locator("#live-state")).to_have_text("paused")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/filings/"))


def focused(page: Page) -> str:
    words: str = page.evaluate("document.activeElement.innerText || document.activeElement.name || ''")
    return words.strip()


def test_a_hostile_filing_is_harmless_text(pages: Site, look: Look) -> None:
    """Whatever stands in it, as markup or as text, is shown as text, here and wherever else the filing is told of."""
    made = submission(3, items=("8.01",))
    shown = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    raw = made.raw.replace(b"</body>", f"<p>{shown}</p>{HOSTILE}</body>".encode(), 1)
    raw = re.sub(rb"(COMPANY CONFORMED NAME:\s+)[^\r\n]+", rb"\1<b onclick=alert(9)>Evil</b>", raw)
    put_in(pages, raw, "hostile.txt")

    page = look.go("/")
    expect(page.locator(f"#f-{made.accession}")).to_contain_text("8.01")
    page = look.go(f"/filings/{made.accession}")
    open_all(page)
    page.wait_for_timeout(200)

    texts = page.locator(".text")
    assert any("<script>alert(1)</script><img src=x onerror=alert(2)>" in one for one in texts.all_inner_texts())
    inside = page.evaluate("[...new Set([...document.querySelectorAll('.text *')].map((one) => one.tagName))]")
    assert set(inside) <= {"MARK", "SPAN"}
    not_ours = "script:not([src='/static/anew.js']), iframe, img, style, svg, [onerror], [style], [href^=javascript]"
    assert page.locator(not_ours).count() == 0
    look.keep("hostile", full=True)

    look.go("/search?q=onerror")
    expect(page.locator(".found")).to_contain_text("onerror")
    assert page.locator(".found script, .found img").count() == 0


def test_what_is_typed_is_shown_as_text(look: Look) -> None:
    page = look.page
    for path in ("/", "/search", "/alerts"):
        page.goto(f"{path}?q={HOSTILE}&company={HOSTILE}&item={HOSTILE}&rule={HOSTILE}".replace("#", "%23"))
        assert page.locator("main script, iframe, img, [onerror], [onload]").count() == 0


def test_on_paper_only_the_content_stands(look: Look) -> None:
    page = look.go("/alerts")
    page.emulate_media(media="print")

    assert not page.get_by_role("button", name="Search").is_visible()
    assert page.locator("main table").is_visible()
    look.keep("print")
