"""Documents become readable text: paragraphs, rows and lists stay, and what is hidden goes."""

import time

import pytest

from handlers.parse.text import readable_text


def test_paragraphs_are_set_apart_by_an_empty_line() -> None:
    assert readable_text(b"<html><p>One.</p>\n<p>Two.</p></html>") == "One.\n\nTwo."


def test_a_line_break_is_one_newline() -> None:
    assert readable_text(b"<p>One<br>two</p>") == "One\ntwo"


def test_line_ends_of_the_source_are_blanks() -> None:
    assert readable_text(b"<p>One\n   two\r\nthree</p>") == "One two three"


def test_inline_tags_glue_their_letters_together() -> None:
    assert readable_text(b"<p>I<b>te</b>m <font size=2>8.</font><font>01</font></p>") == "Item 8.01"


def test_a_table_row_is_a_line_with_tabs_between_its_cells() -> None:
    table = b"<table><tr><td><p>Name</p></td><td>For</td></tr><tr><td>Lee</td><td>1,234</td></tr></table>"

    assert readable_text(table) == "Name\tFor\nLee\t1,234"


def test_empty_spacer_cells_leave_no_tabs() -> None:
    assert readable_text(b"<table><tr><td>Lee</td><td>&nbsp;</td><td>5</td></tr></table>") == "Lee\t5"


def test_a_dollar_sign_and_a_closing_bracket_stay_with_their_number() -> None:
    row = b"<table><tr><td>Loss</td><td>$</td><td>(5</td><td>)</td><td>7</td><td>%</td></tr></table>"

    assert readable_text(row) == "Loss\t$(5)\t7%"


def test_a_lone_cell_keeps_its_paragraphs() -> None:
    assert readable_text(b"<table><tr><td><p>One.</p><p>Two.</p></td></tr></table>") == "One.\n\nTwo."


def test_a_long_cell_beside_a_bullet_keeps_its_paragraphs() -> None:
    long = b"word " * 60
    text = readable_text(b"<table><tr><td>*</td><td><p>" + long + b"</p><p>Two.</p></td></tr></table>")

    assert text.endswith("word\n\nTwo.")


def test_list_entries_have_bullets() -> None:
    assert readable_text(b"<ul><li>One</li><li>Two</li></ul>") == "• One\n\n• Two"


@pytest.mark.parametrize(
    ("entity", "character"),
    [("&#146;", "’"), ("&#8217;", "’"), ("&amp;", "&"), ("&lt;p&gt;", "<p>"), ("&#x2612;", "☒"), ("&mdash;", "—")],
)
def test_entities_are_characters(entity: str, character: str) -> None:
    assert readable_text(f"<p>a{entity}b</p>".encode()) == f"a{character}b"


def test_bytes_that_are_no_utf_8_are_windows_typography() -> None:
    assert readable_text(b"<p>\x93Hello\x94</p>") == "“Hello”"


def test_invisible_characters_are_gone() -> None:
    assert readable_text("<p>It\u00adem\u200b 8.01\ufeff</p>".encode()) == "Item 8.01"


def test_nul_bytes_are_gone() -> None:
    assert readable_text(b"<p>It\x00em</p>") == "Item"


@pytest.mark.parametrize(
    "hidden",
    [
        b"<!-- <p>no</p> -->",
        b"<script>if (a < b) no()</script>",
        b"<STYLE>p { color: no }</STYLE>",
        b"<head><title>no</title></head>",
        b"<ix:header><ix:hidden>no</ix:hidden></ix:header>",
        b'<div style="display:none"><div>no</div>no</div>',
        b'<span STYLE="DISPLAY: NONE">no</span>',
    ],
)
def test_what_nobody_sees_is_not_in_the_text(hidden: bytes) -> None:
    assert readable_text(b"<html><p>a</p>" + hidden + b"<p>b</p></html>") == "a\n\nb"


def test_a_comment_before_the_title_moves_nothing() -> None:
    body = b"<html><!-- made by nobody --><head><title>no</title></head><body><p>a</p><p>b</p></body></html>"

    assert readable_text(body) == "a\n\nb"


def test_empty_hidden_cells_leave_their_row_alone() -> None:
    hidden = b'<td style="display:none"></td>'

    assert readable_text(b"<table><tr><td>Lee</td>" + hidden * 3 + b"<td>5</td></tr></table>") == "Lee\t5"


@pytest.mark.parametrize(
    "blank", [" ", "\n", "\t", "&nbsp;", "&#160;", "&#xA0;", "&emsp;", "&#8195;", "\u00a0", "\u2003"]
)
def test_a_blank_between_inline_tags_is_a_blank(blank: str) -> None:
    assert readable_text(f"<p><b>Item</b>{blank}<b>8.01</b></p>".encode()) == "Item 8.01"


@pytest.mark.parametrize(
    "blank", ["&nbsp;&nbsp;", "&#8195;", "\u2003 \u00a0", "&#8203;", "\u200b", "&zwnj; &ensp;", "\f"]
)
def test_what_looks_empty_is_empty(blank: str) -> None:
    table = f"<table><tr><td>Lee</td><td>{blank}</td><td>{blank}5</td></tr><tr><td>{blank}</td></tr></table>"

    assert readable_text(f"<p>a</p><p>{blank}</p>{table}<p>{blank}b{blank}</p>".encode()) == "a\n\nLee\t5\n\nb"


def test_the_end_of_a_page_in_preformatted_text_is_no_line_of_its_own() -> None:
    assert readable_text(b"<p>a</p><pre>\f</pre><p>b</p><pre>c\n\f\nd</pre>") == "a\n\nb\n\nc\n\nd"


@pytest.mark.parametrize("nothing", ["&#1;", "&#x0c;", "&#13;", "&#8232;", "&#8203;"])
def test_an_entity_that_stands_for_nothing_leaves_nothing(nothing: str) -> None:
    assert readable_text(f"<p>a</p><p>{nothing}</p><p>b{nothing}</p><p>{nothing}</p>".encode()) == "a\n\nb"
    if "x" not in nothing:  # plain text has numbers in decimal only
        assert readable_text(f"a{nothing}b".encode()) in ("ab", "a b")


def test_a_percent_sign_is_tied_to_its_number_over_a_blank() -> None:
    assert readable_text(b"<table><tr><td>Up</td><td>5&#160;</td><td>%</td></tr></table>") == "Up\t5%"


def test_a_document_of_many_parts_reads_as_one() -> None:
    rows = b"<tr><td>One &amp;</td> <td>two</td></tr>\n" * 120_000

    lines = readable_text(b"<html><table>" + rows + b"</table></html>").split("\n")

    assert len(lines) == 120_000
    assert set(lines) == {"One &\ttwo"}


def test_preformatted_text_may_go_on_over_a_part() -> None:
    line = b"Lee       5\n"

    lines = readable_text(b"<html><pre>" + (b"<b>x</b>" + line) * 200_000 + b"</pre></html>").split("\n")

    assert len(lines) == 200_000
    assert set(lines) == {"xLee       5"}


def test_a_visible_inline_xbrl_fact_is_in_the_text() -> None:
    assert readable_text(b'<p>File <ix:nonNumeric name="dei:EntityFileNumber">1-2</ix:nonNumeric></p>') == "File 1-2"


def test_a_hidden_element_without_an_end_does_not_hide_the_rest() -> None:
    assert readable_text(b'<p>a</p><div style="display:none">b<p>c</p>') == "a\n\nb\n\nc"


def test_a_style_element_without_an_end_does_not_hide_the_rest() -> None:
    assert readable_text(b"<html><style><p>a</p></html>") == "a"


def test_a_less_than_sign_that_begins_no_tag_is_text() -> None:
    assert readable_text(b"<p>if x < 5 and y > 3</p>") == "if x < 5 and y > 3"


def test_preformatted_text_keeps_its_lines_and_columns() -> None:
    assert readable_text(b"<html><PRE>Name    For\nLee       5\n</PRE><p>a\nb</p></html>") == (
        "Name    For\nLee       5\n\na b"
    )


def test_plain_text_keeps_its_lines_and_columns() -> None:
    assert readable_text(b"Name    For\r\n  Lee     5\r\n") == "Name    For\n  Lee     5"


def test_page_and_table_marks_of_plain_text_are_gone() -> None:
    body = b"one\n<PAGE>   2\ntwo\n<TABLE>\n<CAPTION>\n<S>  <C>\nA    5\n</TABLE>\n"

    assert readable_text(body) == "one\n\ntwo\n\nA    5"


def test_an_ampersand_in_plain_text_stays() -> None:
    assert readable_text(b"AT&T and R&D") == "AT&T and R&D"


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 50_000 + b"x" + b"</div>" * 50_000,
        b"<table><tr><td>" * 50_000 + b"x",
        b"<table><tr><td colspan=376967340>x</td></tr></table>",
        b"<p>x" + b"<a" * 200_000,
        b"<p>x" + b"<!--" * 200_000,
        b"<p>x" + b"<style>" * 100_000,
        b"<p>x" + b'<b style="display:none">' * 50_000,
        b"<p>x&#" + b"9" * 200_000 + b";",
        b"<p>x" + b"&" * 500_000,
        b"<p>x" + b"\x00" * 1_000_000,
        b"<p>x" + b"<pre>" * 100_000,
    ],
)
def test_hostile_markup_is_read_in_little_time(body: bytes) -> None:
    begin = time.process_time()
    text = readable_text(body)

    assert "x" in text
    assert time.process_time() - begin < 3
