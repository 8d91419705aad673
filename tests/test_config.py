"""The settings: what a file says is what counts, paths start where they seem to, and every fault is told at once.

In ``bad_config/`` lies one file for each mistake; the comment at its head is what a person is told of it.
"""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from watcher.config import examine_settings, load_settings, template_folder
from watcher.errors import ConfigError
from watcher.ready import examine
from watcher.signing import new_secret

BAD = sorted((Path(__file__).parent / "bad_config").glob("*.toml"))


def write(folder: Path, text: str = "", name: str = "config/eightk.toml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def faults_of(file: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_settings(file, environ or {})
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize("file", BAD, ids=[file.stem for file in BAD])
def test_a_bad_file_is_told_with_all_its_faults(file: Path):
    lines = file.read_text(encoding="utf-8").splitlines()
    head = lines[: next(n for n, line in enumerate(lines) if not line.startswith("# "))]

    assert sorted(faults_of(file)) == sorted(f"{file}: {line[2:]}" for line in head)


def test_a_file_that_is_not_there_is_told_with_the_remedy(tmp_path: Path):
    file = tmp_path / "eightk.toml"

    assert faults_of(file) == [f"{file}: cannot be read: No such file or directory (write one with: eightk init)"]


def test_a_file_that_is_a_folder_is_told(tmp_path: Path):
    assert faults_of(tmp_path) == [f"{tmp_path}: cannot be read: Is a directory"]


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    file = tmp_path / "eightk.toml"
    file.write_bytes(b"\xff\xfe\x00")

    assert faults_of(file) == [f"{file}: is not UTF-8 text (save it as UTF-8)"]


def test_brackets_without_end_are_told_and_not_counted(tmp_path: Path):
    file = write(tmp_path, f"a = {'[' * 3000}{']' * 3000}")

    assert faults_of(file) == [f"{file}: nests deeper than 50 levels"]


@pytest.mark.parametrize("part", ["a", '"a"', "'a'", '"\\""', "a\t"])
def test_a_key_of_parts_without_end_is_told_and_not_read(tmp_path: Path, part: str):
    """To read it takes time by the square of its parts."""
    file = write(tmp_path, f"{part}." * 150_000 + "a = 1")

    assert faults_of(file) == [f"{file}: nests deeper than 50 levels"]


def test_an_endpoint_with_a_fault_beside_a_faulty_allow_list_is_told_whole(tmp_path: Path):
    found = faults_of(write(tmp_path, "[endpoint.desk]\nkind = 5\nallow = [5]\n"))

    assert [one.split(": ")[1] for one in found] == ["endpoint.desk.kind", "endpoint.desk.allow.0"]


def test_a_url_whose_host_nobody_can_allow_is_told_and_not_looked_at_for_ever(tmp_path: Path):
    text = '[endpoint.desk]\nkind = "webhook"\nurl = "http://063.0.0.1:9000/a"\nallow = ["351.0.0.1:9000"]\n'

    assert any("endpoint.desk.allow" in one for one in faults_of(write(tmp_path, text)))


def test_of_very_many_unknown_keys_the_first_have_a_suggestion(tmp_path: Path):
    found = faults_of(write(tmp_path, "".join(f"data_di{n} = 1\n" for n in range(200))))

    assert len(found) == 200
    assert sum("did you mean 'data_dir'?" in one for one in found) == 100


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path):
    file = write(tmp_path)
    file.write_bytes(b"\xef\xbb\xbf[edgar]\npoll_seconds = 7\n")

    assert load_settings(file, {}).edgar.poll_seconds == 7


def test_an_empty_file_gives_every_default(tmp_path: Path):
    settings = load_settings(write(tmp_path), {})

    assert settings.edgar.requests_per_second == 5
    assert settings.web.listen == "127.0.0.1:8000"
    assert {name: one.kind for name, one in settings.endpoint.items()} == {"log": "log"}


def test_every_setting_stands_in_the_template_at_its_default(tmp_path: Path):
    """Each line that is commented out there is put to use, and nothing changes."""
    text = (template_folder() / "eightk.toml").read_text(encoding="utf-8").partition("# Endpoints:")[0]
    used = re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", text.replace("# minimum_billion", "# #"))
    spoken = load_settings(write(tmp_path, used), {})
    silent = load_settings(write(tmp_path), {})

    assert spoken == silent
    assert {name: set(table) for name, table in tomllib.loads(used).items() if isinstance(table, dict)} == {
        name: set(type(table).model_fields) for name, table in silent if isinstance(table, BaseModel)
    }


def test_the_template_itself_can_be_used():
    assert examine_settings(template_folder() / "eightk.toml", {})[1] == ()


@pytest.mark.parametrize(
    ("name", "base"),
    [("config/eightk.toml", "."), ("eightk.toml", "."), ("other/eightk.toml", "other")],
    ids=["in config", "alone", "in another folder"],
)
def test_relative_paths_start_at_the_folder_that_the_file_belongs_to(tmp_path: Path, name: str, base: str):
    settings = load_settings(write(tmp_path, "", name), {})

    assert settings.data_dir == tmp_path / base / "data"
    assert settings.folder.path == tmp_path / base / "inbox"
    assert settings.rules.path == tmp_path / base / "config" / "rules"
    assert settings.store_path == tmp_path / base / "data" / "eightk.db"


def test_a_linked_file_belongs_where_its_link_lies(tmp_path: Path):
    """Mounted settings are often links into a folder that is exchanged as a whole."""
    target = write(tmp_path, "", "mounted/..2026_01_12/eightk.toml")
    link = tmp_path / "app" / "config" / "eightk.toml"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)

    assert load_settings(link, {}).data_dir == tmp_path / "app" / "data"


def test_a_file_named_from_inside_its_folder_belongs_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path)
    monkeypatch.chdir(tmp_path / "config")

    assert load_settings(Path("eightk.toml"), {}).data_dir == tmp_path / "data"


def test_without_a_file_paths_start_at_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    assert load_settings(None, {}).folder.path == tmp_path / "inbox"


def test_an_absolute_path_stays(tmp_path: Path):
    settings = load_settings(write(tmp_path, f'data_dir = "{tmp_path}/elsewhere"'), {})

    assert settings.data_dir == tmp_path / "elsewhere"


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = load_settings(write(tmp_path, 'data_dir = "~/data"'), {})

    assert settings.data_dir == tmp_path / "home" / "data"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///other/e.db", "{base}/other/e.db"),
        ("sqlite:////var/e.db", "/var/e.db"),
        ("", "{base}/data/eightk.db"),
    ],
)
def test_the_store_lies_where_its_url_says(tmp_path: Path, url: str, path: str):
    settings = load_settings(write(tmp_path, f'[store]\nurl = "{url}"'), {})

    assert str(settings.store_path) == path.format(base=tmp_path)


def test_a_servers_database_can_be_the_store(tmp_path: Path):
    url = "postgresql://me:hush%40@db.example.com:5433/eightk?sslmode=require"
    settings = load_settings(write(tmp_path, f'[store]\nurl = "{url}"\narchive = "shared/raw"'), {})

    assert (settings.store_url, settings.is_store_shared, settings.has_store) == (url, True, True)
    assert settings.store_name == "postgresql://me:***@db.example.com:5433/eightk?sslmode=require"
    assert settings.archive == tmp_path / "shared" / "raw"
    assert settings.store_path.parent == tmp_path / "data"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://me:hush@host", "names no database"),
        ("postgresql://me:hush@host/", "names no database"),
        ("postgresql://me:hush@host:port/eightk", "cannot be read"),
        ("mysql://me:hush@host/eightk", "give a URL such as sqlite:///data/eightk.db or postgresql://user@host/name"),
    ],
)
def test_a_url_that_is_no_store_is_refused_and_its_password_not_told(tmp_path: Path, url: str, problem: str):
    (fault,) = faults_of(write(tmp_path, f'[store]\nurl = "{url}"'), {})

    assert problem in fault
    assert "hush" not in fault


def test_the_store_moves_with_the_data_folder(tmp_path: Path):
    settings = load_settings(write(tmp_path, 'data_dir = "elsewhere"'), {})

    assert settings.store_url == f"sqlite:///{tmp_path}/elsewhere/eightk.db"


def test_the_environment_gives_the_contact(tmp_path: Path):
    file = write(tmp_path, '[edgar]\ncontact = "File file@example.com"')

    assert load_settings(file, {"EIGHTK_CONTACT": "Me me@example.com"}).edgar.contact == "Me me@example.com"


def test_an_empty_contact_in_the_environment_counts_as_none(tmp_path: Path):
    file = write(tmp_path, '[edgar]\ncontact = "File file@example.com"')

    assert load_settings(file, {"EIGHTK_CONTACT": ""}).edgar.contact == "File file@example.com"


def test_a_bad_contact_in_the_environment_is_told_as_that(tmp_path: Path):
    (fault,) = faults_of(write(tmp_path), {"EIGHTK_CONTACT": "My Firm"})

    assert fault.startswith("the environment: EIGHTK_CONTACT: has no e-mail address in it")


def test_no_contact_is_no_fault(tmp_path: Path):
    assert load_settings(write(tmp_path), {}).edgar.contact == ""


def test_what_can_be_used_of_a_bad_file_is_used(tmp_path: Path):
    file = write(
        tmp_path, 'folder = 3\n[edgar]\npoll_seconds = -1\nrequests_per_second = 2\n[endpoint.desk]\nkind = "log"'
    )
    settings, faults = examine_settings(file, {})

    assert [fault.key for fault in faults] == ["edgar.poll_seconds", "folder"]
    assert (settings.edgar.requests_per_second, settings.edgar.poll_seconds) == (2, 30)
    assert settings.folder.path == tmp_path / "inbox"
    assert list(settings.endpoint) == ["desk", "log"]


def test_of_an_endpoint_with_a_faulty_allow_list_the_url_is_not_called_forbidden(tmp_path: Path):
    """Without its list its URL would be called forbidden, too, which may not be so."""
    file = write(
        tmp_path, '[endpoint.desk]\nkind = "webhook"\nurl = "http://127.0.0.1:9000"\nallow = ["127.0.0.1:9x"]\n'
    )

    with pytest.raises(ConfigError) as raised:
        examine(file)

    assert [fault.key for fault in raised.value.faults] == ["endpoint.desk.allow", "endpoint.desk.secret_file"]


@pytest.mark.parametrize("text", ['[store]\nurl = "sqlite:///config"', 'data_dir = "."'], ids=["by url", "by default"])
def test_a_store_that_is_a_folder_is_told(tmp_path: Path, text: str):
    (tmp_path / "eightk.db").mkdir()
    file = write(tmp_path, text)

    with pytest.raises(ConfigError, match=r"store\.url: .* is a folder, not a file") as raised:
        examine(file)

    assert len(raised.value.faults) == 1


def test_a_folder_whose_name_is_too_long_is_told(tmp_path: Path):
    file = write(tmp_path, f'data_dir = "{"a" * 300}"')

    with pytest.raises(ConfigError, match=r"data_dir: .* cannot be written"):
        examine(file)


def test_what_else_an_endpoint_says_is_kept_for_its_notifier(tmp_path: Path):
    text = '[endpoint.desk]\nkind = "webhook"\nurl = "https://example.com"\nallow = ["127.0.0.1:9000"]'
    endpoint = load_settings(write(tmp_path, text), {}).endpoint["desk"]

    assert (endpoint.kind, endpoint.allow) == ("webhook", ("127.0.0.1:9000",))
    assert endpoint.notifier_settings == {"url": "https://example.com"}


def test_settings_cannot_be_changed_by_accident(tmp_path: Path):
    settings = load_settings(write(tmp_path), {})

    with pytest.raises(ValueError, match="frozen"):
        settings.edgar.poll_seconds = 1


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:8000", "localhost:80"])
def test_the_page_may_be_at_any_loopback_address(tmp_path: Path, listen: str):
    assert load_settings(write(tmp_path, f'[web]\nlisten = "{listen}"'), {}).web.listen == listen


def test_another_base_url_may_stand_for_the_sec(tmp_path: Path):
    settings = load_settings(write(tmp_path, '[edgar]\nbase_url = "http://127.0.0.1:8080/"'), {})

    assert settings.edgar.base_url == "http://127.0.0.1:8080"


def test_the_log_is_an_endpoint_whatever_the_file_says(tmp_path: Path):
    file = write(tmp_path, '[endpoint.desk]\nkind = "log"\nlevel = "error"\n')

    assert set(load_settings(file, {}).endpoint) == {"desk", "log"}
    assert set(examine(file).notifiers) == {"desk", "log"}


def test_the_logs_own_settings_stay_as_the_file_has_them(tmp_path: Path):
    file = write(tmp_path, '[endpoint.log]\nkind = "log"\nlevel = "error"\n')

    assert load_settings(file, {}).endpoint["log"].notifier_settings == {"level": "error"}


def test_a_log_that_is_left_out_is_no_endpoint(tmp_path: Path):
    file = write(tmp_path, '[handlers]\ndisabled = ["log"]\n')

    assert load_settings(file, {}).endpoint == {}


def test_alarms_are_owed_to_nobody_who_is_not_there(tmp_path: Path):
    file = write(tmp_path, '[handlers]\ndisabled = ["log"]\n[operator]\nnotify = ["log"]\n')

    with pytest.raises(ConfigError) as raised:
        examine(file)

    assert [str(fault) for fault in raised.value.faults] == [
        f"{file}: operator.notify: no endpoint 'log' (there is none; notify = [] tells nobody)"
    ]
    assert examine(write(tmp_path, '[handlers]\ndisabled = ["log"]\n')).notifiers == {}


def test_the_shipped_rules_need_no_table_for_the_log(tmp_path: Path):
    file = write(tmp_path, f'[rules]\npath = "{template_folder() / "rules"}"\n[endpoint.desk]\nkind = "log"\n')

    assert {"desk", "log"} == set(examine(file).notifiers)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("store", "url", "mysql://me:hunter2@host/x"),
        ("store", "url", "postgresql://me:hun/ter2@ho@host/x"),
        ("edgar", "base_url", "https://me:hunter2@sec.example"),
    ],
)
def test_a_password_in_an_address_is_not_told(tmp_path: Path, table: str, key: str, value: str):
    (fault,) = faults_of(write(tmp_path, f'[{table}]\n{key} = "{value}"'))

    assert "ter2" not in fault
    assert "//***@" in fault


def test_a_secret_of_another_kind_than_expected_is_not_told(tmp_path: Path):
    file = write(tmp_path, '[endpoint.desk]\nkind = "webhook"\nurl = "https://a.example"\nsecret_file = 12345678\n')

    with pytest.raises(ConfigError) as raised:
        examine(file)

    assert "12345678" not in str(raised.value)


def test_rules_that_are_not_there_are_a_fault_of_the_settings_file(tmp_path: Path):
    file = write(tmp_path, '[rules]\npath = "nope"\n')

    with pytest.raises(ConfigError) as raised:
        examine(file)

    (fault,) = raised.value.faults
    assert (fault.where, fault.key) == (str(file), "rules.path")
    assert f"{tmp_path / 'nope'}" in fault.problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "http://name.example:80", "https://name.example"])
def test_a_faulty_allow_list_hides_no_other_fault(tmp_path: Path, url: str):
    text = f'[endpoint.desk]\nkind = "webhook"\nurl = "{url}"\nallow = ["127.0.0.1:9x"]\nheaders = {{"Host" = "x"}}\n'
    (tmp_path / "secret").write_text(new_secret() + "\n")
    file = write(tmp_path, text.replace("headers", 'secret_file = "secret"\nheaders'))

    with pytest.raises(ConfigError) as raised:
        examine(file)

    assert len(raised.value.faults) == 2
    assert ["allow" in str(fault) and "9x" in str(fault) for fault in raised.value.faults] == [True, False]
    assert "header" in str(raised.value.faults[1])
