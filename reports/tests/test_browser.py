"""The page as a person meets it, in a real Chromium."""

from urllib.parse import quote

import pytest

pytestmark = pytest.mark.browser

PAGES = (
    "overview",
    "failures",
    "matrix",
    "cases",
    "accuracy",
    "expectations",
    "timing",
    "faults",
    "statement",
)
FAILED = "ops/mul[vjp-3x4]::npu::bfloat16::eager"
CLAUSE = "inplace.write-to-saved-input-raises"


def open_page(browser, report, fragment="overview"):
    browser.get("about:blank")
    browser.get(f"{report}#{fragment}")
    wait_for(browser, "document.documentElement.dataset.ready === 'true'")


def wait_for(browser, condition):
    told = browser.execute_async_script(
        """
        const [done] = [arguments[arguments.length - 1]], end = performance.now() + 10000;
        const look = () => (CONDITION) ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 20);
        look();
        """.replace("CONDITION", condition)
    )
    assert told, f"never came true: {condition}"


def text_of(browser, selector):
    return browser.execute_script(f"return document.querySelector({selector!r}).innerText")


def texts_of(browser, selector):
    return browser.execute_script(
        f"return [...document.querySelectorAll({selector!r})].map((e) => e.innerText.trim())"
    )


def press(browser, key):
    browser.switch_to.active_element.send_keys(key)


def filter_for(browser, query):
    field = browser.find_element("id", "filter")
    field.clear()
    field.send_keys(query)
    wait_for(browser, f"new URLSearchParams(location.hash.split('?')[1]).get('q') === {query!r}")


def complaints(browser):
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] in {"SEVERE", "WARNING"}
    ]


@pytest.mark.parametrize("page", PAGES)
def test_page_shows_itself_alone_and_without_complaint(browser, report, page):
    open_page(browser, report, page)
    assert texts_of(browser, "section.page.active > :first-child")
    shown = browser.execute_script(
        "return [...document.querySelectorAll('section.page')].filter((s) => s.offsetHeight).map((s) => s.id)"
    )
    assert shown == [page]
    assert text_of(browser, "#nav [aria-current]").split("\n")[0].split(" ")[0]
    assert complaints(browser) == []


def test_area_unfolds_to_its_clauses_and_a_cell_leads_to_its_case(browser, report):
    open_page(browser, report, "matrix")
    browser.find_element("css selector", "a.fold[data-area=accumulate]").click()
    wait_for(browser, "document.querySelector('tr.entry')")
    assert "adds-to-existing-grad" in texts_of(browser, "tr.entry th")
    assert "open=accumulate" in browser.current_url
    assert browser.execute_script("return document.activeElement.dataset.area") == "accumulate"
    browser.find_element("css selector", "tr.entry th a").click()
    wait_for(browser, "location.hash.startsWith('#clause')")
    assert "Each further backward adds to .grad." in text_of(browser, "#clause-body")
    browser.find_element("css selector", "#clause-body td.s-fail a").click()
    wait_for(browser, "location.hash.startsWith('#case')")
    assert "adds-to-existing-grad[twice]::npu" in text_of(browser, "#case-body h1")


def test_cells_are_lettered_and_coloured(browser, report):
    open_page(browser, report, "matrix")
    cells = browser.execute_script(
        """return [...document.querySelectorAll('td.cell:not(.none)')].map((cell) =>
           [cell.innerText[0], getComputedStyle(cell).backgroundColor])"""
    )
    colours = dict(cells)
    assert {"P", "F", "C", "E"} <= set(colours)
    assert len({colours["F"], colours["C"], colours["E"]}) == 3


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 87),
        ("status:fail", 3),
        ("status:fail dtype:bfloat16", 1),
        ("status:fail -dtype:bfloat16", 2),
        ("status:unexpected -area:accumulate,ops", 3),
        ("status:timeout,crash", 2),
        ("op:nn.*", 9),
        ("clause:inplace.*", 12),
        ("id:*/mul[vjp*", 3),
        ("twice device:npu area:hook", 1),
        ("over:>1000", 2),
        ("ms:>=20 op:nn.functional.conv2d", 9),
        ('signature:"did not raise"', 1),
        ("STATUS:FAIL", 3),
    ],
)
def test_filter_finds_the_right_cases(browser, report, query, count):
    open_page(browser, report, f"cases?q={quote(query)}")
    assert text_of(browser, "#filter-note") == f"{count} of 87 cases"
    assert len(texts_of(browser, "#cases-body tbody tr")) == count


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("statsu:fail", "no field 'statsu'; did you mean 'status'?"),
        ("status:fial", "no status 'fial'; did you mean 'fail'?"),
        ("over:much", "over wants a number, as in over:>0.5"),
    ],
)
def test_wrong_filter_says_what_would_be_right(browser, report, query, told):
    open_page(browser, report, "cases")
    filter_for(browser, query)
    assert text_of(browser, "#filter-note") == told


def test_link_reproduces_the_view(browser, report):
    open_page(browser, report, "matrix")
    filter_for(browser, "device:npu -status:pass")
    wait_for(browser, "document.querySelector('#filter-note').innerText.startsWith('12 ')")
    browser.find_element("css selector", "a.fold[data-area=ops]").click()
    wait_for(browser, "document.querySelector('tr.entry')")
    seen, link = text_of(browser, "#matrix-body"), browser.current_url
    browser.get("about:blank")
    browser.get(link)
    wait_for(browser, "document.documentElement.dataset.ready === 'true'")
    assert text_of(browser, "#matrix-body") == seen
    assert browser.find_element("id", "filter").get_attribute("value") == "device:npu -status:pass"


def test_keys_lead_through_the_page(browser, report):
    open_page(browser, report)
    press(browser, "3")
    wait_for(browser, "location.hash.startsWith('#matrix')")
    press(browser, "j")
    assert browser.execute_script("return document.activeElement.dataset.area") == "accumulate"
    press(browser, "\ue015")  # down
    assert browser.execute_script("return document.activeElement.dataset.area") == "hook"
    press(browser, "\ue014")  # right
    assert browser.execute_script("return document.activeElement.closest('td').cellIndex") == 1
    press(browser, "/")
    assert browser.execute_script("return document.activeElement.id") == "filter"
    press(browser, "\ue00c")  # escape
    press(browser, "?")
    wait_for(browser, "document.querySelector('#help-box').open")
    press(browser, "\ue00c")
    wait_for(browser, "!document.querySelector('#help-box').open")


def test_case_page_shows_the_whole_case(browser, report):
    open_page(browser, report, f"case?id={quote(FAILED, safe='')}")
    body = text_of(browser, "#case-body")
    for told in (
        "grad[0] at (1, 2)",
        "the subject is wrong: finite differences agree with the reference",
        "measured slope 1.02",
        "import torch",
        "pytest 'suites/ops/test_ops.py",
        "reference_impl/engine.py:40",
    ):
        assert told in body
    assert texts_of(browser, ".heat caption") == ["want", "got", "difference"]
    assert browser.execute_script("return document.querySelectorAll('.plot circle').length") == 8
    worst = browser.execute_script("return document.querySelector('.heat-d5').innerText")
    assert worst == "1.5"


@pytest.mark.parametrize(
    ("case", "command"),
    [
        ("ops/mul[value-3x4]::npu::float32::eager", " --device npu -k 'float32-mul'"),
        ("behaviours/inplace.bumps-version[plain]::npu::default::eager", " --device npu"),
    ],
    ids=["operator", "behaviour"],
)
def test_run_line_of_a_passing_case_chooses_it(browser, report, case, command):
    """Records of what passed are packed without the parameters of their tests."""
    open_page(browser, report, f"case?id={quote(case, safe='')}")
    assert text_of(browser, "#case-body pre").endswith(f"'{command}")


def test_ids_of_expectations_keep_a_width_beside_long_reasons(browser, report):
    open_page(browser, report, "expectations")
    widths = browser.execute_script(
        "return [...document.querySelectorAll('#expectations tbody tr td:first-child')].map((e) => e.clientWidth)"
    )
    assert widths
    assert min(widths) > 200


def test_repro_is_copied_whole(browser, report):
    open_page(browser, report, f"case?id={quote(FAILED, safe='')}")
    browser.execute_script(
        "navigator.clipboard.writeText = async (text) => { window.copied = text; };"
    )
    browser.find_elements("css selector", "button.copy")[1].click()
    wait_for(browser, "window.copied")
    assert (
        browser.execute_script("return window.copied")
        == "import torch\n\nx = torch.ones(2, 3)\nx.sum()\n"
    )


def test_clause_without_a_case_says_so(browser, report):
    open_page(browser, report, "clause?id=leaf.uncovered")
    assert "No case of this run looked at this promise." in text_of(browser, "#clause-body")


@pytest.mark.parametrize("page", ["case", "clause"])
def test_link_to_nothing_says_so(browser, report, page):
    open_page(browser, report, f"{page}?id=nothing")
    assert text_of(browser, f"#{page}-body h1").startswith("No such")


def test_atlas_draws_a_strip_per_op_and_dtype_worst_first(browser, report):
    open_page(browser, report, "accuracy")
    rows = texts_of(browser, ".atlas tbody tr")
    assert rows[0].startswith(("mul", "accumulate.adds-to-existing-grad"))
    assert (
        browser.execute_script("return document.querySelectorAll('.strip path.dots').length") >= 15
    )
    open_page(browser, report, "accuracy?unit=ulps&q=op%3Aexp")
    assert all(row.startswith("exp") for row in texts_of(browser, ".atlas tbody tr"))


def test_everything_that_matters_reads_without_script(browser, report):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(report)
    body = browser.find_element("css selector", "body").text
    for told in (
        "breaks 4 promises",
        "a gradient is twice too large",
        "the driver rounds down",
        "it was here once",
        "Matrix",
    ):
        assert told in body
    assert "status:fail dtype:bfloat16" not in body
    assert browser.find_element("id", "statement").is_displayed()


@pytest.mark.parametrize(
    "page", [*PAGES, f"case?id={quote(FAILED, safe='')}", f"clause?id={CLAUSE}"]
)
def test_phone_scrolls_in_one_direction_only(browser, report, page):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        open_page(browser, report, page)
        width, seen = browser.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert (width, seen) == (360, 360)


def test_dark_follows_the_system_and_the_button_turns_it(browser, report):
    def background():
        return browser.execute_script("return getComputedStyle(document.body).backgroundColor")

    open_page(browser, report)
    light = background()
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark"}]},
    )
    dark = background()
    assert light != dark
    browser.find_element("id", "theme").click()
    assert background() == light
    browser.execute_script("localStorage.clear()")


def test_statement_prints_as_a_paper(browser, report):
    open_page(browser, report, "statement")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.find_element("css selector", ".bar").is_displayed()
    assert browser.find_element("id", "statement").is_displayed()
    assert (
        browser.execute_script(
            "return getComputedStyle(document.querySelector('.paper')).borderTopWidth"
        )
        == "0px"
    )


def test_header_of_the_matrix_stays_in_sight(browser, report):
    open_page(browser, report, "matrix?open=*")
    browser.execute_script("document.querySelector('.matrix tbody tr:last-child').scrollIntoView()")
    top, bar = browser.execute_script(
        "return ['.matrix thead th', '.bar'].map((q) => document.querySelector(q).getBoundingClientRect())"
    )
    assert browser.execute_script("return scrollY") > 0
    assert top["top"] == pytest.approx(bar["bottom"], abs=2)


def test_back_leads_back(browser, report):
    open_page(browser, report, "matrix")
    browser.find_element("css selector", "#nav a[href^='#cases']").click()
    wait_for(browser, "location.hash.startsWith('#cases')")
    browser.back()
    wait_for(browser, "location.hash.startsWith('#matrix')")
    assert browser.find_element("id", "matrix").is_displayed()


def test_every_signature_of_the_overview_leads_to_its_cases(browser, report):
    open_page(browser, report)
    told = browser.execute_script(
        """return [...document.querySelectorAll('#overview a[href^="#cases?q=status%3Aunexpected%20sig"]')]
           .map((link) => [link.getAttribute('href').slice(1), link.innerText])"""
    )
    assert told
    for fragment, amount in told:
        open_page(browser, report, fragment)
        assert text_of(browser, "#filter-note") == f"{amount} of 87 cases"
