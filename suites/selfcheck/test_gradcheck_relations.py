"""Second order, the relations and the pytest plugin of the gradient checker, each with a fault that it must find."""

import subprocess
import sys

import pytest
import torch

from suites.gradcheck import RELATIONS, check, inspect
from suites.selfcheck.launcher import ROOT

X = torch.linspace(-1.0, 1.0, 6, dtype=torch.float64, requires_grad=True)


def cubic(spoil):
    """``x**3`` whose backward is ``spoil(x, ct)``."""

    class Cubic(torch.autograd.Function):
        calls = 0

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, ct):
            Cubic.calls += 1
            return spoil(ctx.saved_tensors[0], ct, Cubic.calls)

    return Cubic.apply


def right(x, ct, _):
    return 3 * x**2 * ct


def wrong_with_graph(x, ct, _):
    return 3 * x**2 * ct * (1.01 if torch.is_grad_enabled() else 1.0)


def every_call_differs(x, ct, calls):
    return 3 * x**2 * ct * (1.0 + 1e-9 * calls)


def writes_cotangent(x, ct, _):
    out = 3 * x**2 * ct
    ct.mul_(0.0)
    return out


def reads_memory(x, ct, _):
    """Takes the cotangent for contiguous."""
    return 3 * x**2 * ct.as_strided(ct.shape, (1,))


def not_batched(x, ct, _):
    return 3 * x**2 * torch.tensor(ct.detach().tolist(), dtype=ct.dtype)


class KeepsNumbers(torch.autograd.Function):
    """Saves the address of its input and not the input: what hooks replace, it does not see."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.memory = x.data_ptr()
        return x**3

    @staticmethod
    def backward(ctx, ct):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * ct * (1.0 if x.data_ptr() == ctx.memory else 1.5)


class OnlyTogether(torch.autograd.Function):
    """A gradient that is right only where both inputs ask for one."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, ct):
        x, y = ctx.saved_tensors
        share = 1.0 if all(ctx.needs_input_grad) else 0.5
        return share * ct * y, share * ct * x


class Undefined(torch.autograd.Function):
    """Two outputs; a missing cotangent of the second is taken for one."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx, first, second):
        first = 0 if first is None else first
        second = 1.0 if second is None else second
        return 2 * first + 3 * second


class Recomputed(torch.autograd.Function):
    """Its backward sees whether the saved tensor was computed again."""

    @staticmethod
    def forward(ctx, x):
        y = x * 1.0
        ctx.save_for_backward(y)
        ctx.memory = y.data_ptr()
        ctx.keep = y
        return x**3

    @staticmethod
    def backward(ctx, ct):
        (y,) = ctx.saved_tensors
        return 3 * y**2 * ct * (1.0 if y.data_ptr() == ctx.memory else 1.5)


FAULTS = {
    "create-graph": (cubic(wrong_with_graph), (X,)),
    "deterministic": (cubic(every_call_differs), (X,)),
    "unmodified": (cubic(writes_cotangent), (X,)),
    "layout": (cubic(reads_memory), (X,)),
    "batched": (cubic(not_batched), (X,)),
    "saved-hooks": (KeepsNumbers.apply, (X,)),
    "checkpoint": (Recomputed.apply, (X,)),
    "subsets": (OnlyTogether.apply, (X, X.detach().clone().requires_grad_())),
    "undefined": (Undefined.apply, (X,)),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_finds_what_breaks_it(name):
    fn, inputs = FAULTS[name]
    plain = inspect(fn, inputs, modes=("reverse",))
    assert plain.ok, plain
    found = inspect(fn, inputs, modes=("reverse",), relations=(name,))
    assert not found.ok
    assert found.findings[0].kind in {"relation", "nondeterministic"}


@pytest.mark.parametrize("name", RELATIONS)
def test_every_relation_holds_of_a_right_function(name):
    assert check(cubic(right), X, modes=("reverse",), relations=(name,)).ok
    assert check(lambda x: (x.exp(), x.sin()), X, relations=(name,)).ok


COMPOSITIONS = (
    "reverse over reverse",
    "forward over reverse",
    "reverse over forward",
    "forward over forward",
)


class WrongCurvature(torch.autograd.Function):
    """First derivatives right in both modes, second ones wrong: constants stand where functions of x belong."""

    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])

    @staticmethod
    def backward(ctx, ct):
        return 3 * ctx.saved_tensors[0].detach() ** 2 * ct

    @staticmethod
    def jvp(ctx, t):
        return 3 * ctx.saved_tensors[0].detach() ** 2 * t


def test_a_missing_second_derivative_is_found_in_the_compositions_that_lack_it():
    result = inspect(WrongCurvature.apply, X, order=2)
    found = {finding.what for finding in result.findings}
    assert inspect(WrongCurvature.apply, X).ok
    assert {"reverse over reverse", "forward over reverse", "reverse over forward"} <= found
    assert found <= set(COMPOSITIONS)


def test_second_order_is_right_for_right_functions_in_all_compositions():
    result = check(
        lambda x, y: (x.exp() * y).sin(), (X, X.detach().clone().requires_grad_()), order=2
    )
    assert result.ok
    assert result.lacks == ()


def test_second_order_by_the_cotangent_is_checked_too():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, ct):
            return 2 * ctx.saved_tensors[0] * ct.detach()

    result = inspect(Square.apply, X, modes=("reverse",), order=2)
    assert "cotangent of output" in result.findings[0].says


def test_the_fixture_takes_the_options_of_the_marker(run_project):
    passed, text = run_project(
        "@pytest.mark.gradcheck(order=2, modes=('reverse',))\n"
        "def test_mine(check_gradients):\n"
        "    counts = check_gradients(torch.sin, torch.ones(3, dtype=torch.float64)).counts\n"
        "    assert counts['vjps'] == 2 and counts['jvps'] == 0\n"
    )
    assert passed, text


def test_the_fixture_fails_a_test_with_the_message(run_project):
    passed, text = run_project(
        "def test_mine(check_gradients):\n"
        "    check_gradients(lambda x: x.detach() * 2 + 0 * x, torch.ones(3, dtype=torch.float64))\n"
    )
    assert not passed
    assert "GradientError" in text
    assert "it is zero (or None)" in text


def test_the_marker_refuses_what_it_does_not_know(run_project):
    passed, text = run_project(
        "@pytest.mark.gradcheck(tolerance=1)\ndef test_mine(check_gradients):\n    pass\n"
    )
    assert not passed
    assert "takes modes, order, relations, settings" in text


@pytest.fixture
def run_project(tmp_path):
    """Runs one test file as a project of its own would, with the plugin loaded."""

    def run(body):
        (tmp_path / "conftest.py").write_text('pytest_plugins = ["suites.gradcheck.plugin"]\n')
        (tmp_path / "test_mine.py").write_text("import pytest\nimport torch\n\n" + body)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--strict-markers",
            "-p",
            "no:cacheprovider",
        ]
        done = subprocess.run(
            [*command, f"--rootdir={tmp_path}", str(tmp_path)],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, done.stdout + done.stderr

    return run
