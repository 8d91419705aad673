"""The bench's own pieces; no peer is needed, since a reader that we make up stands for one."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bench.accuracy import failure_table, score, score_plot, score_table
from bench.cli import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, main
from bench.cold import cold_plots, cold_table, measure_cold
from bench.corpus import Answer, Chosen, choose, make_up, read_answers, split_out
from bench.environments import PEERS, ROOT, Environment, named, version_of
from bench.errors import BenchError, ReaderError
from bench.growth import Grown, Soaked, growth_of, measure_growth, soak
from bench.imports import measure_imports
from bench.latency import STEPS, Latency, Mark, latency_plots, latency_table, measure_latency
from bench.machine import machine
from bench.races import Race, run_race
from bench.readers import Reader
from bench.runners.ours import TASKS
from bench.runners.serving import Filing
from bench.shapes import SHAPES
from bench.tables import Spread, Table, ratios
from watcher import split_submission
from watcher.simulator.generator import Generator
from watcher.testing import submission

FAKE = """
import socket

def items(filing):
    print("what a reader prints disturbs nobody")
    return {"8.01": filing.raw.decode(), "9.01": filing.filed_on}

def outside(filing):
    socket.create_connection(("127.0.0.1", 9))

def broken(filing):
    raise RuntimeError("cannot read " + filing.raw.decode())

def dying(filing):
    import os, sys
    print("these are my last words", file=sys.stderr, flush=True)
    os._exit(1)

TASKS = {"items": items, "outside": outside, "broken": broken, "dying": dying}
DISTRIBUTIONS = ()
"""


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[Reader]:
    """A reader of no library at all, at work, with two filings in its memory."""
    (tmp_path / "fake_reader.py").write_text(FAKE)
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "b.txt").write_text("second")
    environment = Environment("fake", Path(sys.executable), {"PYTHONPATH": str(tmp_path)})
    with Reader(environment, "fake_reader", tmp_path / "fake.log") as reader:
        reader.start()
        filings = [{"path": str(tmp_path / name), "filed_on": "2024-01-05"} for name in ("a.txt", "b.txt")]
        reader.ask("load", filings=filings)
        yield reader


def test_the_chooser_takes_full_8ks_and_leaves_all_else(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.txt").write_bytes(submission())
    (tmp_path / "a.txt").write_bytes(submission(form="8-K/A"))
    (tmp_path / "other.txt").write_bytes(submission().replace(b"8-K", b"10-Q"))
    (tmp_path / "page.txt").write_text("<html>Request Rate Threshold Exceeded</html>")
    (tmp_path / "c.html").write_bytes(submission())

    assert [filing.path.name for filing in choose(tmp_path)] == ["a.txt", "b.txt"]


def test_the_chooser_spreads_a_limit_over_the_folder(tmp_path: Path) -> None:
    make_up(tmp_path, 9)
    everything = choose(tmp_path)

    assert choose(tmp_path, limit=3) == [everything[0], everything[3], everything[6]]


def test_a_folder_without_filings_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="found none"):
        choose(tmp_path)


def test_the_answers_to_made_up_filings_are_what_the_reader_finds(tmp_path: Path) -> None:
    answers = read_answers(make_up(tmp_path, 20))
    found = {
        filing.path.name: frozenset(TASKS["items"](Filing(str(filing.path), filing.path.read_bytes())))
        for filing in choose(tmp_path)
    }

    assert found == {name: answer.items for name, answer in answers.items()}


@pytest.mark.parametrize(
    "text", ["path,filed_date\na.txt,2024-01-05\n", "path,body_items,authority,filed_date\na,1,b,c\n"]
)
def test_answers_that_cannot_be_read_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "answers.csv").write_text(text)

    with pytest.raises(BenchError, match="expected answers with path, accession"):
        read_answers(tmp_path / "answers.csv")


def test_only_documents_with_text_are_split_out(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(submission())
    (tmp_path / "bodies").mkdir()
    documents = split_submission(submission()).documents

    ((*bodies,),) = split_out(choose(tmp_path), tmp_path / "bodies")
    assert bodies[0].read_bytes() == documents[0].body()
    assert 0 < len(bodies) < len(documents)


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([2.0, 30.0, 4.0], [1.0, 10.0, 1.0]) == Spread(3.0, 2.0, 4.0)


def test_a_table_sets_names_to_the_left_and_figures_to_the_right() -> None:
    table = Table("title", ("name", "ms"), (("a", "1.00"), ("longer", "12.3")), ("a note",))

    assert str(table).splitlines() == [
        "title",
        "  name      ms",
        "  ------  ----",
        "  a       1.00",
        "  longer  12.3",
        "  a note",
    ]


def test_a_reader_tells_what_it_found(fake: Reader) -> None:
    found = fake.ask("find", task="items")["found"]

    assert [one["items"] for one in found] == [["8.01", "9.01"], ["8.01", "9.01"]]
    assert [one["characters"] for one in found] == [len("first2024-01-05"), len("second2024-01-05")]


def test_a_reader_is_kept_from_the_network_and_its_tries_are_counted(fake: Reader) -> None:
    told = fake.ask("measure", task="outside", at_least=0.0)
    found = fake.ask("find", task="outside")["found"]

    assert (told["passes"], told["failed"], told["refused"]) == (1, 2, 2)
    assert "lets no reader reach the network" in found[0]["error"]


def test_the_network_is_shut_in_the_readers_process_only(fake: Reader) -> None:
    assert fake.name == "fake"
    assert socket.socket.connect.__qualname__ != "_refuse"


def test_a_filing_that_a_reader_cannot_do_is_counted_with_its_error(fake: Reader) -> None:
    assert fake.ask("measure", task="broken", at_least=0.0)["failed"] == 2
    assert fake.ask("find", task="broken")["found"][1]["error"] == "RuntimeError: cannot read second"


def test_a_reader_that_ends_tells_its_last_words(fake: Reader) -> None:
    with pytest.raises(ReaderError, match=r"fake: has ended: .*these are my last words"):
        fake.ask("measure", task="dying", at_least=0.0)


def test_a_reader_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    environment = Environment("fake", Path(sys.executable))

    with Reader(environment, "no_such_reader", tmp_path / "log") as reader, pytest.raises(ReaderError) as told:
        reader.start()
    assert "No module named 'no_such_reader'" in str(told.value)


def test_a_race_compares_each_round_with_the_yardsticks(fake: Reader) -> None:
    race = Race("items", "title", ("fake", "items"), (("fake", "broken"), ("absent", "items")))

    outcome, troubles = run_race(race, {"fake": fake}, 2, repeat=2, tell=lambda _: None)
    assert outcome is not None
    assert [(run.task, len(run.rounds), run.failed) for run in outcome.runs] == [("items", 2, 0), ("broken", 2, 2)]
    assert set(outcome.ratios) == {("fake", "broken")}
    assert troubles == []
    assert "fake, broken" in str(outcome.table())


def test_a_reader_that_ends_leaves_the_race_to_the_others_and_has_a_row(fake: Reader, tmp_path: Path) -> None:
    race = Race("items", "title", ("fake", "items"), (("other", "dying"),))
    environment = Environment("other", Path(sys.executable), {"PYTHONPATH": str(tmp_path)})

    with Reader(environment, "fake_reader", tmp_path / "other.log") as other:
        other.start().ask("load", filings=[{"path": str(tmp_path / "a.txt")}])
        outcome, troubles = run_race(race, {"fake": fake, "other": other}, 2, repeat=1, tell=lambda _: None)
    assert "other: has ended" in troubles[0]
    assert outcome is not None
    assert [row[:2] for row in outcome.table().rows][1:] == [("other, dying", "left out")]
    assert outcome.plot().bars[1].said == f"left out: {troubles[0]}"


def test_a_race_without_its_yardstick_is_none(fake: Reader) -> None:
    race = Race("items", "title", ("absent", "items"), (("fake", "items"),))

    assert run_race(race, {"fake": fake}, 2, repeat=1, tell=lambda _: None) == (None, [])


def test_a_reader_that_is_not_there_has_a_row_with_the_reason(fake: Reader) -> None:
    race = Race("items", "title", ("fake", "items"), (("absent", "items"), ("not asked for", "items")))

    outcome, _ = run_race(race, {"fake": fake}, 2, 1, lambda _: None, {"absent": "no registry has it"})
    assert outcome is not None
    assert [row[:2] for row in outcome.table().rows][1:] == [("absent, items", "left out")]
    assert "absent, items: left out: no registry has it" in outcome.table().notes


def test_each_round_another_reader_goes_first(fake: Reader) -> None:
    asked: list[str] = []
    race = Race("items", "title", ("fake", "items"), (("fake", "broken"),))
    ask = fake.ask

    def noting(do: str, **options: object) -> dict[str, object]:
        asked.append(str(options["task"]))
        return ask(do, **options)  # type: ignore[arg-type]

    fake.ask = noting  # type: ignore[method-assign]
    run_race(race, {"fake": fake}, 2, repeat=1, tell=lambda _: None)
    assert asked == ["items", "broken", "broken", "items"]


def test_a_cold_reader_is_measured_in_a_process_of_its_own(fake: Reader, tmp_path: Path) -> None:
    filings = [Chosen(tmp_path / name, date(2024, 1, 5)) for name in ("a.txt", "b.txt")]
    there = Environment("fake", Path(sys.executable), {"PYTHONPATH": str(tmp_path)})
    nowhere = Environment("nowhere", Path(sys.executable))

    wanted = [(there, "fake_reader"), (nowhere, "no_such_reader")]
    measured, lost = measure_cold(wanted, filings, tmp_path, 2, lambda _: None)
    assert [(one.reader, len(one.first), one.failed) for one in measured] == [("fake", 2, 0)]
    assert min(measured[0].first + measured[0].megabytes) > 0
    assert "No module named 'no_such_reader'" in lost["nowhere"]
    assert [row[0] for row in cold_table(measured, lost).rows] == ["fake", "nowhere"]
    assert [bar.figure is None for plot in cold_plots(measured, lost) for bar in plot.bars] == [False, True] * 2


def test_a_score_counts_sets_that_are_exactly_right() -> None:
    days = (date(2003, 5, 1), date(2012, 5, 1), date(2024, 5, 1))
    filings = [Chosen(Path(f"{day}.txt"), day) for day in days]
    answers = [Answer(frozenset(("5", "7")), days[0], "header"), Answer(frozenset(("8.01",)), days[1], "consensus")]
    answers.append(Answer(frozenset(("2.02",)), days[2], "edgar-crawler"))
    told = [{"characters": 10, "error": "", "refused": 0} | {"items": items} for items in (["7", "5"], [], ["2.02"])]

    result = score("us", "items", filings, answers, told)
    assert (result.share("all"), result.share("2004-2018"), result.share("2019-")) == ("66.7%", "0.0%", "100.0%")
    assert (result.share("trusted, before 2004-08-23"), result.share("trusted, after")) == ("100.0%", "0.0%")
    assert (result.items_right, result.items_wrong, result.items_missed) == (3, 0, 1)
    assert (result.precision, result.recall) == (1.0, 0.75)
    assert result.wrong == [{"path": "2012-05-01.txt", "expected": ["8.01"], "found": [], "error": ""}]


def test_a_filing_on_which_an_error_is_raised_is_not_right_and_counted_as_failed() -> None:
    filings = [Chosen(Path(f"{name}.txt"), date(2024, 5, 1)) for name in "abc"]
    answers = [Answer(frozenset(("8.01",)), date(2024, 5, 1), "consensus")] * 3
    told = [{"items": items, "characters": 0, "refused": 0} for items in (["8.01"], [], ["7.01"])]
    for one, error in zip(told, ("", "ValueError: no", ""), strict=True):
        one["error"] = error

    result = score("us 1.0", "items", filings, answers, told)
    row = dict(zip((table := score_table([result])).head, table.rows[0], strict=True))
    assert (row["all (3)"], row["wrong"], row["failed"]) == ("33.3%", "1", "1")
    assert failure_table([result]).rows == (("us 1.0, items", "1", "ValueError: no", "b.txt"),)
    assert score_plot([result], {"gone": "why"}).bars[0].said == "1 of 3, 1 failed"
    assert score_plot([result], {"gone": "why"}).bars[1].said == "left out: why"


def test_growth_is_one_where_time_is_linear_and_many_where_it_is_squared() -> None:
    sizes = (1.0, 2.0, 4.0, 8.0)
    linear = Grown("x", sizes, sizes, sizes, "read")
    squared = Grown("x", sizes, tuple(size**2 for size in sizes), sizes, "read")

    assert (linear.growth, squared.growth) == (1.0, 8.0)


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_a_submission_of_about_the_size_asked_for(name: str) -> None:
    raw = SHAPES[name](50_000)

    assert split_submission(raw).form == "8-K"
    assert 45_000 < len(raw) < 60_000


def test_growth_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    grown = measure_growth(tmp_path, lambda _: None, factors=(1,), shapes={"HTML": SHAPES["HTML"]})

    assert [(one.shape, one.outcome) for one in grown] == [("HTML", "read")]
    assert min(grown[0].cpu_seconds + grown[0].memory) > 0


def test_memory_is_told_after_a_tenth_and_after_all() -> None:
    soaked = soak((submission(seed=seed) for seed in range(100)), 20)

    assert [one.filings for one in soaked] == [2, 4, 10, 20]
    assert min(one.megabytes for one in soaked) > 1


def test_memory_that_grows_is_told_for_each_filing() -> None:
    assert growth_of([Soaked(1_000, 30.0), Soaked(5_000, 31.0), Soaked(10_000, 39.0)]) == 1_000
    assert growth_of([Soaked(1_000, 30.0), Soaked(10_000, 29.0)]) == 0


def test_a_filing_is_followed_from_the_list_to_its_webhook(tmp_path: Path) -> None:
    raws = (one.raw for one in Generator(3).filings())

    single, burst = measure_latency(raws, tmp_path, lambda words: None, single=1, bursts=1, burst=2)

    assert [len(one.marks) for one in (single, burst)] == [1, 2]
    for mark in (*single.marks, *burst.marks):
        moments = [getattr(mark, step) for step in STEPS]
        assert moments == sorted(moments)


def test_a_percentile_of_latency_is_what_99_of_100_do_not_exceed() -> None:
    marks = tuple(Mark(0.0, 0.0, 0.0, 0.0, 0.0, seconds / 1000) for seconds in range(1, 201))

    rows = latency_table([Latency("all", marks)]).rows

    assert rows[0][-2:] == ("100", "198")


def test_a_picture_of_latency_ends_at_the_99th_percentile() -> None:
    marks = tuple(Mark(0.0, 0.0, 0.0, 0.0, 0.0, seconds / 1000) for seconds in range(1, 201))

    (plot,) = latency_plots([Latency("all", marks)])

    whole = plot.bars[0]
    assert (whole.said, whole.most, len(whole.points)) == ("100 ms, p99 198 ms", 198.0, 198)
    assert len(plot.bars) == len(STEPS)


def test_a_daemon_that_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.latency.ours", lambda: Environment("none", Path("/bin/false")))

    with pytest.raises(BenchError, match="did not begin to look at the list"):
        measure_latency(iter(()), tmp_path, lambda words: None, single=1, bursts=0)


def test_an_import_is_measured_in_fresh_processes() -> None:
    here = Environment("here", Path(sys.executable))

    imported, troubles = measure_imports([(here, "import json"), (here, "import nowhere_at_all")], 1, lambda _: None)
    assert [one.statement for one in imported] == ["import json"]
    assert imported[0].megabytes.median > 1
    assert "No module named 'nowhere_at_all'" in troubles[0]


def test_a_peer_that_there_is_not_is_told() -> None:
    with pytest.raises(BenchError, match="unknown peer: nobody; there are edgartools"):
        named("edgartools, nobody")


def test_a_checkout_without_its_history_is_named_by_its_readers_hash(tmp_path: Path) -> None:
    (tmp_path / "extract_items.py").write_text("")

    assert version_of(tmp_path) == "extract_items.py with SHA-256 e3b0c44298fc"
    (tmp_path / ".git").mkdir()  # of which git can tell nothing
    assert version_of(tmp_path) == "extract_items.py with SHA-256 e3b0c44298fc"


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_checkout_is_named_by_its_commit_and_one_that_was_changed_has_a_mark(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.com", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    (tmp_path / "extract_items.py").write_text("")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--no-gpg-sign", "--message", "first")
    commit = f"commit {git('rev-parse', '--short=12', 'HEAD')}"
    (tmp_path / "logs").mkdir()  # as it makes for itself
    assert version_of(tmp_path) == commit
    (tmp_path / "extract_items.py").write_text("changed")
    assert version_of(tmp_path) == f"{commit}-dirty"


@pytest.mark.parametrize("name", [*PEERS, "build"])
def test_every_peer_has_its_versions_pinned_with_hashes_and_no_host_named(name: str) -> None:
    text = (ROOT / "bench" / "peers" / f"{name}.txt").read_text()

    pinned = r"[A-Za-z0-9_.-]+==[0-9a-z.]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({pinned})+", text)


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_is_in_the_docs(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "benchmarks.md").read_text()


def test_the_command_measures_made_up_filings_without_any_peer(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    figures = tmp_path / "figures.json"

    page = tmp_path / "page" / "index.html"

    code = main(["--peers", "", "--only", "accuracy", "--limit", "5", "--json", str(figures), "--page", str(page)])
    assert code == EXIT_DONE
    assert "eightk" in capsys.readouterr().out
    assert '"accuracy"' in figures.read_text()
    assert "<svg" in page.read_text()


def test_the_command_says_who_is_left_out_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    page = str(tmp_path / "index.html")
    wanted = ["--only", "import", "--repeat", "1", "--page", page]
    code = main(["--peers", "", "--edgar-crawler", str(tmp_path), *wanted])

    output = capsys.readouterr()
    assert code == EXIT_FAILED
    assert "left out: edgar-crawler: expected a checkout" in output.err
    assert "import watcher, handlers" in output.out
    assert "left out: expected a checkout" in Path(page).read_text()


def test_the_page_is_made_again_from_the_json_of_a_run(tmp_path: Path) -> None:
    first, again, figures = (tmp_path / name for name in ("first.html", "again.html", "figures.json"))
    main(["--peers", "", "--only", "accuracy", "--limit", "5", "--page", str(first)])

    code = main(["--from", str(tmp_path / "first.json"), "--page", str(again), "--figures", str(figures)])
    assert code == EXIT_DONE
    assert again.read_text() == first.read_text()
    assert '"exact": 5' in figures.read_text()
    assert not (tmp_path / "again.json").exists()


@pytest.mark.parametrize("text", ["[1]", "{}", "no JSON"])
def test_a_json_that_is_of_no_run_is_told(tmp_path: Path, text: str, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "other.json").write_text(text)

    assert main(["--from", str(tmp_path / "other.json"), "--page", str(tmp_path / "x.html")]) == EXIT_USAGE
    assert "expected the JSON of a run" in capsys.readouterr().err


def test_the_command_refuses_a_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([str(tmp_path / "nowhere"), "--peers", ""]) == EXIT_USAGE
    assert "expected a folder" in capsys.readouterr().err


def test_the_machine_is_told_with_its_cores() -> None:
    assert machine().cores == os.cpu_count()
