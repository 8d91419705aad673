"""Promises of the reader that hold whatever it is given. What fuzzing has found stands here as examples.

The promises themselves are in `fuzz.promises`. ``EIGHTK_FUZZ_EXAMPLES=100000`` looks longer.
"""

import os
import random
import re

import pytest
from fuzz.growth import CASES, memory
from fuzz.listings import check_day_files, check_index
from fuzz.mutations import mutated
from fuzz.promises import (
    NAME,
    check_amendment,
    check_cuts,
    check_gunzip,
    check_items,
    check_links,
    check_report,
    check_split,
    check_text,
    within_seconds,
)
from fuzz.seeds import archives, seeds_of
from fuzz.strategies import (
    DAYS,
    Written,
    amended_pages,
    bodies,
    headers,
    indexes,
    linked,
    pages,
    submissions,
    uuencoded,
    written,
)
from fuzz.targets import TARGETS
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from watcher import split_submission
from watcher.simulator.eras import Era
from watcher.simulator.generator import Generator

WANTED = os.environ.get("EIGHTK_FUZZ_EXAMPLES")
EXAMPLES = int(WANTED or 20)
fuzzed = settings(
    max_examples=EXAMPLES,
    derandomize=WANTED is None,  # a plain run tries the same inputs each time
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
_ITEMS = {Era.IMS: ("5", "7"), Era.PLAIN: ("2", "7"), Era.EARLY_HTML: ("5", "7"), Era.HTML: ("5.02", "9.01")}
MADE = {era: Generator(11).submission(era=era, items=_ITEMS.get(era, ("2.02", "9.01"))) for era in Era}
SEEDS = {name: seeds_of(target.seeds, (), target.most_bytes) for name, target in TARGETS.items()}
# What fuzzing found.
FOUND = {
    "split": (b"\xef\xbb\xbfForm 8-K",),
    "text": (b"<p>a<table>\x0c<p>b", b"a<p>\x0c<p>b", b"a<pre>\x0c</pre><p>b"),
    "xbrl-feed": (
        b"<rss><channel><pubDate>Mon, 06 May 2024 20:00:00 +9999999999999999999999</pubDate></channel></rss>",
        b"<edgar:rss></edgar:rss>",
    ),
    "settings": (b"a." * 400_000 + b"a = 1",),
}
HOSTILE = [name for name in CASES if not name.endswith("in a document")]  # those are the same ones again
HEAD = (
    b"<SEC-DOCUMENT>0001234567-21-000042.txt : 20210304\n<SEC-HEADER>\nACCESSION NUMBER:\t0001234567-21-000042\n"
    b"CONFORMED SUBMISSION TYPE:\t8-K\nFILED AS OF DATE:\t20210304\n</SEC-HEADER>\n"
)


def filing(*documents: tuple[str, str]) -> bytes:
    """A made-up 8-K of these documents: type and body of each."""
    parts = [f"<DOCUMENT>\n<TYPE>{kind}\n<TEXT>\n{body}\n</TEXT>\n</DOCUMENT>\n".encode() for kind, body in documents]
    return HEAD + b"".join(parts) + b"</SEC-DOCUMENT>\n"


@fuzzed
@given(submissions() | st.binary(max_size=200))
def test_any_bytes_are_split_or_refused_with_a_typed_error(raw: bytes) -> None:
    with within_seconds():
        check_split(raw)


@fuzzed
@given(headers())
def test_any_lines_make_a_header_or_a_typed_error(lines: str) -> None:
    with within_seconds():
        check_split(HEAD.replace(b"</SEC-HEADER>\n", b"") + lines.encode() + b"</SEC-HEADER>\n</SEC-DOCUMENT>\n")


@fuzzed
@given(written())
def test_what_was_put_into_a_submission_comes_out_of_it(wanted: Written) -> None:
    found = check_split(wanted.raw)

    assert found is not None
    assert [(one.type, one.filename, one.body()) for one in found.documents] == list(wanted.documents)


@fuzzed
@given(uuencoded())
def test_any_uuencode_is_decoded_or_refused_with_a_typed_error(body: bytes) -> None:
    with within_seconds():
        check_split(filing(("GRAPHIC", body.decode("latin-1"))))


@fuzzed
@given(st.binary(max_size=300).map(lambda body: b"\x1f\x8b\x08" + body) | st.binary(max_size=50))
def test_any_gzip_is_unpacked_or_refused_with_a_typed_error(packed: bytes) -> None:
    check_gunzip(packed)


@fuzzed
@given(bodies())
def test_any_body_becomes_readable_text(body: bytes) -> None:
    with within_seconds():
        check_text(body)


@fuzzed
@given(pages(), DAYS)
@example("Item 13. Receipt of an Attorney's Written Notice", None)  # the title goes on with a bracket
@example("Section 5 Item 1.01 Other Events\n\nItem 2.05 Costs", None)  # one section line for two headings
def test_items_hold_every_character_up_to_the_signature(text: str, filed_on) -> None:
    with within_seconds():
        check_items(text, filed_on)


@fuzzed
@given(bodies(), DAYS)
def test_items_of_any_body_hold_every_character_up_to_the_signature(body: bytes, filed_on) -> None:
    with within_seconds():
        check_items(check_text(body), filed_on)


@fuzzed
@given(amended_pages(), DAYS)
def test_what_any_text_says_it_amends_lies_inside_it(text: str, filed_on) -> None:
    with within_seconds():
        check_amendment(text, filed_on)


@fuzzed
@given(linked())
def test_links_lead_to_a_file_beside_or_to_the_sec_only(source: str) -> None:
    with within_seconds():
        check_links(source)


@fuzzed
@given(indexes())
def test_any_index_gives_rows_that_name_filings_or_a_typed_error(raw: bytes) -> None:
    with within_seconds():
        check_index(raw)


@fuzzed
@given(st.integers(0, 2), st.integers(0, 600), st.binary(max_size=60))
def test_any_file_on_disk_is_its_bytes_or_a_typed_error(kind: int, place: int, other: bytes) -> None:
    archive = list(archives(MADE[Era.INLINE].raw))[kind]

    with within_seconds():
        check_day_files(archive[:place] + other + archive[place + len(other) :])


@fuzzed
@given(submissions())
@example(filing(("8-K", "Item 9.01 Financial Statements and Exhibits\n99.1 Press release\n"), ("EX-", "")))
@example(filing(("8-K", "Item 8.01 Other Events\nSIGNATURE\n/s/ Ann Lee\n\u017fep 3, 2020")))
def test_any_submission_becomes_a_report_that_can_be_told_and_told_back(raw: bytes) -> None:
    with within_seconds():
        check_report(raw)


@fuzzed
@given(st.lists(st.tuples(st.sampled_from(("8-K", "EX-99.1", "EX-", "EX-10.(a)", "GRAPHIC", "EX-101.INS")), pages())))
def test_any_documents_become_a_report_that_can_be_told_and_told_back(documents: list[tuple[str, str]]) -> None:
    with within_seconds():
        check_report(filing(("8-K", "<p>"), *documents).replace(b"\r", b"\n"))


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_cut_filing_is_an_error_or_the_whole_answer(made) -> None:
    size = len(made.raw)

    check_cuts(made.raw, [*range(0, size, max(1, size // (5 * EXAMPLES))), *range(size - 100, size)])


@fuzzed
@given(written(), st.randoms())
def test_a_cut_submission_is_an_error_or_the_whole_answer(wanted: Written, chance: random.Random) -> None:
    if not wanted.raw.startswith((b"<SEC-HEADER>", b"<sec-header>")):  # a header on its own has no end mark
        check_cuts(wanted.raw, [chance.randrange(len(wanted.raw)) for _ in range(20)])


@pytest.mark.parametrize("newline", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_line_ends_change_nothing_that_is_read(made, newline: bytes) -> None:
    report, other = check_report(made.raw), check_report(made.raw.replace(b"\n", newline))

    assert report is not None
    assert other is not None
    assert [document.text for document in other.documents] == [document.text for document in report.documents]
    assert (other.items, other.exhibits, other.cover, other.signature, other.filing) == (
        report.items, report.exhibits, report.cover, report.signature, report.filing,
    )  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_uuencode_is_decoded_whatever_ends_its_lines(newline: str) -> None:
    lines = ("begin 644 a.txt", "%:&5L;&\\", "`", "end")
    raw = filing(("GRAPHIC", "\n".join(lines))).replace(b"\n", newline.encode())

    assert split_submission(raw).documents[0].decoded() == b"hello"


@fuzzed
@given(st.integers(0, 10**9))
def test_made_up_filings_lose_no_document(seed: int) -> None:
    made = next(Generator(seed).filings())
    found = split_submission(made.raw, NAME)

    tags = re.compile(rb"^<DOCUMENT>\n<TYPE>([^\n]*)\n<SEQUENCE>(\d+)\n(?:<FILENAME>([^\n]*)\n)?", re.MULTILINE)
    expected = [(kind.decode(), int(number), name.decode()) for kind, number, name in tags.findall(made.raw)]
    assert [(one.type, one.sequence, one.filename) for one in found.documents] == expected


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_holds_on_its_seeds_and_on_what_was_found(name: str) -> None:
    for one in (*SEEDS[name], *FOUND.get(name, ())):
        TARGETS[name].run(one)


@fuzzed
@given(st.data(), st.randoms(use_true_random=False))
@pytest.mark.parametrize("name", TARGETS)
def test_every_target_holds_on_changed_seeds(name: str, data: st.DataObject, chance: random.Random) -> None:
    target = TARGETS[name]

    target.run(mutated(data.draw(st.sampled_from(SEEDS[name])), target.most_bytes, chance, target.words))


@pytest.mark.parametrize("name", HOSTILE)
def test_time_does_not_grow_with_the_square_of_the_size(name: str) -> None:
    """Were it to, these sizes would take minutes."""
    case = CASES[name]

    with within_seconds():
        case.reads(case.make(100_000))


@pytest.mark.parametrize("name", HOSTILE)
def test_memory_stays_in_proportion(name: str) -> None:
    """Text takes a few times the room of its bytes, and lists of short parts some dozens."""
    assert memory(CASES[name], 30_000) < 100
