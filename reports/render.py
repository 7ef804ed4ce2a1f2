"""One HTML file from a run: templates filled with autoescape on, style and script inlined under a strict policy."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.changes import Changes
from reports.embed import pack
from reports.pages import page_context
from reports.records import Run
from reports.text import clean, count, seconds, web_address

HERE = Path(__file__).parent
STYLES = ("base.css", "parts.css", "pages.css", "media.css")
SCRIPTS = (
    "dom.js",
    "data.js",
    "query.js",
    "charts.js",
    "table.js",
    "matrix.js",
    "entry.js",
    "case.js",
    "atlas.js",
    "router.js",
)


def render(run: Run, *, changes: Changes | None = None, live: bool = False) -> bytes:
    """The whole report as one self-contained page, UTF-8.

    Args:
        run: what to show.
        changes: against an older run, for the page of changes.
        live: let the page ask its own server now and then whether there is something new.
    """
    style, boot, script = _static(STYLES), _static(("boot.js",)), _script(live=live)
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clean=clean, seconds=seconds, web=web_address)
    environment.globals.update(count=count)
    page = environment.get_template("report.html").render(
        page_context(run, changes),
        policy=_policy(style, boot, script, live=live),
        style=Markup(style),  # noqa: S704 -- our own file, not data
        boot=Markup(boot),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=pack(
            run, changes={change.id: change.kind for change in changes.changes} if changes else None
        ),
    )
    return page.encode("utf-8", "backslashreplace")


def _static(names: tuple[str, ...]) -> str:
    return "\n".join((HERE / "static" / name).read_text("utf-8").strip() for name in names)


def _script(*, live: bool) -> str:
    names = (*SCRIPTS, "live.js") if live else SCRIPTS
    return f'(() => {{\n"use strict";\n{_static((*names, "start.js"))}\n}})();'


def _policy(style: str, *scripts: str, live: bool) -> str:
    """What the browser may do with the page: run these scripts, use this style, and nothing else."""
    hashes = " ".join(_hash(script) for script in scripts[:2])
    connect = "; connect-src 'self'" if live else ""
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
        f"; require-trusted-types-for 'script'; trusted-types 'none'{connect}"
    )


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode('utf-8')).digest()).decode('ascii')}'"
