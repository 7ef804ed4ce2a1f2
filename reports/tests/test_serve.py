"""The live view: it follows a growing file, says that the run goes on, and talks to this machine alone."""

import http.client
import os
import threading

import pytest

from reports.serve import FRESH_S, HOST, LiveReport, ReportServer
from reports.tests import samples as s

ID = "ops/mul[vjp-{}]::cpu::float64::eager"


@pytest.fixture
def server(tmp_path):
    s.write(tmp_path / "r-main.jsonl", [s.header(), s.case(ID.format(1))], ending='\n{"type": "ca')
    with ReportServer(LiveReport([tmp_path]), 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def get(server, path, host=None):
    connection = http.client.HTTPConnection(HOST, server.server_port, timeout=20)
    connection.request("GET", path, headers={"Host": host or f"{HOST}:{server.server_port}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_page_follows_the_records(server, tmp_path):
    before = get(server, "/version")[1]
    assert "1 case passes" in get(server, "/")[1]
    records = [s.header(), s.case(ID.format(1)), s.failing(ID.format(2))]
    s.write(tmp_path / "r-main.jsonl", [*records, s.footer(records)])
    assert get(server, "/version")[1] != before
    assert "breaks 1 op" in get(server, "/")[1]


def test_run_that_goes_on_is_called_running_and_not_crashed(server):
    page = get(server, "/")[1]
    assert "is still being written: 1 cases so far" in page
    assert "crashed or was killed" not in page
    assert "Incomplete" in page


def test_file_that_nobody_writes_any_more_is_a_crash(server, tmp_path):
    path = tmp_path / "r-main.jsonl"
    old = path.stat().st_mtime - 2 * FRESH_S
    os.utime(path, (old, old))
    assert "crashed or was killed" in get(server, "/")[1]


def test_live_page_may_ask_its_own_server_and_nobody_else(server):
    page = get(server, "/")[1]
    assert "connect-src &#39;self&#39;" in page
    assert 'fetch("version"' in page


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/r-main.jsonl", None, 404), ("/../x", None, 404), ("/", "evil.example", 403)],
)
def test_nothing_else_is_served(server, path, host, status):
    assert get(server, path, host)[0] == status


def test_server_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"
