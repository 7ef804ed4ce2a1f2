"""The page as a file: one file, escaped, under a strict policy, small, and whole without script."""

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from reports.changes import compare_runs
from reports.load import load_run
from reports.render import render
from reports.tests import sample_runs
from reports.tests import samples as s
from reports.tests.hostile import PAYLOADS, hostile_file, hostile_records, odd_records

LIMIT = 2_000_000


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.elements, self.inline, self._in = [], [], None
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._in = (tag, dict(attrs))

    def handle_data(self, data):
        if self._in:
            self.inline.append((*self._in, data))
            self._in = None


def page_of(folder, records, **options):
    path = s.write_run(folder, [record for record in records if record["type"] == "case"])
    lines = path.read_text("utf-8").splitlines()
    extra = [json.dumps(record) for record in records if record["type"] != "case"]
    path.write_text("\n".join([*lines[:-1], *extra, lines[-1]]) + "\n", "utf-8")
    return render(load_run([folder]), **options).decode("utf-8")


def data_of(page):
    [block] = re.finditer(
        r'<script id="data" type="application/octet-stream">([^<]*)</script>', page
    )
    return json.loads(gzip.decompress(base64.b64decode(block.group(1))))


@pytest.fixture(scope="module")
def believable(tmp_path_factory):
    return page_of(
        tmp_path_factory.mktemp("run"), [*sample_runs.believable(), *sample_runs.endings()]
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    hostile_file(folder)
    return page_of(folder, [*hostile_records(), *odd_records()])


@pytest.mark.parametrize("name", ["believable", "hostile"])
def test_page_asks_nothing_of_the_network(name, request):
    page = Page(request.getfixturevalue(name))
    for tag, attributes in page.elements:
        assert tag not in {
            "link",
            "iframe",
            "object",
            "embed",
            "base",
            "img",
            "audio",
            "video",
            "source",
        }
        assert "src" not in attributes
        assert "srcdoc" not in attributes
        if "action" in attributes or "formaction" in attributes:
            pytest.fail(f"{tag} sends its form somewhere")


def test_policy_allows_these_scripts_and_this_style_alone(believable):
    page = Page(believable)
    [policy] = [
        a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, attributes, text in page.inline:
        if attributes.get("type") == "application/octet-stream":
            continue
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        directive = "script-src" if tag == "script" else "style-src"
        assert f"'sha256-{digest}'" in re.findall(rf"{directive} ([^;]*)", policy)[0]


@pytest.mark.parametrize("name", ["believable", "hostile"])
def test_no_element_has_a_handler_or_a_style_of_its_own(name, request):
    for tag, attributes in Page(request.getfixturevalue(name)).elements:
        assert not [n for n in attributes if n.startswith("on") or n == "style"], (tag, attributes)


@pytest.mark.parametrize("name", ["believable", "hostile"])
def test_links_stay_in_the_page_or_lead_to_http(name, request):
    links = [
        a["href"]
        for tag, a in Page(request.getfixturevalue(name)).elements
        if tag == "a" and "href" in a
    ]
    assert links
    assert all(re.match(r"#|https?://", link) for link in links)


def test_hostile_text_adds_no_element(believable, hostile):
    known = {tag for tag, _ in Page(believable).elements}
    assert {tag for tag, _ in Page(hostile).elements} - known == set()
    assert sum(tag == "script" for tag, _ in Page(hostile).elements) == 3
    for payload in PAYLOADS:
        if "<" in payload:
            assert payload not in hostile


def test_invisible_and_reordering_characters_are_shown(hostile):
    assert "\u202e" not in hostile
    assert "\\u202e" in hostile
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", hostile)


def test_data_holds_every_case_with_its_id_and_status(tmp_path):
    records = sample_runs.believable()
    data = data_of(page_of(tmp_path, records))
    statuses = {letter: name for letter, name, *_ in data["statuses"]}
    told = {}
    for at, letter in enumerate(data["letters"]):
        entry, subject = (
            data["entries"][data["cases"]["entry"][at]],
            data["subjects"][data["cases"]["subject"][at]],
        )
        suite, sample = data["suites"][data["cases"]["suite"][at]], data["cases"]["sample"][at]
        id_ = data["ids"].get(str(at), f"{suite}/{entry[0]}[{sample}]::{'::'.join(subject[:3])}")
        told[id_] = statuses[letter]
    assert told == {case.id: case.status for case in load_run([tmp_path]).cases.values()}


def test_overview_failures_and_expectations_stand_in_the_page_itself(believable):
    body = believable[: believable.index('id="data"')]
    for told in (
        "breaks 4 promises and 3 ops",
        "AssertionError: a gradient is twice too large",
        "grad[0] at (1, 2)",
        "the subject is wrong: finite differences agree with the reference",
        "the driver rounds down",
        "it was here once",
        "missing-version-bump",
    ):
        assert told in body


def test_run_of_nothing_says_so(tmp_path):
    page = page_of(tmp_path, [])
    assert "Nothing ran: 1 record file without a single case." in page
    assert "A run of zero cases is not a success." in page


def test_issue_that_is_no_address_is_text(tmp_path):
    record = s.case(
        "ops/a[b]::cpu::float64::eager", "skip", reason="r", issue="javascript:alert(1)"
    )
    page = page_of(tmp_path, [record])
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("share", [0.01, 1.0])
def test_page_of_20000_cases_is_small(tmp_path, share):
    page = page_of(tmp_path, sample_runs.many(20_000, failing_share=share))
    assert len(page.encode()) <= LIMIT
    data = data_of(page)
    assert len(data["letters"]) == 20_000
    assert (data["left"] == 0) is (share < 1)
    sign = data["cases"]["sign"]
    failed = {sign[at] for at, letter in enumerate(data["letters"]) if letter == "F"}
    assert {sign[int(at)] for at in data["details"]} == failed


def test_huge_run_counts_its_passes_and_lists_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr("reports.embed.LISTED_CASES", 100)
    records = list(sample_runs.many(2000))
    data = data_of(page_of(tmp_path, records))
    listed = len(data["letters"])
    assert listed + sum(weight - 1 for weight in data["weights"].values()) == 2000
    assert data["letters"].count("F") == sum(record["outcome"] == "fail" for record in records) > 5


def test_changes_against_an_older_run_are_a_page(tmp_path):
    id_ = "ops/mul[vjp-2]::cpu::float64::eager"
    s.write_run(tmp_path / "old", [s.case(id_)])
    s.write_run(tmp_path / "new", [s.failing(id_)])
    old, new = load_run([tmp_path / "old"]), load_run([tmp_path / "new"])
    page = render(new, changes=compare_runs(old, new)).decode()
    assert "1 case compared: 1 newly failing." in page
    assert data_of(page)["changes"] == {"0": "broken"}


def test_page_is_the_same_each_time(tmp_path):
    s.write_run(tmp_path, [*sample_runs.believable()])
    assert render(load_run([tmp_path])) == render(load_run([tmp_path]))
