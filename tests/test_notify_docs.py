"""docs/notifiers.md: each setting is in it, and each example can be used as it stands."""

import inspect
import re
import tomllib
from pathlib import Path

import pytest

from handlers import notify
from watcher.config import load_settings
from watcher.errors import ConfigError
from watcher.registry import build_notifiers

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "notifiers.md").read_text(encoding="utf-8")
SECTIONS = {
    title.lower(): body for title, body in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
}
EXAMPLES = {
    kind: block for kind, body in SECTIONS.items() for block in re.findall(r"```toml\n(.*?)```", body, re.DOTALL)
}
# Apprise itself uses modules that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
KINDS = {class_.name: class_ for class_ in (getattr(notify, name) for name in notify.__all__)}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_listed(kind):
    assert re.search(rf"^\| \[?`{kind}`", TEXT, re.MULTILINE)


@pytest.mark.parametrize("kind", sorted(SECTIONS))
def test_every_setting_is_in_its_table(kind):
    rows = "".join(re.findall(r"^\| (`[^|]*) \|", SECTIONS[kind], re.MULTILINE))
    settings = list(inspect.signature(KINDS[kind]).parameters)

    assert sorted(re.findall(r"`(\w+)`", rows)) == sorted(settings)


def test_every_kind_of_the_page_has_its_own_example():
    assert sorted(EXAMPLES) == sorted(SECTIONS) == sorted(set(KINDS) - {"webhook", "log"})


@pytest.mark.parametrize("kind", sorted(SECTIONS))
def test_every_example_can_be_used(kind, tmp_path, monkeypatch):
    if kind in ("apprise", "nats"):
        pytest.importorskip(kind, reason=f"the package of {kind} is not installed", exc_type=ImportError)
    monkeypatch.setattr("shutil.which", lambda program: program)
    (tmp_path / "config").mkdir()
    (tmp_path / "secrets").mkdir()
    for name in re.findall(r'"secrets/(\w+)"', EXAMPLES[kind]):
        (tmp_path / "secrets" / name).write_text(
            "json://hooks.example.com/x" if name == "apprise" else "https://a.example/x"
        )
    (tmp_path / "config" / "eightk.toml").write_text(EXAMPLES[kind])
    settings = load_settings(tmp_path / "config" / "eightk.toml", environ={})

    name = next(iter(tomllib.loads(EXAMPLES[kind])["endpoint"]))
    assert build_notifiers(settings)[name].name == kind


SECRET = "T00000000/B00000000/abcdefghijklmnopqrstuvwx"  # of nobody


@pytest.mark.parametrize("kind", ["slack", "discord", "teams"])
def test_a_fault_of_a_secret_url_does_not_name_it(kind, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "url").write_text(f"http://hooks.slack.com/{SECRET}")
    (tmp_path / "config" / "eightk.toml").write_text(
        f'[endpoint.a]\nkind = "{kind}"\nurl = "ftp://hooks.slack.com/{SECRET}"\n'
        f'[endpoint.b]\nkind = "{kind}"\nurl_file = "url"\n'
    )
    with pytest.raises(ConfigError) as caught:
        build_notifiers(load_settings(tmp_path / "config" / "eightk.toml", environ={}))

    assert len(caught.value.faults) == 2
    assert SECRET not in str(caught.value)
