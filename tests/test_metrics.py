"""Metrics for Prometheus, and the rules and the dashboard that read them: nothing is named that is not there."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from _required import program
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from docs._make.metrics import STANDING, busy
from watcher.cli import cli
from watcher.meters import DeliveryOutcome, Meters
from watcher.monitoring.metrics import CONTENT_TYPE, Metrics, Standing

MONITORING = Path(__file__).resolve().parents[1] / "config" / "monitoring"
RULES = MONITORING / "eightk.rules.yml"
DASHBOARD = json.loads((MONITORING / "grafana.json").read_text(encoding="utf-8"))


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels in the order of their names."""
    families = text_string_to_metric_families(text.decode())
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


def known() -> set[str]:
    return {name for name, *_ in samples(busy().text(STANDING))} | {"up"}


def named_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:eightk|process)_[a-z_]+\b", expression)) - {"eightk_down"}


def rules() -> list[dict[str, str]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[tuple[str, str]]:
    return [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]


@pytest.mark.parametrize(
    ("sample", "value"),
    [
        (("eightk_filings_spotted_total", "getcurrent", "poller"), 1),
        (("eightk_filings_settled_total", "saved"), 1),
        (("eightk_listing_lag_seconds_sum",), 12),
        (("eightk_examine_seconds_count",), 1),
        (("eightk_save_seconds_sum",), 0.01),
        (("eightk_deliveries_total", "desk", "delivered"), 1),
        (("eightk_delivery_seconds_sum",), 0.05),
        (("eightk_edgar_requests_total", "www.sec.gov", "200"), 1),
        (("eightk_polls_total", "complete"), 1),
        (("eightk_polls_total", "failed"), 0),
        (("eightk_worker_restarts_total", "crash"), 1),
        (("eightk_retention_removed_total", "raw"), 2),
        (("eightk_retention_removed_bytes_total", "raw"), 1000),
        (("eightk_filings", "saved"), 3),
        (("eightk_deliveries_owed", "desk"), 2),
        (("eightk_endpoint_resting", "desk"), 1),
        (("eightk_alarms_open", "quiet"), 1),
        (("eightk_last_poll_timestamp_seconds",), 1_768_237_200.5),
        (("eightk_edgar_blocked",), 1),
        (("eightk_audit_missing",), 4),
        (("eightk_audits_missed",), 1),
        (("eightk_ready", "poll"), 0),
        (("eightk_archive_bytes",), 10),
        (("eightk_store_bytes",), 11),
        (("eightk_free_disk_bytes",), 12),
        (("eightk_jobs_running",), 1),
        (("eightk_job_failures",), 2),
        (("eightk_build_info", "1"), 1),
    ],
)
def test_what_happened_and_what_stands_is_told(sample: tuple[str, ...], value: float) -> None:
    assert samples(busy().text(STANDING))[sample] == value


def test_what_is_not_known_is_not_told_as_nought() -> None:
    told = {name for name, *_ in samples(Metrics().text(Standing()))}

    assert not {"eightk_last_poll_timestamp_seconds", "eightk_audit_missing", "eightk_archive_bytes"} & told


def test_a_request_without_an_answer_has_a_word_for_its_status() -> None:
    metrics = Metrics()
    metrics.asked("www.sec.gov", None)

    assert samples(metrics.text(Standing()))["eightk_edgar_requests_total", "www.sec.gov", "none"] == 1


def test_a_delivery_that_was_not_sent_took_no_time() -> None:
    metrics = Metrics()
    metrics.attempted("desk", DeliveryOutcome.EXPIRED, None)

    found = samples(metrics.text(Standing()))
    assert (found["eightk_deliveries_total", "desk", "expired"], found["eightk_delivery_seconds_count",]) == (1, 0)


def test_a_clock_that_runs_ahead_of_edgar_s_gives_no_negative_lag() -> None:
    metrics = Metrics()
    metrics.spotted("poller", "getcurrent", -3.0)

    assert samples(metrics.text(Standing()))["eightk_listing_lag_seconds_sum",] == 0


def test_two_daemons_in_one_process_count_apart() -> None:
    assert ("eightk_filings_settled_total", "saved") not in samples(Metrics().text(Standing()))


def test_everything_that_can_be_noted_is_counted() -> None:
    ours = {name for name in vars(Meters) if not name.startswith("_")}

    assert ours <= set(vars(Metrics))


def test_names_follow_the_conventions() -> None:
    families = list(text_string_to_metric_families(busy().text(STANDING).decode()))
    ours = [one for one in families if one.name.startswith("eightk_")]

    assert [one.name for one in ours if not one.documentation.endswith(".")] == []
    assert [one.name for one in ours if "seconds" not in one.name and one.type == "histogram"] == []
    assert "version=0.0.4" in CONTENT_TYPE


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_rule_names_only_metrics_that_exist(rule: dict[str, str]) -> None:
    assert named_in(rule["expr"]) - known() == set()


@pytest.mark.parametrize(("title", "expression"), panels())
def test_a_panel_names_only_metrics_that_exist(title: str, expression: str) -> None:
    assert named_in(expression)
    assert named_in(expression) - known() == set()


def test_every_metric_of_ours_is_documented() -> None:
    docs = (MONITORING.parents[1] / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    stems = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in known() if name.startswith("eightk_")}

    assert sorted(stem for stem in stems if f"`{stem}`" not in docs) == []


def test_no_two_panels_lie_over_each_other() -> None:
    def cells(panel: dict[str, dict[str, int]]) -> Iterator[tuple[int, int]]:
        at = panel["gridPos"]
        return ((at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"]))

    taken = [cell for panel in DASHBOARD["panels"] for cell in cells(panel)]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


def test_init_writes_the_files(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["init", str(tmp_path)])

    assert done.exit_code == 0
    written = {path.name: path.read_bytes() for path in (tmp_path / "config" / "monitoring").iterdir()}
    assert written == {path.name: path.read_bytes() for path in MONITORING.iterdir()}


@pytest.fixture
def promtool() -> str:
    return program("promtool", "prometheus")


@pytest.mark.parametrize("check", [("rules", RULES.name), ("config", "prometheus.yml")])
def test_prometheus_takes_the_files(promtool: str, check: tuple[str, str]) -> None:
    done = subprocess.run([promtool, "check", *check], cwd=MONITORING, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_finds_no_fault_with_the_metrics(promtool: str) -> None:
    done = subprocess.run([promtool, "check", "metrics"], input=busy().text(STANDING), capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_the_alert_rules_fire_when_they_should(promtool: str, tmp_path: Path) -> None:
    tests = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": 'eightk_ready{job="eightk",instance="a",check="poll"}', "values": "1 0x10"},
                    {"series": 'eightk_ready{job="eightk",instance="a",check="store"}', "values": "1x11"},
                ],
                "alert_rule_test": [
                    {"eval_time": "3m", "alertname": "EightkNotReady", "exp_alerts": []},
                    {
                        "eval_time": "9m",
                        "alertname": "EightkNotReady",
                        "exp_alerts": [
                            {
                                "exp_labels": {"severity": "critical", "instance": "a", "check": "poll"},
                                "exp_annotations": {
                                    "summary": "eightk is not ready: poll",
                                    "description": "The check poll of /readyz has failed for five minutes; "
                                    "/readyz says why.",
                                },
                            }
                        ],
                    },
                ],
            }
        ],
    }
    (tmp_path / "tests.yml").write_text(json.dumps(tests))
    command = [promtool, "test", "rules", str(tmp_path / "tests.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
