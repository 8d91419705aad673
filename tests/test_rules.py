"""Alert rules: what they match, what evidence they give, and what a person is told of each kind of mistake."""

import re
import textwrap
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from handlers.alert import MatchRules
from watcher.config import template_folder
from watcher.errors import ConfigError
from watcher.handler import Context
from watcher.models import (
    ActiveHours,
    Alert,
    Document,
    Event,
    Evidence,
    Exhibit,
    Filer,
    Filing,
    Grouping,
    Item,
    Pacing,
    Report,
    Session,
    Severity,
    Throttle,
    Timing,
    alert_id,
)

ENDPOINTS = frozenset({"desk", "ops", "log"})
SMALLEST = 'version: 1\ngroups: [{name: g, rules: [{id: r, title: t, match: {items|has: "7.01"}, notify: [desk]}]}]\n'
BODY = (
    "FORM 8-K\n\n"
    "Item 5.02 Departure of Directors or Certain Officers\n\n"
    "On May 19, 2026, Ms. Doe, the Company\u2019s Chief\n  Financial\u00a0Officer, informed the board that she will "
    "re\u00adsign. A full search \u2013 by a co-operating firm \u2013 has begun.\n\n"
    "Item 7.01 Regulation FD Disclosure\n\nA press release is furnished as Exhibit 99.1.\n\nSIGNATURES\n"
)
PRESS_RELEASE = "Made-up Corp raises its outlook for the year."


def item(number: str, heading: str, end: str, *, declared: bool = True) -> Item:
    start, stop = BODY.index(heading), BODY.index(end)
    content = BODY[start + len(heading) : stop].strip()
    return Item(number, heading, declared, found=True, document=1, start=start, end=stop, text=content)


def report(**changes) -> Report:
    filing = {
        "accession": "0001234567-26-000042",
        "form": "8-K",
        "filers": (
            Filer(cik=1234567, name="Made-up Corp", sic="2834", state_of_incorporation="DE", tickers=("MADE", "MADEW")),
            Filer(cik=7654321, name="Its Subsidiary, LLC", sic="6798"),
        ),
        "filed_on": date(2026, 5, 20),
        "accepted_at": datetime(2026, 5, 20, 20, 15, tzinfo=UTC),
    }
    told = {
        "period_of_report": date(2026, 5, 19),
        "documents": (
            Document(1, "8-K", "a.htm", "8-K", len(BODY), BODY),
            Document(2, "EX-99.1", "b.htm", "EX-99.1", len(PRESS_RELEASE), PRESS_RELEASE),
        ),
        "items": (
            item("5.02", "Item 5.02 Departure of Directors or Certain Officers", "Item 7.01", declared=False),
            item("7.01", "Item 7.01 Regulation FD Disclosure", "SIGNATURES"),
            Item("9.01", "Financial Statements and Exhibits", declared=True, found=False),
        ),
        "exhibits": (Exhibit("99.1", "Press release", 2, "b.htm", PRESS_RELEASE), Exhibit("104", "Cover page")),
        "timing": Timing(Session.POST, 1, is_late=False),
        "events": (Event("cfo-departure", 0.9, (Evidence(1, 110, 117, "a place"),)),),
    }
    filing |= {name: value for name, value in changes.items() if name in filing}
    told |= {name: value for name, value in changes.items() if name in told}
    return Report(Filing(**filing), **told)


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "rules"
    path.mkdir()
    return path


@pytest.fixture
def build(folder):
    """Builds the handler from the texts of rule files."""

    def built(*texts: str, endpoints: frozenset[str] = ENDPOINTS) -> MatchRules:
        for number, text in enumerate(texts):
            (folder / f"{number}.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
        return MatchRules.build(Context(folder, endpoints))

    return built


@pytest.fixture
def alerts(build):
    """Gives the alerts that rule files raise on a report."""

    def raised(text: str, about: Report | None = None) -> tuple[Alert, ...]:
        about = about or report()
        build(text).handle(about)
        return about.alerts

    return raised


@pytest.fixture
def matches(alerts):
    """Tells whether a rule with this match fires."""

    def fires(match: str, about: Report | None = None, extra: str = "") -> bool:
        return bool(alerts(rule(match, extra=extra), about))

    return fires


@pytest.fixture
def told(build, folder):
    """Gives the faults of rule files as a person sees them, without the folder."""

    def faults(*texts: str, **settings) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            build(*texts, **settings)
        return str(caught.value).replace(f"{folder}/", "").splitlines()

    return faults


def rule(match: str, *, extra: str = "", more: str = "") -> str:
    return (
        f"version: 1\n{textwrap.dedent(extra)}\ngroups:\n- name: g\n  rules:\n"
        f"  - id: r\n    title: A title\n    notify: [desk]\n{more}    match: {match}\n"
    )


# What a rule raises


def test_the_smallest_rule_raises_an_alert(alerts):
    (alert,) = alerts(SMALLEST)

    assert (alert.rule, alert.title, alert.severity, alert.notify) == ("r", "t", Severity.MEDIUM, ("desk",))


def test_an_alert_has_the_id_of_its_filing_and_rule(alerts):
    assert alerts(SMALLEST)[0].id == alert_id("0001234567-26-000042", "r")


def test_a_rule_that_does_not_hold_raises_nothing(alerts):
    assert alerts(SMALLEST.replace("7.01", "1.01")) == ()


def test_an_item_matches_when_it_is_declared_only(matches):
    assert matches('{items|has: "9.01"}')


def test_an_item_matches_when_it_is_found_only(matches):
    assert matches('{items|has: "5.02"}')


def test_before_a_filing_is_read_the_items_of_the_list_count(alerts):
    listed = Report(Filing("0001234567-26-000042", form="8-K", items=("7.01",)))

    assert len(alerts(SMALLEST, listed)) == 1


def test_an_item_is_shown_by_its_heading(alerts):
    (evidence,) = alerts(SMALLEST)[0].evidence

    assert evidence.text == "Item 7.01 Regulation FD Disclosure"
    assert BODY[evidence.start : evidence.end] == evidence.text


def test_words_are_shown_as_they_stand_in_the_document(alerts):
    (alert,) = alerts(rule("{text.item.5_02|phrase: [chief financial officer, resign]}"))

    assert [one.text for one in alert.evidence] == ["Chief\n  Financial\u00a0Officer", "re\u00adsign"]
    assert [BODY[one.start : one.end] for one in alert.evidence] == [one.text for one in alert.evidence]


def test_an_events_evidence_is_that_of_the_alert(alerts):
    (alert,) = alerts(rule("{events|has: cfo-departure}"))

    assert alert.evidence == (Evidence(1, 110, 117, "a place"),)


def test_evidence_in_an_exhibit_points_into_its_document(alerts):
    (alert,) = alerts(rule("{text.ex99|phrase: outlook}"))

    assert alert.evidence == (Evidence(2, 24, 31, "outlook"),)


def test_an_alert_names_the_selections_that_made_it(alerts):
    text = rule(
        "{a: {items|has: '7.01'}, b: {items|has: '1.01'}, c: {company|contains: made}, condition: a and not b or c}"
    )

    assert alerts(text)[0].selections == ("a", "c")


def test_only_what_made_the_alert_gives_evidence(alerts):
    text = rule("{a: {items|has: '7.01'}, b: {items|has: '5.02'}, c: {items|has: '1.01'}, condition: a or (b and c)}")

    assert [one.text for one in alerts(text)[0].evidence] == ["Item 7.01 Regulation FD Disclosure"]


def test_the_alerts_of_earlier_handlers_stay(build):
    about = report()
    build(SMALLEST).handle(about)
    build(SMALLEST.replace("id: r", "id: s")).handle(about)

    assert [alert.rule for alert in about.alerts] == ["r", "s"]


def test_an_amendment_matches_only_where_a_rule_says_so(alerts):
    amended = {"form": "8-K/A"}

    assert alerts(rule('{items|has: "7.01"}'), report(**amended)) == ()
    assert len(alerts(rule('{items|has: "7.01"}', more="    include_amendments: true\n"), report(**amended))) == 1


def test_defaults_hold_for_rules_that_say_nothing_else(alerts):
    text = """\
        version: 1
        defaults: {severity: high, include_amendments: true, notify: [ops, log]}
        groups:
        - name: g
          rules:
          - {id: a, title: t, match: {items|has: "7.01"}}
          - {id: b, title: t, match: {items|has: "7.01"}, severity: low, notify: [desk]}
          - {id: c, title: t, match: {items|has: "7.01"}, include_amendments: false}
        """

    assert [(one.rule, one.severity, one.notify) for one in alerts(text, report(form="8-K/A"))] == [
        ("a", Severity.HIGH, ("ops", "log")),
        ("b", Severity.LOW, ("desk",)),
    ]


def test_a_rule_may_keep_its_alert_and_tell_nobody(alerts):
    assert alerts(SMALLEST.replace("[desk]", "[]"))[0].notify == ()


def test_the_summary_says_company_and_title_unless_told_otherwise(alerts):
    assert alerts(SMALLEST)[0].summary == "Made-up Corp: t"


def test_a_summary_is_filled_from_the_report(alerts):
    more = (
        "    annotations: {summary: '{company} ({ticker}) {items}: {period}, {accepted}, "
        "{timing.business_days_after_event} d, {timing.session}, {accession}'}\n"
    )
    (alert,) = alerts(rule("{items|has: '7.01'}", more=more))

    assert alert.summary == (
        "Its Subsidiary, LLC, Made-up Corp (MADE, MADEW) 5.02, 7.01, 9.01: 2026-05-19, 2026-05-20 20:15 UTC, "
        "1 d, post, 0001234567-26-000042"
    )


def test_a_summary_says_so_where_a_fact_is_missing(alerts):
    more = "    annotations: {summary: '{period}'}\n"

    assert alerts(rule("{items|has: '7.01'}", more=more), report(period_of_report=None))[0].summary == "unknown"


def test_a_summary_stays_one_line_of_some_length(alerts):
    about = report(filers=(Filer(1, "Made\n\x00up\u2028Corp " + "x" * 1000),))
    summary = alerts(SMALLEST, about)[0].summary

    assert summary.startswith("Made up Corp xxx")
    assert len(summary) == 300


# How its alerts are told


def test_an_alert_says_nothing_of_pacing_unless_its_rule_does(alerts):
    assert alerts(SMALLEST)[0].pacing is None


@pytest.mark.parametrize(
    ("said", "pacing"),
    [
        ("throttle: {window: 24h}", Pacing(Throttle("", 86_400, 1))),
        ("throttle: {key: [cik], window: 7d, max: 3}", Pacing(Throttle("cik=1234567,7654321", 604_800, 3))),
        ("throttle: {key: [state, form], window: 90s}", Pacing(Throttle("state=DE form=8-K", 90, 1))),
        ("throttle: {key: accepted, window: 1m}", Pacing(Throttle("accepted=2026-05-20T20:15:00+00:00", 60, 1))),
        ("group: {wait: 15m}", Pacing(grouping=Grouping("", 900, 50))),
        ("group: {by: [filed_on], wait: 15m, max: 20}", Pacing(grouping=Grouping("filed_on=2026-05-20", 900, 20))),
        ("expires: 6h", Pacing(expires_seconds=21_600)),
        ("active: {}", Pacing(active=ActiveHours("America/New_York", tuple(range(7)), 0, 1_440, holds=True))),
        (
            'active: {timezone: Europe/Berlin, days: [fri, mon], from: "22:00", to: "06:30", outside: drop}',
            Pacing(active=ActiveHours("Europe/Berlin", (0, 4), 1_320, 390, holds=False)),
        ),
    ],
)
def test_pacing_is_given_with_the_values_of_the_filing(alerts, said, pacing):
    (alert,) = alerts(rule("{items|has: '7.01'}", more=f"    {said}\n"))

    assert alert.pacing == pacing


def test_a_key_says_so_where_a_fact_is_missing(alerts):
    more = "    throttle: {key: [period], window: 1h}\n"
    (alert,) = alerts(rule("{items|has: '7.01'}", more=more), report(period_of_report=None))

    assert alert.pacing == Pacing(Throttle("period=unknown", 3_600, 1))


def test_a_group_takes_over_what_its_file_says_and_a_rule_what_its_group_says(alerts):
    text = """\
        version: 1
        defaults: {severity: low, notify: [log], expires: 1h, throttle: {window: 1h}, dedup_key: [rule, accession]}
        groups:
        - name: g
          defaults: {severity: high, throttle: {window: 2h}, include_amendments: true}
          rules:
          - {id: a, title: t, match: {items|has: "7.01"}}
          - {id: b, title: t, match: {items|has: "7.01"}, throttle: none, expires: 2h, notify: [desk]}
        - name: h
          defaults: {notify: [ops]}
          rules:
          - {id: c, title: t, match: {items|has: "7.01"}, throttle: none, expires: none}
        """
    told = [(one.rule, one.severity.value, one.notify, one.pacing) for one in alerts(text)]

    assert told == [
        ("a", "high", ("log",), Pacing(Throttle("", 7_200, 1), expires_seconds=3_600)),
        ("b", "high", ("desk",), Pacing(expires_seconds=7_200)),
        ("c", "low", ("ops",), None),
    ]


@pytest.mark.parametrize("said", ["[s, t]", "[{rules: [s, t], same: [accession]}]", "[s, {rules: t}, s]"])
def test_an_alert_names_the_rules_that_it_inhibits(build, said):
    about = report()
    others = SMALLEST.replace("id: r", "id: s").replace("1.01", "7.01"), SMALLEST.replace("id: r", "id: t")
    build(rule("{items|has: '7.01'}", more=f"    inhibits: {said}\n"), *others).handle(about)

    assert {alert.rule: alert.inhibits for alert in about.alerts} == {"r": ("s", "t"), "s": (), "t": ()}


def test_annotations_are_filled_and_the_summary_is_the_line(alerts):
    more = "    annotations: {summary: 'S {company}', runbook: 'https://example.com/{cik}', Desk.2: plain}\n"
    (alert,) = alerts(rule("{cik: 1234567}", more=more), report(filers=(Filer(1234567, "Made-up Corp"),)))

    assert alert.summary == "S Made-up Corp"
    assert alert.annotations == {"runbook": "https://example.com/1234567", "Desk.2": "plain"}


# What a clause means


@pytest.mark.parametrize(
    ("match", "fires"),
    [
        ('{items|has: "1.01"}', False),
        ('{items|has_any: ["1.01", "7.01"]}', True),
        ('{items|has_any: ["1.01", "1.02"]}', False),
        ('{items|has_all: ["5.02", "7.01"]}', True),
        ('{items|has_all: ["7.01", "1.01"]}', False),
        ('{items|only: ["5.02", "7.01", "9.01", "8.01"]}', True),
        ('{items|only: ["7.01", "9.01"]}', False),
        ("{items|exists: true}", True),
        ("{items|exists: false}", False),
        ("{exhibits|has: 99.1}", True),
        ("{exhibits|has: 99}", False),
        ("{exhibits|has_any: [10.1, 104]}", True),
        ("{events|has: cfo-departure}", True),
        ("{events|has: buyback}", False),
        ("{form: 8-K}", True),
        ("{form: 8-k}", True),
        ("{form: [8-K12B, 8-K]}", True),
        ("{form|in: [8-K12B, 8-K15D5]}", False),
        ("{form|neq: 8-K12B}", True),
        ("{form|neq: 8-K}", False),
        ("{cik: 1234567}", True),
        ('{cik: "0001234567"}', True),
        ("{cik: 7654321}", True),
        ("{cik|in: [1, 2]}", False),
        ("{ticker: made}", True),
        ("{ticker|in: [OTHER, MADEW]}", True),
        ("{sic|gte: 2830, sic|lte: 2839}", True),
        ("{sic|gt: 6798}", False),
        ("{state: de}", True),
        ("{state: NY}", False),
        ("{company: made-up CORP}", True),
        ("{company: made-up}", False),
        ("{company|startswith: made}", True),
        ("{company|startswith: up}", False),
        ("{company|endswith: corp}", True),
        ("{company|contains: ade-}", True),
        ("{company|phrase: up}", True),
        ("{company|phrase: mad}", False),
        ("{company|contains|cased: Made}", True),
        ("{company|contains|cased: made}", False),
        ("{company|cased: Made-up Corp}", True),
        ("{company|neq: made-up corp}", False),
        ("{company|neq: other corp}", True),
        ("{accepted|gte: 2026-05-20T16:15:00-04:00}", True),
        ("{accepted|gt: 2026-05-20T20:15:00Z}", False),
        ("{filed_on: 2026-05-20}", True),
        ("{period|lt: 2026-05-20}", True),
        ("{timing.session|in: [post, evening]}", True),
        ("{timing.session: pre}", False),
        ("{timing.business_days_after_event|lte: 4}", True),
        ("{timing.business_days_after_event|gt: 4}", False),
        ("{timing.is_late: false}", True),
        ("{timing.is_late: true}", False),
        ("{text.body|phrase: press release}", True),
        ("{text.body|phrase: press releases}", False),
        ("{text.body|contains: ress rel}", True),
        ("{text.body|phrase: ress rel}", False),
        ("{text.body|startswith: form 8-k}", True),
        ("{text.body|endswith: signatures}", True),
        ("{text.body|endswith: form}", False),
        ("{text.body|contains|cased: press Release}", False),
        ("{text.item.5_02|exists: true}", True),
        ("{text.item.9_01|exists: true}", False),
        ("{text.item.5_02|phrase: departure of directors}", False),
        ("{text.item.7_01|phrase: resign}", False),
        ("{text.ex99_1|phrase: outlook}", True),
        ("{text.ex99_2|exists: false}", True),
        ("{text.ex10|phrase: outlook}", False),
        ("{text.body|phrase: outlook}", False),
        ("{text.item.5_02|near: {a: chief financial officer, b: [quit, resign], within_words: 8}}", True),
        ("{text.item.5_02|near: {a: resign, b: chief financial officer, within_words: 6}}", True),
        ("{text.item.5_02|near: {a: chief financial officer, b: resign, within_words: 5}}", False),
        ("{text.item.5_02|near: {a: chief financial officer, b: quit, within_words: 100}}", False),
        ("{text.item.5_02|near|cased: {a: chief financial officer, b: resign, within_words: 9}}", False),
        (r"{text.ex99|re: 'rais\w+ its (outlook|guidance)'}", True),
        ("{text.ex99|re: [cuts its, RAISES ITS]}", True),
        ("{text.ex99|re|cased: RAISES ITS}", False),
        ("{company|re: '^made.*corp$'}", True),
        ("{company|near: {a: made, b: corp, within_words: 1}}", True),
    ],
)
def test_a_clause_means_what_it_says(matches, match, fires):
    assert matches(match) is fires


@pytest.mark.parametrize(
    "words",
    [
        "Company's Chief Financial Officer",
        "company\u2019s   chief financial officer",
        "search - by a co-operating firm - has",
        "will resign",
        "WILL RE\u00adSIGN",
    ],
)
def test_words_match_whatever_their_case_quotes_dashes_breaks_and_spaces(matches, words):
    assert matches(f'{{text.item.5_02|phrase: "{words}"}}')


def test_clauses_of_one_map_must_all_hold(matches):
    assert matches('{items|has: "7.01", cik: 1234567}')
    assert not matches('{items|has: "7.01", cik: 1}')


def test_of_a_list_of_maps_one_must_hold(matches):
    assert matches("{a: [{cik: 1}, {items|has: '7.01', state: DE}], condition: a}")
    assert not matches("{a: [{cik: 1}, {items|has: '7.01', state: NY}], condition: a}")


@pytest.mark.parametrize(
    ("condition", "fires"),
    [
        ("yes", True),
        ("no", False),
        ("not no", True),
        ("not yes", False),
        ("not not yes", True),
        ("yes and no", False),
        ("yes or no", True),
        ("no or no or yes", True),
        ("yes or no and no", True),
        ("(yes or no) and no", False),
        ("not no and yes", True),
        ("not (no or yes)", False),
        ("not (yes and no)", True),
    ],
)
def test_a_condition_means_what_it_says(matches, condition, fires):
    parts = {"yes": "yes: {items|has: '7.01'}", "no": "no: {items|has: '1.01'}"}
    used = [text for name, text in parts.items() if re.search(rf"\b{name}\b", condition)]

    assert matches(f"{{{', '.join(used)}, condition: {condition}}}") is fires


@pytest.mark.parametrize(
    "match",
    [
        "{timing.business_days_after_event|gt: 0}",
        "{timing.business_days_after_event|lt: 9}",
        "{timing.session|neq: pre}",
        "{timing.is_late: false}",
        "{accepted|lt: 2100-01-01T00:00:00Z}",
        "{period|neq: 2026-05-19}",
    ],
)
def test_a_fact_that_is_missing_satisfies_nothing(matches, match):
    assert not matches(match, report(timing=Timing(None, None, None), accepted_at=None, period_of_report=None))


def test_a_missing_fact_can_be_asked_for(matches):
    assert matches("{timing.session|exists: false}", report(timing=None))


@pytest.mark.parametrize(("sic", "fires"), [(2835, True), (6798, True), (7372, False)])
def test_a_list_stands_for_its_values(matches, sic, fires):
    about = report(filers=(Filer(1, "X", sic=str(sic)),))

    assert matches('{sic|in: ["@drugs", 6798]}', about, "lists: {drugs: {values: [2834, 2835], type: sic}}") is fires


def test_a_list_may_stand_in_a_file(matches, folder):
    (folder / "watch.csv").write_text("name,cik\nMade-up,0001234567\n,\nOther,2\n", encoding="utf-8")

    assert matches('{cik|in: "@watch"}', None, "lists: {watch: {file: watch.csv, column: cik}}")


def test_a_phrase_set_stands_for_its_wordings(matches):
    extra = "phrases: {leaving: [steps down, resign], other: nothing}"

    assert matches('{text.item.5_02|phrase: "&leaving"}', None, extra)
    assert not matches('{text.item.5_02|phrase: ["&other", "at all"]}', None, extra)


# Versions


def test_a_report_keeps_the_version_of_the_rules(build):
    about = report()
    build(SMALLEST).handle(about)

    assert len(about.versions["rules"]) == 12


REVISED = """\
version: 1
lists: {a: {values: [1, 2]}, b: {values: [3]}}
phrases: {p: [x, y]}
groups:
- name: g
  rules:
  - {id: r, title: t, notify: [desk], match: {items|has: "7.01"}, tags: [one]}
  - {id: s, title: t, notify: [desk], match: {text.body|phrase: "&p"}}
"""


def revisions(handler: MatchRules) -> dict[str, str]:
    about = report(documents=(Document(1, "8-K", "", "", 1, "x 7.01"),))
    handler.handle(about)
    return {alert.rule: alert.revision for alert in about.alerts} | about.versions


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("id: r, title: t", "title: t, id: r", set()),
        ("version: 1\n", "# a comment\nversion:   1\n", set()),
        ("values: [1, 2]", "values: [1, 2, 3]", set()),
        ("title: t, notify: [desk], match: {items", "title: u, notify: [desk], match: {items", {"r", "rules"}),
        ("tags: [one]", "tags: [one], tests: [{name: n, filing: {items: 7.01}, expect: match}]", set()),
        ("tags: [one]", "tags: [two]", {"r", "rules"}),
        ("p: [x, y]", "p: [x, z]", {"s", "rules"}),
        ("phrases:", "defaults: {severity: low}\nphrases:", {"r", "s", "rules"}),
    ],
)
def test_a_revision_changes_with_what_a_rule_says_and_not_with_its_layout(build, old, new, changed):
    before = revisions(build(REVISED))
    after = revisions(build(REVISED.replace(old, new)))

    assert {name for name in before if before[name] != after[name]} == changed


# The folder


def test_an_empty_folder_holds_no_rules(build):
    about = report()
    build().handle(about)

    assert about.alerts == ()


def test_without_a_folder_there_are_no_rules():
    about = report()
    MatchRules.build(Context()).handle(about)

    assert about.alerts == ()


def test_a_missing_folder_is_a_fault(tmp_path):
    with pytest.raises(ConfigError) as caught:
        MatchRules.build(Context(tmp_path / "none", ENDPOINTS))

    assert str(caught.value) == (f"{tmp_path}/none: rules.path: there is no such folder (make it, or set [rules] path)")


def test_other_files_in_the_folder_are_left_alone(build, folder):
    (folder / "README.md").write_text("not: [rules", encoding="utf-8")
    (folder / ".8k.yaml").write_text("not: [rules", encoding="utf-8")
    about = report()
    build(SMALLEST).handle(about)

    assert len(about.alerts) == 1


def test_the_rules_that_come_with_it_are_without_fault():
    handler = MatchRules.build(Context(template_folder() / "rules", frozenset({"log"})))
    about = report()
    handler.handle(about)

    assert {alert.rule for alert in about.alerts} == {"cfo-departure", "reg-fd"}


# What a person is told of a mistake


@pytest.mark.parametrize(
    ("match", "sentence"),
    [
        ('{itmes|has: "7.01"}', "itmes|has: there is no field 'itmes' (did you mean 'items'?)"),
        ("{text.item.5.02|phrase: x}", "there is no field 'text.item.5.02' (did you mean 'text.item.5_02'?)"),
        ("{text.item.5_09|phrase: x}", "there is no field 'text.item.5_09' (did you mean 'text.item.5_0"),
        ("{text.bdy|phrase: x}", "there is no field 'text.bdy' (did you mean 'text.body'?)"),
        ("{zzz: x}", "there is no field 'zzz' (known: form, items, exhibits"),
        ('{items|hsa: "7.01"}', "there is no modifier 'hsa' (did you mean 'has'?)"),
        ('{items|: "7.01"}', "there is no modifier ''"),
        ('{items: "7.01"}', "items needs a modifier (use one of: has, has_any, has_all, only, exists)"),
        ('{items|in: ["7.01"]}', "modifier 'in' does not go with items (use one of: has, has_any"),
        ("{cik|has: 1}", "modifier 'has' does not go with cik (use one of: no modifier, in, neq, exists)"),
        ("{cik|gt: 1}", "modifier 'gt' does not go with cik"),
        ("{text.body: x}", "text.body needs a modifier (use one of: phrase, contains"),
        ("{company|in|has: x}", "takes one modifier (beside 'cased'; found in, has)"),
        ("{cik|cased: 1}", "'cased' is for texts, and cik holds a cik (drop it)"),
        ("{text.ex99|re: (a+}", "not a pattern: missing ): (a+ (as RE2 has them, without back references"),
        ("{text.ex99|re: [fine, '(?=a)']}", "not a pattern: invalid perl operator: (?="),
        (f"{{text.ex99|re: {'a' * 513}}}", "not a pattern: a pattern is at most 512 characters long"),
        ("{text.ex99|re: a*}", "not a pattern: matches the empty text, and so every filing"),
        ("{text.ex99|re: []}", "is an empty list, which nothing matches"),
        ("{items|re: a}", "modifier 're' does not go with items (use one of: has, has_any"),
        ("{text.body|near: x}", "expected a map, found the text 'x'"),
        ("{text.body|near: {a: x, b: y}}", "near.within_words: is missing (such as within_words: 30)"),
        ("{text.body|near: {a: x, within_words: 3}}", 'near.b: is missing (words, or a phrase set: "&name")'),
        ("{text.body|near: {a: x, b: y, within: 3, within_words: 3}}", "near.within: unknown key (did you mean"),
        ("{text.body|near: {a: x, b: y, within_words: few}}", "'few': expected a whole number from 0 to 200"),
        ("{text.body|near: {a: x, b: y, within_words: 201}}", "'201': expected a whole number from 0 to 200"),
        ("{text.body|near: {a: '&leavng', b: y, within_words: 1}}", "near.a: there is no phrase set 'leavng' (did"),
        ("{text.body|near: {a: '@watch', b: y, within_words: 1}}", "near.a: @watch cannot be used here"),
        ("{text.body|near: {a: x, b: [], within_words: 1}}", "near.b: is an empty list, which nothing matches"),
        ("{cik|near: {a: x, b: y, within_words: 3}}", "modifier 'near' does not go with cik"),
        ("{amounts.max_usd|gte: much}", "'much': expected US dollars, such as 100000000 or $100 million"),
        ("{event.score|gt: 2}", "'2': expected a number from 0 to 1, such as 0.8"),
        ("{event.severity: hihg}", "'hihg': expected one of critical, high, low, medium"),
        ("{event.severity|neq: low}", "modifier 'neq' does not go with event.severity"),
        ("{a: [], condition: a}", "is an empty list, which nothing matches"),
        (
            '{items|has: "7.1"}',
            "'7.1': expected an item number such as 5.02, or of before 2004-08-23, such as 5 (did you",
        ),
        ('{items|has: "5.09"}', "'5.09': expected an item number"),
        ("{items|has: [7.01, 8.01]}", "'has' takes one value (has_any or has_all take several)"),
        ("{items|has: ''}", "is empty"),
        ("{items|has: }", "is empty"),
        ("{items|has_any: []}", "is an empty list, which nothing matches"),
        ("{items|has_any: [[7.01]]}", "expected one value, found a list"),
        ("{items|has_any: {a: 7.01}}", "expected one value, found a map"),
        ("{exhibits|has: EX-99.1}", "'EX-99.1': expected an exhibit number such as 99.1"),
        ("{cik: 12345678901}", "'12345678901': expected a CIK of 1 to 10 digits"),
        ("{cik: 32O193}", "'32O193': expected a CIK of 1 to 10 digits"),
        ("{sic: 12345}", "'12345': expected an SIC code of 3 or 4 digits"),
        ("{form: 10-K}", "'10-K': expected one of 8-K, 8-K/A, 8-K12B"),
        ("{state: Delaware}", "'Delaware': expected EDGAR's two characters, such as DE or X0"),
        ("{accepted|gt: 2026-05-20}", "expected a time with its zone, such as 2026-05-20T16:00:00-04:00"),
        ("{filed_on|gt: 20.5.2026}", "'20.5.2026': expected a date such as 2026-05-20"),
        ("{timing.session: night}", "'night': expected one of closed, evening, post, pre, regular"),
        ("{timing.business_days_after_event|gt: four}", "'four': expected a whole number"),
        ("{timing.is_late: yes}", "'yes': expected true or false"),
        ("{items|exists: maybe}", "'maybe' is not one of true, false"),
        ('{text.body|phrase: "\u00ad"}', "expected at least one visible character"),
        (f"{{text.body|phrase: {'x' * 501}}}", "expected at most 500 characters"),
        ('{cik|in: "@wacht"}', "there is no list 'wacht' (did you mean 'watch'?)"),
        ('{text.body|phrase: "&leavng"}', "there is no phrase set 'leavng' (did you mean 'leaving'?)"),
        ('{items|has: "@watch"}', "'has' takes one value, not the list @watch (has_any takes a list)"),
        ('{cik|in: "&leaving"}', "&leaving cannot be used here (&name is a phrase set"),
        ('{text.body|phrase: "@watch"}', "@watch cannot be used here"),
        ('{sic|in: "@watch"}', "list @watch is of type cik, and sic of type sic"),
        ("{}", "is empty, and would match every filing (ask something"),
        ("[{items|has: 7.01}]", "expected a map, found a list"),
        ("yes", "expected a map, found the text 'yes'"),
        ("{a: {items|has: '7.01'}, b: {cik: 1}}", "named selections need a condition (such as condition: a and b)"),
        ("{a: {items|has: '7.01'}, condition: a and c}", "there is no selection 'c' (known: a)"),
        (
            "{a: {items|has: '7.01'}, b: {cik: 1}, condition: a}",
            "selection 'b' is not used (use it in the condition, or drop it)",
        ),
        ("{a: {cik: 1}, condition: a and}", "expected the name of a selection at the end (write it like"),
        ("{a: {cik: 1}, condition: and a}", "expected the name of a selection, found 'and'"),
        ("{a: {cik: 1}, condition: (a}", "a '(' is not closed"),
        ("{a: {cik: 1}, condition: a)}", "expected 'and', 'or' or the end, found ')'"),
        ("{a: {cik: 1}, condition: a AND a}", "expected 'and', 'or' or the end, found 'AND'"),
        ("{a: {cik: 1}, condition: a & a}", "expected 'and', 'or' or the end, found '&'"),
        ("{a: {cik: 1}, condition: 1 of a}", "expected the name of a selection, found '1'"),
        (f"{{a: {{cik: 1}}, condition: {'(' * 60}a{')' * 60}}}", "nested more than 50 deep"),
        ("{a: {}, condition: a}", "is empty, and would match every filing"),
        ("{a: 5, condition: a}", "expected a map, found the text '5'"),
    ],
)
def test_a_mistake_in_a_match_is_told_with_its_remedy(told, match, sentence):
    extra = "lists: {watch: {values: [1], type: cik}}\nphrases: {leaving: [resigned]}\n"
    (fault,) = told(rule(match, extra=extra))

    assert sentence in fault
    assert fault.startswith("0.yaml:")
    assert ": rules.r.match" in fault


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: 2", "0.yaml:1:10: version: expected version 1 (begin the file with: version: 1)"),
        ("version: 1\n", "", "0.yaml:1:1: version: expected version 1 (begin the file with: version: 1)"),
        ("groups:", "grops:", "0.yaml:2:1: grops: unknown key (did you mean 'groups'?)"),
        ("name: g, ", "", "0.yaml:2:10: groups: a group needs a name and rules ({name: ..., rules: [...]})"),
        ("rules:", "rule:", "0.yaml:2:20: groups.rule: unknown key (did you mean 'rules'?)"),
        ("id: r", "id: a b", "0.yaml:2:33: rules.id: a rule needs an id, not 'a b' (letters, digits"),
        ("id: r, ", "", "0.yaml:2:28: rules.id: a rule needs an id (letters, digits, '.', '_' and '-', at most 100)"),
        ("id: r", "id: eightk.r", "0.yaml:2:33: rules.id: 'eightk.r' could be taken for an alarm of eightk's own ("),
        ("id: r", "id: EightK.r", "'EightK.r' could be taken for an alarm of eightk's own (it may not begin with"),
        ("title: t", "titel: t", "0.yaml:2:36: rules.r.titel: unknown key (did you mean 'title'?)"),
        ("title: t", 'title: ""', "0.yaml:2:43: rules.r.title: is empty"),
        ("title: t, ", "", "0.yaml:2:28: rules.r.title: is missing"),
        ('match: {items|has: "7.01"}, ', "", "0.yaml:2:28: rules.r.match: is missing"),
        ("[desk]", "[dsk]", "0.yaml:2:83: rules.r.notify: there is no endpoint 'dsk' (did you mean 'desk'?)"),
        ("[desk]", "[pager]", "there is no endpoint 'pager' (known: desk, log, ops)"),
        (
            ", notify: [desk]",
            "",
            "0.yaml:2:28: rules.r.notify: is missing, here and in defaults (name endpoints; notify: [] keeps",
        ),
        ("title: t", "title: t, severity: hihg", "rules.r.severity: 'hihg' is not one of low, medium, high, critical"),
        ("title: t", "title: t, status: new", "rules.r.status: 'new' is not one of stable, test, experimental"),
        ("title: t", "title: t, include_amendments: 1", "rules.r.include_amendments: '1' is not one of true, false"),
        ("title: t", "title: t, tags: [{a: b}]", "rules.r.tags: expected one value, found a map"),
        ("title: t", "title: t, annotations: hello", "rules.r.annotations: expected a map, found the text 'hello'"),
        ("title: t", "title: t, annotations: {1st: x}", "rules.r.annotations.1st: '1st': expected a name that begins"),
        ("title: t", "title: t, annotations: {a: [x]}", "rules.r.annotations.a: expected one value, found a list"),
        (
            "title: t",
            f"title: t, annotations: {{{', '.join(f'a{n}: x' for n in range(21))}}}",
            "rules.r.annotations: more than 20 of them",
        ),
        (
            "title: t",
            "title: t, annotations: {summary: '{compny}'}",
            "rules.r.annotations.summary: there is no field 'compny' (did you mean 'company'?)",
        ),
        ("title: t", "title: t, annotations: {summary: '{text.body}'}", "there is no field 'text.body'"),
        (
            "title: t",
            "title: t, annotations: {summary: 'a } b'}",
            "a '}' stands alone (placeholders look like {company})",
        ),
        (
            "title: t",
            "title: t, throttle: {max: 1}",
            "0.yaml:2:56: rules.r.throttle.window: is missing (such as window: 24h)",
        ),
        ("title: t", "title: t, throttle: 24h", "rules.r.throttle: expected a map, found the text '24h'"),
        ("title: t", "title: t, throttle: {windw: 1h}", "rules.r.throttle.windw: unknown key (did you mean 'window'?)"),
        (
            "title: t",
            "title: t, throttle: {window: 1 day}",
            "rules.r.throttle.window: '1 day': expected a time such as 90s, 15m, 24h or 7d, at most 366d",
        ),
        ("title: t", "title: t, throttle: {window: 0s}", "rules.r.throttle.window: '0s': expected a time such as"),
        ("title: t", "title: t, throttle: {window: 367d}", "rules.r.throttle.window: '367d': expected a time"),
        (
            "title: t",
            "title: t, throttle: {window: 1h, max: 0}",
            "rules.r.throttle.max: '0': expected a whole number from 1 to 10000",
        ),
        (
            "title: t",
            "title: t, throttle: {window: 1h, key: [cikk]}",
            "rules.r.throttle.key: there is no field 'cikk' (did you mean 'cik'?)",
        ),
        ("title: t", "title: t, throttle: {window: 1h, key: text.body}", "there is no field 'text.body'"),
        ("title: t", "title: t, group: {by: [cik]}", "rules.r.group.wait: is missing (such as wait: 15m)"),
        ("title: t", "title: t, group: {wait: 15m, max: 1}", "rules.r.group.max: '1': expected a whole number from 2"),
        ("title: t", "title: t, group: {wait: 15m, by: day}", "rules.r.group.by: there is no field 'day'"),
        (
            "title: t",
            "title: t, active: {days: [monday]}",
            "rules.r.active.days: 'monday' is not one of mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            "title: t",
            "title: t, active: {days: []}",
            "rules.r.active.days: is an empty list: nobody would ever be told",
        ),
        (
            "title: t",
            "title: t, active: {timezone: America/NewYork}",
            "rules.r.active.timezone: there is no time zone 'America/NewYork' (did you mean 'America/New_York'?)",
        ),
        (
            "title: t",
            "title: t, active: {timezone: ../x}",
            "there is no time zone '../x' (a name such as America/New_York)",
        ),
        (
            "title: t",
            "title: t, active: {from: 6am}",
            "rules.r.active.from: '6am': expected a time of day such as 06:00 or 22:30",
        ),
        ("title: t", 'title: t, active: {to: "24:01"}', "rules.r.active.to: '24:01': expected a time of day"),
        (
            "title: t",
            'title: t, active: {from: "06:00", to: "06:00"}',
            "rules.r.active: ends when it begins (leave from and to out for whole days)",
        ),
        ("title: t", "title: t, active: {outside: keep}", "rules.r.active.outside: 'keep' is not one of hold, drop"),
        ("title: t", "title: t, active: {zone: UTC}", "rules.r.active.zone: unknown key (did you mean"),
        ("title: t", "title: t, expires: 6", "rules.r.expires: '6': expected a time such as 90s, 15m, 24h or 7d"),
        ("title: t", "title: t, inhibits: [rr]", "rules.r.inhibits: there is no rule 'rr' (did you mean 'r'?)"),
        ("title: t", "title: t, inhibits: [r]", "rules.r.inhibits: a rule cannot inhibit itself (name only rules that"),
        ("title: t", "title: t, inhibits: [{same: [accession]}]", "rules.r.inhibits.rules: is missing (the ids of"),
        (
            "title: t",
            "title: t, inhibits: [{rules: [x], same: [cik]}]",
            "rules.r.inhibits.same: a rule inhibits others on the same filing only (write [accession], or",
        ),
        ("title: t", "title: t, inhibits: [{rule: x}]", "rules.r.inhibits.rule: unknown key (did you mean 'rules'?)"),
        (
            "title: t",
            "title: t, dedup_key: [rule, cik]",
            "rules.r.dedup_key: a rule raises one alert for each filing, always (leave it out, or write [rule,",
        ),
        ("groups:", "defaults: {dedup_key: [cik]}\ngroups:", "defaults.dedup_key: a rule raises one alert for each"),
        ("groups:", "defaults: {throttle: {window: x}}\ngroups:", "defaults.throttle.window: 'x': expected a time"),
        (
            "name: g",
            "name: g, defaults: {sevrity: low}",
            "groups.defaults.sevrity: unknown key (did you mean 'severity'",
        ),
        ("name: g", "name: g, severity: low", "groups.severity: unknown key (known: name, defaults, rules)"),
        ("groups:", "defaults: {sevrity: low}\ngroups:", "0.yaml:2:12: defaults.sevrity: unknown key (did you mean"),
        ("groups:", "defaults: {notify: [x]}\ngroups:", "0.yaml:2:21: defaults.notify: there is no endpoint 'x'"),
        ("groups:", "lists: {a: {values: []}}\ngroups:", "lists.a: is empty, and nothing would ever match it"),
        ("groups:", "lists: {a: {}}\ngroups:", "lists.a: needs either values or a file (values: [...], or file:"),
        ("groups:", "lists: {a: [1, 2]}\ngroups:", "lists.a: expected a map, found a list"),
        ("groups:", "lists: {a: {values: [1], type: cick}}\ngroups:", "lists.a.type: 'cick' is not one of form, item"),
        (
            "groups:",
            "lists: {a: {file: no.csv, column: c}}\ngroups:",
            "no.csv cannot be read: No such file or directory",
        ),
        ("groups:", "lists: {a: {file: no.csv}}\ngroups:", "lists.a.column: is missing (which column of the file"),
        ("groups:", "phrases: {a: []}\ngroups:", "phrases.a: is empty, and nothing would ever match it"),
        ("groups:", "phrases: [a]\ngroups:", "0.yaml:2:10: phrases: expected a map, found a list"),
        ("[{name", "{name", "0.yaml"),
    ],
)
def test_a_mistake_around_a_match_is_told_with_its_place_and_remedy(told, old, new, expected):
    faults = told(SMALLEST.replace(old, new, 1))

    assert any(expected in fault for fault in faults), faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "0.yaml: is empty (write rules into it, or take it away)"),
        ("# only this\n", "0.yaml: is empty (write rules into it, or take it away)"),
        ("- a\n", "0.yaml:1:1: expected a map, found a list"),
        ("version: 1\ngroups: [\n", "0.yaml:3:1: is not YAML here: "),
        ("version: 1\nlists: {a: @b}\n", 'put values that begin with @, %, ` or a tab in quotes, as in "@watch"'),
        ("version: 1\na: b: c\n", "0.yaml:2:5: is not YAML here: mapping values are not allowed"),
        ("a: &cyber\n", '0.yaml:1:4: &cyber without quotes is an anchor to YAML (write "&cyber" in quotes)'),
        ("version: 1\nversion: 1\n", "0.yaml:2:1: key 'version' stands here twice (the first is in line 1)"),
        ("a: &b c\n", '0.yaml:1:4: &b without quotes is an anchor to YAML (write "&b" in quotes)'),
        ("a: *b\n", "0.yaml:1:4: aliases (*b) are not read (write the value out, or put it in quotes)"),
        ("a: !!int 1\n", "0.yaml:1:4: tags (tag:yaml.org,2002:int) are not read"),
        ("? [a]\n: b\n", "0.yaml:1:3: a key must be text"),
        ("version: 1\n---\nversion: 1\n", "0.yaml:2:1: a second document begins here"),
        ("[" * 60 + "]" * 60, "nested more than 40 deep"),
        ("a: \x07\n", "is not YAML"),
    ],
)
def test_a_file_that_is_no_rule_file_is_told_as_such(told, text, expected):
    (fault,) = told(text)

    assert expected in fault


def test_a_file_that_is_not_utf_8_is_told_as_such(told, folder):
    (folder / "a.yaml").write_bytes(b"title: caf\xe9\n")

    assert told() == ["a.yaml: is not UTF-8 text (save it as UTF-8)"]


def test_a_file_with_the_other_ending_is_not_passed_over(told, folder):
    (folder / "a.yml").write_text(SMALLEST)

    assert told(SMALLEST.replace("id: r", "id: s")) == ["a.yml: is not read (name it *.yaml, as the others)"]


def test_a_wrong_value_in_a_list_file_is_told_with_its_line(told, folder):
    (folder / "watch.csv").write_text("cik\n1\nx2\n", encoding="utf-8")
    (fault,) = told(rule('{cik|in: "@watch"}', extra="lists: {watch: {file: watch.csv, column: cik}}"))

    assert fault.endswith("watch.csv:3: not of type cik: expected a CIK of 1 to 10 digits")


def test_a_column_that_a_list_file_does_not_have_is_told(told, folder):
    (folder / "watch.csv").write_text("cik,name\n1,a\n", encoding="utf-8")
    (fault,) = told(rule('{cik|in: "@watch"}', extra="lists: {watch: {file: watch.csv, column: CIK}}"))

    assert fault.endswith("lists.watch.column: watch.csv has no column 'CIK'")


@pytest.mark.parametrize("way", ["absolute", "up", "file link", "folder link", "circle", "no path"])
@pytest.mark.parametrize("column", ["cik", "no"])
def test_a_file_of_a_list_outside_the_folder_is_refused_and_nothing_of_it_told(told, folder, way, column):
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("cik,hush\nhushhush,1\n", encoding="utf-8")
    (folder / "here.csv").symlink_to(outside / "secret.csv")
    (folder / "lists").symlink_to(outside)
    (folder / "round.csv").symlink_to(folder / "round.csv")
    file = {
        "absolute": str(outside / "secret.csv"),
        "up": "../outside/secret.csv",
        "file link": "here.csv",
        "folder link": "lists/secret.csv",
        "circle": "round.csv",
        "no path": '"a\\0b"',
    }[way]
    (fault,) = told(rule('{cik|in: "@watch"}', extra=f"lists: {{watch: {{file: {file}, column: {column}}}}}"))

    assert re.search(r":2:\d+: lists\.watch\.file: .* does not lie in the folder of the rule files", fault)
    assert "hush" not in fault


def test_a_link_that_stays_in_the_folder_and_a_way_round_are_followed(matches, folder):
    (folder / "lists").mkdir()
    (folder / "lists" / "1.csv").write_text("cik\n1234567\n", encoding="utf-8")
    (folder / "watch.csv").symlink_to("lists/1.csv")

    for file in ("watch.csv", "lists/../lists/1.csv"):
        assert matches('{cik|in: "@watch"}', None, f"lists: {{watch: {{file: {file}, column: cik}}}}")


def test_rules_that_inhibit_each_other_are_told_even_across_files(told):
    one, two, three = (
        SMALLEST.replace("id: r", f"id: {mine}").replace("title: t", f"title: t, inhibits: [{other}]")
        for mine, other in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    (fault,) = told(one, two, three)

    assert re.search(
        r"\d.yaml:2:5\d: rules\.[abc]\.inhibits: these inhibit each other: (\w) > (\w) > (\w) > \1 \(", fault
    )
    assert any(circle in fault for circle in ("a > b > c > a", "b > c > a > b", "c > a > b > c"))


def test_a_list_that_is_not_there_is_told_wherever_a_rule_names_it(told):
    text = rule('{cik|in: "@wacht"}') + "  - {id: s, title: t, notify: [desk], match: {cik|in: '@wacht'}}\n"

    assert [fault.split(": ")[0] for fault in told(text)] == ["0.yaml:9:21", "0.yaml:10:55"]


def test_a_wrong_value_of_a_list_is_told_once(told):
    text = rule('{cik|in: "@w"}', extra="lists: {w: {values: [1, x]}}")
    (fault,) = told(text + "  - {id: s, title: t, notify: [desk], match: {cik|in: '@w'}}\n")

    assert fault.startswith("0.yaml:2:25: ")


def test_a_file_of_tests_among_the_rules_is_told_as_such(told):
    (fault,) = told("rule_files: [x.yaml]\ntests: []\n")

    assert (
        fault == "0.yaml: is a file of tests, not of rules (put it into a folder of its own, beside that of the rules)"
    )


def test_two_rules_of_one_id_are_told_even_across_files(told):
    (fault,) = told(SMALLEST, SMALLEST)

    assert fault.startswith("1.yaml:2:33: rules.r.id: two rules have this id (rename this one; the first is ")
    assert fault.endswith("0.yaml:2:33)")


def test_without_any_endpoint_a_rule_cannot_notify(told):
    (fault,) = told(SMALLEST, endpoints=frozenset())

    assert fault.endswith("rules.r.notify: there is no endpoint 'desk' (there are none)")


def test_all_faults_of_all_files_are_told_at_once_from_the_top_down(told):
    first = rule("{itmes|has: '7.01', cik: x}", more="    severity: hihg\n    trottle: {}\n")
    faults = told(first, SMALLEST.replace("id: r, title: t, ", "id: s, ").replace("desk", "dsk"))

    assert [fault.split(" ")[0] for fault in faults] == [
        "0.yaml:9:15:",
        "0.yaml:10:5:",
        "0.yaml:11:13:",
        "0.yaml:11:37:",
        "1.yaml:2:28:",
        "1.yaml:2:73:",
    ]


# Time


def test_a_text_of_ten_times_the_length_takes_about_ten_times_as_long(build):
    handler = build(rule(f'{{text.body|phrase: ["{"a b " * 100}c", "{"a" * 499}"]}}'))

    def seconds(length: int) -> float:
        text = "a b " * (length // 8) + "a" * (length // 2)
        about = report(documents=(Document(1, "8-K", "", "", 1, text),))
        begun = time.process_time()
        handler.handle(about)
        return time.process_time() - begun

    seconds(10_000)
    assert min(seconds(200_000) for _ in range(3)) < 40 * min(seconds(20_000) for _ in range(3))
