"""Hostile records in a real browser: nothing of them ever runs, and everything of them can be read."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from reports.tests.hostile import PAYLOADS
from reports.tests.test_browser import PAGES, complaints, open_page, text_of, texts_of, wait_for

pytestmark = pytest.mark.browser


def hacked(browser):
    return browser.execute_script("return 'hacked' in window")


@pytest.mark.parametrize("page", [*PAGES, "matrix?open=*", "cases?q=status%3Aunexpected"])
def test_no_page_runs_anything(browser, hostile_report, page):
    open_page(browser, hostile_report, page)
    assert not hacked(browser)
    assert complaints(browser) == []
    assert texts_of(browser, "section.page.active > *")


def test_no_case_or_clause_page_runs_anything(browser, hostile_report):
    open_page(browser, hostile_report)
    ids = browser.execute_script(
        "return [...document.querySelectorAll('a[href^=\"#case?\"]')].map((a) => a.getAttribute('href'))"
    )
    open_page(browser, hostile_report, "matrix?open=*")
    ids += browser.execute_script(
        "return [...document.querySelectorAll('.entry a')].map((a) => a.getAttribute('href'))"
    )
    seen = set()
    for link in dict.fromkeys(ids):
        browser.execute_script("location.hash = arguments[0]", link)
        page = link[1:].split("?")[0]
        wait_for(browser, f"document.querySelector('#{page}').classList.contains('active')")
        title = text_of(browser, f"#{page}-body h1")
        assert not title.startswith("No such"), link
        seen.add(title)
        browser.execute_script(
            "for (const e of document.querySelectorAll('.active *')) e.dispatchEvent(new MouseEvent('mouseover'))"
        )
        assert not hacked(browser), link
    assert len(seen) > 2 * len(PAYLOADS)
    assert complaints(browser) == []


def test_no_link_leads_to_a_script(browser, hostile_report):
    open_page(browser, hostile_report)
    for page in PAGES:
        browser.execute_script("location.hash = arguments[0]", f"#{page}")
        schemes = browser.execute_script(
            "return [...new Set([...document.links].map((a) => a.protocol))]"
        )
        assert set(schemes) <= {"file:", "http:", "https:"}


@pytest.mark.parametrize(
    "fragment",
    [
        "case?id=%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E",
        "clause?id=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E",
        "cases?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E&sort=__proto__&page=constructor",
        "matrix?open=%3Cscript%3E&__proto__=1&q=((((",
        "__proto__?constructor=1",
        "cases?q=%",
    ],
)
def test_hostile_link_runs_nothing_and_breaks_nothing(browser, report, fragment):
    open_page(browser, report, fragment)
    assert not hacked(browser)
    assert complaints(browser) == []
    assert texts_of(browser, "section.page.active")


@pytest.mark.parametrize(
    "markup",
    [
        "<script>window.hacked = 1</script>",
        "<script src='data:text/javascript,window.hacked=1'></script>",
        "<img src='data:,x' onerror='window.hacked = 1'>",
        "<iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>",
        "<a id='trap' href='javascript:window.hacked = 1'>x</a>",
    ],
)
def test_policy_stops_what_would_get_past_the_escaping(browser, report, tmp_path, markup):
    page = Path(unquote(urlsplit(report).path)).read_text("utf-8")
    injected = tmp_path / "report.html"
    injected.write_text(
        page.replace('<main id="main" tabindex="-1">', f'<main id="main">{markup}'), "utf-8"
    )
    open_page(browser, injected.as_uri())
    browser.execute_script("document.querySelector('#trap')?.click()")
    assert not hacked(browser)
    assert any("Content Security Policy" in message for message in complaints(browser))


def test_script_of_the_page_cannot_make_markup_or_handlers(browser, report):
    open_page(browser, report)
    told = browser.execute_script(
        """
        const told = [], node = document.createElement("button"), script = document.createElement("script");
        const ways = [() => { node.innerHTML = "<b>"; }, () => { script.textContent = "1"; },
          () => node.setAttribute("onclick", "window.hacked = 1")];
        for (const way of ways) { try { way(); told.push("allowed"); } catch (error) { told.push(error.name); } }
        return told;
        """
    )
    assert "allowed" not in told
    assert not hacked(browser)


def test_page_asks_nothing_of_the_network(browser, hostile_report):
    open_page(browser, hostile_report)
    assert (
        browser.execute_script("return performance.getEntriesByType('resource').map((e) => e.name)")
        == []
    )


def test_payloads_are_shown_as_the_text_they_are(browser, hostile_report):
    open_page(browser, hostile_report, "faults")
    shown = "\n".join(texts_of(browser, "#faults td"))
    for payload in PAYLOADS[:9]:
        assert payload in shown
