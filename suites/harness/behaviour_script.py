"""A behaviour test as a script of its own: its body, what it uses of its module, and torch."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from suites.harness.clauses import all_clauses
from suites.harness.columns import Column
from suites.harness.identity import Identity
from suites.harness.subject import DEFAULT_DTYPE, EAGER

_WORDS = ("raises", "warns", "assert_values", "assert_same")
_OURS = ("suites.", "pytest", "_pytest")

_SHIMS = {
    "matches": """
def matches(error, clause, index):
    name, pattern = DOCUMENTED[clause][index]
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & set(name.split(", "))) and re.search(pattern, str(error), re.DOTALL)
""",
    "raises": """
@contextlib.contextmanager
def raises(clause, index=0):
    caught = types.SimpleNamespace(error=None)
    try:
        yield caught
    except Exception as error:
        caught.error = error
    assert caught.error is not None, f"nothing was raised, wanted {DOCUMENTED[clause][index]}"
    assert matches(caught.error, clause, index), f"wanted {DOCUMENTED[clause][index]}, found {caught.error!r}"
""",
    "warns": """
@contextlib.contextmanager
def warns(clause, index=0):
    caught = types.SimpleNamespace(error=None)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield caught
    caught.error = next((w.message for w in seen if matches(w.message, clause, index)), None)
    assert caught.error is not None, f"no such warning: {DOCUMENTED[clause][index]}"
""",
    "assert_values": """
def assert_values(actual, expected, *, rtol=None):
    bound = {torch.float64: 1e-12, torch.complex128: 1e-12}.get(actual.dtype, 4e-6)
    expected = torch.as_tensor(expected).detach().to(actual)
    torch.testing.assert_close(actual.detach(), expected, rtol=rtol or bound, atol=bound, equal_nan=True)
""",
    "assert_same": """
def assert_same(actual, expected):
    if not isinstance(actual, torch.Tensor):
        assert actual == expected, (actual, expected)
        return
    if not isinstance(expected, torch.Tensor):
        expected = torch.as_tensor(expected).to(actual)
    torch.testing.assert_close(actual.detach(), expected.detach(), rtol=0, atol=0, equal_nan=True)
""",
}
_MAIN = """
try:
    {call}
except Exception:
    traceback.print_exc()
    sys.exit(1)
"""


def behaviour_script(item: pytest.Item, case: Identity) -> str | None:
    """A script that fails as the test does, or None where the test needs more than torch and its parameters."""
    function = getattr(item, "function", None)
    arguments = _arguments(item)
    if function is None or arguments is None:
        return None
    module = inspect.getmodule(function)
    source = _needed_source(function.__name__, module) if module is not None else None
    if source is None:
        return None
    head = "import reference_impl as torch" if case.subject.is_reference else "import torch"
    parts = [
        f'"""{case.id}: exits 1 while it fails."""',
        head,
        _words(source, case),
        source,
        *_settings(case),
        _MAIN.format(call=_call(function.__name__, arguments, case.subject.mode)),
    ]
    return "\n".join(parts)


def _arguments(item: pytest.Item) -> dict[str, str] | None:
    """The parameters of the test as literals; None where one of them is none, or a fixture."""
    params: dict[str, Any] = dict(getattr(getattr(item, "callspec", None), "params", {}))
    names = set(getattr(item, "fixturenames", ())) - {"request"}
    params = {name: value for name, value in params.items() if not isinstance(value, Column)}
    if names - set(params) - {"torch"}:
        return None
    texts = {name: repr(value) for name, value in params.items()}
    return texts if all(_is_literal(text) for text in texts.values()) else None


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True


def _needed_source(name: str, module: ModuleType) -> str | None:
    path = inspect.getsourcefile(module)
    if path is None:
        return None
    text = Path(path).read_text(encoding="utf-8")
    top: dict[str, ast.stmt] = {}
    for node in ast.parse(text).body:
        top |= dict.fromkeys(_names_bound(node), node)
    needed: set[ast.stmt] = set()
    queue = [name]
    while queue:
        found = top.get(queue.pop())
        if found is not None and found not in needed:
            needed.add(found)
            queue += [used.id for used in ast.walk(found) if isinstance(used, ast.Name)]
    ordered = sorted(needed, key=lambda node: node.lineno)
    return "\n\n".join(_source_of(text, node) for node in ordered if not _is_ours(node))


def _names_bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def _is_ours(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return str(node.module).startswith(_OURS)
    return isinstance(node, ast.Import) and node.names[0].name.startswith(_OURS)


def _source_of(text: str, node: ast.stmt) -> str:
    """The source of a definition without our decorators."""
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    return textwrap.dedent("\n".join(lines))


def _words(source: str, case: Identity) -> str:
    """The vocabulary that the test uses: from the harness for the reference, in torch's own terms for torch."""
    used = [word for word in _WORDS if f"{word}(" in source]
    if case.subject.is_reference:
        imported = f"from suites.harness.assertions import {', '.join(used)}\n" if used else ""
        return f"import sys\nimport traceback\n{imported}"
    shims = [_SHIMS[word] for word in used]
    modules = ["sys", "traceback"]
    if {"raises", "warns"} & set(used):
        cited = [clause for clause in all_clauses().values() if f'"{clause.id}"' in source]
        table = {
            clause.id: list(zip(clause.exception, clause.message, strict=True)) for clause in cited
        }
        shims = [f"\nDOCUMENTED = {table!r}\n", _SHIMS["matches"], *shims]
        modules += ["contextlib", "re", "types", "warnings"]
    return "".join(f"import {name}\n" for name in sorted(modules)) + "\n".join(shims)


def _settings(case: Identity) -> Iterator[str]:
    if case.subject.is_reference:
        return
    if case.subject.device != "cpu":
        yield f"torch.set_default_device({case.subject.device!r})"
    if case.subject.dtype != DEFAULT_DTYPE:
        yield f"torch.set_default_dtype(torch.{case.subject.dtype})"
    yield "torch.manual_seed(0)"


def _call(name: str, arguments: dict[str, str], mode: str) -> str:
    function = name if mode == EAGER else f"torch.compile({name}, backend={mode!r})"
    return (
        f"{function}({', '.join(['torch', *(f'{key}={text}' for key, text in arguments.items())])})"
    )
