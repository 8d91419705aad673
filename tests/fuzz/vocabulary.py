"""The words of which hostile filings are made: those that the readers look for, whole, broken and misspelt."""

from __future__ import annotations

__all__ = [
    "AMENDING",
    "ANSWERED",
    "ASKED",
    "BODY",
    "DATA",
    "HEADER",
    "HEADINGS",
    "INDEX",
    "LINKS",
    "LISTED",
    "PROSE",
    "RULES",
    "SETTINGS",
    "SIGNED",
    "TAGS",
    "TITLES",
]

# A submission's own lines.
HEADER = (
    *("-----BEGIN PRIVACY-ENHANCED MESSAGE-----\n", "-----END PRIVACY-ENHANCED MESSAGE-----\n", "<PAPER>\n"),
    *("<SEC-DOCUMENT>0001234567-21-000042.txt : 20210304\n", "</SEC-DOCUMENT>\n", "<SUBMISSION>\n", "</SUBMISSION>\n"),
    *("<SEC-HEADER>\n", "</SEC-HEADER>\n", "<IMS-DOCUMENT>\n", "</IMS-DOCUMENT>\n", "<IMS-HEADER>\n", "</IMS-HEADER>"),
    *("<DOCUMENT>\n", "</DOCUMENT>\n", "<document>\n", "</document>\n", "<TEXT>\n", "</TEXT>\n", "<text>", "</text>\n"),
    *("<TYPE>8-K\n", "<TYPE>EX-99.1\n", "<TYPE>EX-\n", "<TYPE>GRAPHIC\n", "<TYPE>8-K/A</TYPE>\n", "<TYPE>\n"),
    *("<SEQUENCE>1\n", "<SEQUENCE>-1\n", "<SEQUENCE>99999999999\n", "<FILENAME>../a.htm\n", "<DESCRIPTION>A\tB\n"),
    *("ACCESSION NUMBER:\t\t0001234567-21-000042\n", "<ACCESSION-NUMBER>0001234567-21-000042\n", "<CIK>0000000001\n"),
    *("CONFORMED SUBMISSION TYPE:\t8-K\n", "CONFORMED SUBMISSION TYPE:\t8-K12B/A\n", "PUBLIC DOCUMENT COUNT:\t\t2\n"),
    *("ITEM INFORMATION:\t\tOther Events\n", "<ITEMS>5.02\n", "<ITEMS>7\n", "ITEM INFORMATION:\n"),
    *("FILED AS OF DATE:\t\t20210304\n", "FILED AS OF DATE:\t\t19990304\n", "<FILING-DATE>00000000\n"),
    *("<ACCEPTANCE-DATETIME>20210304161500\n", "<ACCEPTANCE-DATETIME>99999999999999\n", "<PERIOD>20210229\n"),
    *("FILER:\n", "\tCOMPANY DATA:\t\n", "\t\tCENTRAL INDEX KEY:\t\t\t0000123456\n", "<FILER>\n", "</FILER>\n"),
    *("\t\tCOMPANY CONFORMED NAME:\t\t\tA & B\n", "SUBJECT COMPANY:\n", "\tBUSINESS ADDRESS:\n", "\t\tCITY:\t\t\tX\n"),
    *("\t\tSTANDARD INDUSTRIAL CLASSIFICATION:\tX [2834]\n", "\tFORMER COMPANY:\n", "FORMER-NAME:\n", "A:"),
)

TAGS = (
    *("<html>", "</html>", "<body>", "</body>", "<p>", "</p>", "<P ALIGN=CENTER>", "<div>", "</div>", "<DIV", "<br>"),
    *("<br/>", "<BR>", "<hr>", "<table>", "</table>", "<TABLE>", "<tr>", "</tr>", "<td>", "</td>", "<TD>", "<th>"),
    *("<td colspan=376967340>", "<span>", "</span>", "<b>", "</b>", "<font", "<pre>", "</pre>", "<PRE>", "</PRE>"),
    *("<ul>", "<li>", "</li>", "<center>", "</center>", "<script>", "</script>", "<style>", "</style>", "<title>"),
    *("</title>", "<!--", "-->", "<!---->", "<![CDATA[", "]]>", "<!DOCTYPE html>", "<?xml version='1.0'?>", "<PAGE>"),
    *("<CAPTION>", "<S>", "<C>", "<FN>", "<a href='", '<a href="', "'>", '">', ">", "<", "/>", "</", "<>", "< 5%"),
    *('<html xmlns:ix="x">', "<ix:header>", "</ix:header>", "<ix:hidden>", "</ix:hidden>", "<ix:header/>"),
    *('<div style="display:none">', '<DIV STYLE="DISPLAY: NONE">', '<p style="display:none"/>'),
    *(
        "<br style=display:none>",
        '<span style="display :none">',
        "display:none",
        '<td style="display:none"></td>',
        "<x:y>",
        "<p/",
        "<td/>",
    ),
    *('<ix:nonNumeric name="dei:EntityRegistrantName" contextRef="c">', "</ix:nonNumeric>", "<ix:nonFraction "),
    *('<ix:nonNumeric name="dei:TradingSymbol" contextRef="c">', '<ix:nonNumeric name="dei:Security12bTitle">'),
    *('<ix:nonNumeric name="dei:WrittenCommunications" format="ixt:booleantrue">', "<ix:continuation>"),
)

# Characters and entities that are easily handled wrongly.
BODY = (
    *("&nbsp;", "&#160;", "&amp;", "&lt;", "&gt;", "&#146;", "&#150;", "&#x80;", "&#0;", "&#1;", "&#9;", "&#10;"),
    *("&#13;", "&#12;", "&#xD800;", "&#xDFFF;", "&#xFFFE;", "&#x110000;", "&#99999999999;", "&notit;", "&", "&#", "&;"),
    *("\x00", "\x01", "\x02", "\x07", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\xa0", "\xad", "\u200b", "\u2028"),
    *("\ufeff", "\u0130", "\u0131", "\u017f", "\u212a", "\u0663", "\U0001f600", "\r", "\r\n", "\n", "\n\n", "\n \n"),
    *("\t", " ", "  ", "   ", "\xa0 ", " " * 40, "." * 20, "-" * 20, "_" * 20, "=" * 20, "\n" * 5, "\t" * 5, "* * *"),
    *("begin 644 a.jpg\n", "#0V%T\n", "M" + "A" * 60 + "\n", "`\nend\n", "end\n", "begin 1 x\n", "\u2022", "\u2610"),
    *("\u2612", "\xfe", "\u2019", "\u201c", "\u2013", "$\t", "(\t", "\t)", "\t%", "PK\x03\x04", "%PDF", "<PDF>"),
)

TITLES = (
    *("Other Events", "Regulation FD Disclosure", "Financial Statements and Exhibits", "OTHER EVENTS.", "Exhibits"),
    *("Departure of Directors or Certain Officers; Election of Directors; Appointment of Certain Officers", "Other"),
    *("Entry into a Material Definitive Agreement", "Results of Operations\nand Financial Condition", "Changes in"),
    *("Creation of a Direct Financial Obligation or an Obligation under an Off-Balance Sheet Arrangement", "of", ""),
)

# A heading in its dresses; {n} and {m} are numbers, {t} is a title.
HEADINGS = (
    *("Item {n}", "Item {n} {t}", "ITEM {n}. {t}", "Item {n}.\t{t}", "Item\n{n}\n{t}", "Item{n}. {t}", "I tem {n} {t}"),
    *("Items {n} and {m}", "Items {n}, {m}. {t}", "Item {n}(a) and {m}(e) {t}", "Items {n} through {m}"),
    *(
        "Item No. {n}",
        "Item&#160;{n}&nbsp;{t}",
        "<b>Item</b> {n} <u>{t}</u>",
        "<td>Item {n}</td><td>{t}</td>",
        "{n} {t}",
        "({n}) {t}",
    ),
    *("Section 5 - Corporate\nItem {n} {t}", "Section 5 Item {n}. {t}", "PART II Item {n}", "(a) Item {n}. {t}"),
    *('"Item {n}. {t}"', "see Item {n} {t}", "under\nItem {n} {t}", "Item {n} of this report", "Item {n}{n}{n}"),
    *("Item {n} {t} . . . . . . . 3", "Item {n}\t{t}\t12", "Item {n} -------- {t}", "ITEM {n}:{t}Item {m}.{t}", "Item"),
    *("Item #{n}", "Item Number {n}.", "ITEM {n}; {m}; {n}; {m}", "Item {n}.{n}", "Item\n\n\n\n{n}", "\u0131tem {n}"),
)

SIGNED = (
    *("SIGNATURE", "SIGNATURES\n", "S I G N A T U R E", "Signature page\n", "pursuant to the requirements of the "),
    *("Pursuant to the requirements of the Securities Exchange Act of 1934, the registrant has\n", "section 13 of "),
    *("By: /s/ Ann Lee", "/s/ Ann Lee\n", "By: ____________\n", "Name: Ann Lee\n", "Title: ", "Its: President\n"),
    *("By\n", "Chief Financial Officer\n", "Vice\n", "Ann Lee, Secretary\n", "//s//", "Date: March 4, 2021\n"),
    *("Dated: 3/4/21\n", "\u017fep 3, 2020", "4th day of May 2004", "2021-02-30", "99/99/9999", "May 99, 2020"),
    *("Feb. 30 , 2019", "Name and", "EXHIBIT INDEX\n", "(d) Exhibits\n", "(c)", "99.1\tPress release\n", "(99) "),
    *("Exhibit 99.1 ", "99.1(a)(b) ", "*+10.1 X\n", "Exhibit No.\tDescription\n", "exhibit no..no.. ", "EX-99 "),
    *("104\tCover", "\n10.2 ", "\n16 Letter\n"),
)

PROSE = (
    *("FORM 8-K", "FORM 8-K/A", "Amendment No. 2", "SECURITIES AND EXCHANGE COMMISSION", "CURRENT REPORT", "a", "x1"),
    *("Date of Report (Date of earliest event reported): March 3, 2021", "(Exact name of registrant as specified"),
    *("(State or other jurisdiction", "001-12345", "12-3456789", "(217) 555-0100", "Title of each class\tTicker\tX\n"),
    *("[X] Written communications pursuant to Rule 425", "[ ] Soliciting material pursuant", "the Company said that "),
    *("Pre-commencement communications pursuant to Rule 14d-2(b)", "Emerging growth company \u2612", "Date of"),
    *("Common stock\tABC\tNYSE\n", "TABLE OF CONTENTS\n", "Page\n", "- 2 -\n", "$ 5.02 million", "in the amount of "),
)

# What an amended report says of the one that it amends.
AMENDING = (
    *("EXPLANATORY NOTE\n", "Introductory Note\n", "Purpose of this Amendment\n", "FORM 8-K/A\n", "Amendment No. 99\n"),
    *("Amendment No. 1 to Form 8-K", "This Amendment amends ", "supplement the Form 8-K ", "the original Form 8-K "),
    *("filed on March 3, 2021", "dated March 1, 2021", '(the "Original Report")', "of Items 5.02(c), 8.01 and 9.01"),
    *("items 1 and 2, ", "Item 14.99", "No other changes. ", "the press release dated May 1, 2020 ", "Inc. ", "U.S. "),
)

# Links, to whatever place.
LINKS = (
    *("<a href='ex99-1.htm'>", '<A HREF="a.htm">', "<a href=a.htm>", "</a>", "</A>", "Exhibit 99.1", "99.1", "<a "),
    *("/Archives/edgar/data/1/a.htm", "https://www.sec.gov/ix?doc=/Archives/a.htm", "https://www.sec.gov/a.htm", "//"),
    *("http://sec.gov.evil.example/a.htm", "http://user:pass@www.sec.gov/a.htm", "https://[::1/a.htm", "javascript:a"),
    *(
        "https://evil.example\\.sec.gov/a.htm",
        "https://w+w.sec.gov/a.htm",
        "https://www.sec.gov:99999/a",
        "\\",
        "href=",
    ),
    *("#top", "mailto:a@b", "file:///etc/passwd", "../a.htm", "\\\\a\\b", "%2e%2e/a.htm"),
)

# Lines of an index, and parts of them.
INDEX = (
    *("Description:           Daily Index\n", "Last Data Received:    March  4, 2021\n", "XBRL", "-" * 80 + "\n"),
    *(
        "CIK|Company Name|Form Type|Date Filed|File Name\n",
        "1|A & B|8-K|20210304|edgar/data/1/0001234567-21-000042.txt\n",
    ),
    *(
        "edgar/data/1/0001234567-21-000042.txt",
        "edgar/data/0000000001/0001234567-21-000042-index.htm",
        "|",
        "||||",
        "8-K|",
    ),
    *(
        "http://www.sec.gov/Archives/edgar/data/1/000123456721000042/0001234567-21-000042-index.html",
        "20210304",
        "2021-3-4",
    ),
)

# Lists in XML, and what XML can do beside.
LISTED = (
    *("<feed>", "</feed>", "<entry>", "</entry>", "<entry", "<rss>", "</rss>", "<channel>", "</channel>", "<item>"),
    *(
        "</item>",
        "<title>",
        "</title>",
        "<updated>",
        "</updated>",
        "<summary>",
        "</summary>",
        "<id>",
        "</id>",
        "<link/>",
    ),
    *("<category term='8-K'/>", "8-K/A", "8-K12B", "(0000912345) (Filer)", "Filed:", "Item 9.01:", "&lt;br&gt;", "&"),
    *(
        "<!DOCTYPE a [",
        '<!ENTITY a "b">',
        '<!ENTITY % a SYSTEM "file:///etc/passwd">',
        "%a;",
        "]>",
        "&a;",
        "&#0;",
        "<!--",
    ),
    *(
        "-->",
        "<![CDATA[",
        "]]>",
        "<?a ?>",
        "<?xml version='1.0' encoding='utf-16'?>",
        'encoding="utf-7"',
        "xmlns:a='b'",
    ),
    *(
        "2024-05-06T16:31:05-04:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2024-02-30",
        "05/06/2024",
    ),
    *("20240506163105", "99999999999999", "Mon, 06 May 2024 20:00:00 EDT", "+9999999999999999999999", "-0000", "EST"),
    *("<edgar:xbrlFiling>", "</edgar:xbrlFiling>", "<edgar:formType>8-K</edgar:formType>", "<cikNumber>", "accession"),
)

# JSON, and the names that EDGAR's answers have in it.
DATA = (
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1e999",
        "NaN",
        "Infinity",
        "9" * 30,
        "1.5",
    ),
    *('"\\ud800"', '"\\u0000"', '"\\u202e"', '""', "[]", "{}", "[[[[", "9" * 4_400, '"cik"', '"filings"', '"recent"'),
    *(
        '"accessionNumber"',
        '"filingDate"',
        '"form"',
        '"8-K"',
        '"items"',
        '"size"',
        '"name"',
        '"tickers"',
        '"exchanges"',
    ),
    *('"0001234567-21-000042"', '"hits"', '"total"', '"value"', '"_source"', '"adsh"', '"fields"', '"data"', '"files"'),
    *(
        '"acceptanceDateTime"',
        '"2024-05-06T16:31:05.000Z"',
        '"timed_out"',
        '"_shards"',
        '"retry_after"',
        '"formerNames"',
    ),
    *('"severity"', '"high"', '"documents"', '"text"', '"evidence"', '"start"', '"cover"', '"signature"', '"date"'),
)

# Rule files, and what YAML can do beside.
RULES = (
    *("version: 1\n", "lists:\n", "phrases:\n", "defaults:\n", "groups:\n", "- name: g\n", "  rules:\n", "  - id: r\n"),
    *(
        "    title: A title\n",
        "    match: {items|has: '7.01'}\n",
        "    notify: [desk]\n",
        "    tests:\n",
        "---\n",
        "...\n",
    ),
    *(
        "items|has_any: ",
        "text.body|phrase: ",
        "text.item.5_02|near: ",
        "sic|in: ",
        "company|cased|is: ",
        "form: ",
        "not: ",
    ),
    *(
        "re: ",
        "lt: ",
        "within_words: 9",
        "&a ",
        "*a",
        "<<: *a",
        "!!python/object:os.system ",
        "? ",
        "| \n",
        "> \n",
        "'",
    ),
    *("{", "}", "[", "]", "- ", ": ", ", ", "#", "@", "%", "`", "\t", '"\\ud800"', '"\\x00"', "\u2028", "\u202e", "~"),
    *("throttle: {key: [cik], window: 30d}", "severity: high", "status: stable", "inhibits: [r]", "'$1.5 billion'"),
    *("re: '(a+)+$'", "condition: a and not (b or 1 of them)", "window: 99999999999d", "all of them", "events|has: "),
)

# Settings, and what TOML can do beside.
SETTINGS = (
    *("[edgar]\n", "[endpoint.desk]\n", "[[endpoint]]\n", "[a.b.c]\n", "contact = ", "base_url = ", "poll_seconds = "),
    *(
        '"Your Firm you@example.com"',
        '"http://127.0.0.1"',
        '"http://user:pass@[::1/"',
        "1e400",
        "nan",
        "inf",
        "-0",
        "0x7f",
    ),
    *(
        "9" * 30,
        "2024-05-06",
        "2024-05-06T16:31:05Z",
        "16:31:05",
        "true",
        "[",
        "]",
        "{a = 1}",
        '"""',
        "'''",
        "a.b = 1\n",
    ),
    *('"\\uD800"', '"\\u0000"', "allow = ['0.0.0.0/0']\n", 'headers = {a = "b\\r\\nc: d"}\n', "kind = 'slack'\n"),
    *(
        "listen = '127.0.0.1:99999'\n",
        "busy_windows = ['24:00-00:00']\n",
        "poll_cron = '* * * * *'\n",
        "data_dir = '/'\n",
    ),
)

# Searches and cursors.
ASKED = (
    *(
        '"',
        "*",
        "-",
        " OR ",
        " AND ",
        " NOT ",
        "NEAR(",
        "^",
        ":",
        "(",
        ")",
        "+",
        "\u201c",
        "\u2013",
        "\u0130",
        "\u00df",
    ),
    *("merger", "5.02", "\x00", "=", "==", "WyJmaWxpbmdzIiw3XQ", "W1tbW1tb", "_", "/", "\u0660", "a*", '-"a b"'),
)

# How long to wait, in a header.
ANSWERED = (
    *(
        "120",
        "-1",
        "1e3",
        "9" * 400,
        "Mon, ",
        "12 Jan 2026 ",
        "Jan 12 ",
        "17:05:00",
        " GMT",
        " +9999999999999999999",
        " -0000",
    ),
    *(
        "99999999999",
        "0001",
        "9999",
        "29 Feb 2023",
        "24:60:61",
        "(comment)",
        "\n",
        '{"retry_after": ',
        "1e308",
        "}",
        "PM",
    ),
)
