"""What ``eightk run`` says of where its page is."""

import socket
from pathlib import Path

from _running import Place, Running


def test_where_others_reach_it_by_another_address_both_are_printed(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    shown = "http://eightk.localhost:9999"
    place.config.write_text(place.config.read_text().replace("[web]", f'[web]\nurl = "{shown}"'))

    with Running(place) as running:
        second = running.stdout.readline()

    assert running.url.startswith("http://127.0.0.1:")
    assert second == f"eightk: page at {shown}\n"


def test_where_there_is_one_address_it_is_printed_once(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()

    with Running(place) as running:
        second = running.stdout.readline()

    assert "http://127.0.0.1" not in second


def test_a_store_elsewhere_does_with_a_data_folder_that_is_made(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up(more=f'[store]\nurl = "sqlite:///{tmp_path / "elsewhere" / "e.db"}"')

    with Running(place):
        assert (tmp_path / "data").is_dir()


def test_an_address_that_is_in_use_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    place = Place(tmp_path).set_up()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        place.config.write_text(place.config.read_text().replace("127.0.0.1:0", address))
        done = place.eightk("run")

    assert done.returncode == 3
    told = f"{place.config}: web.listen: cannot listen on {address}: Address already in use (another port, or port 0"
    assert told in done.stderr
