"""The checks behind gradcheck: derivatives against differences, and what else a derivative must be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference_impl.autograd import jacobians
from reference_impl.function import Function
from reference_impl.gradients import grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make
from reference_impl.vmap import vmap


class GradcheckError(RuntimeError):
    """A derivative that differs from what differences give, or is not what a derivative must be."""


@dataclass(frozen=True)
class Options:
    """What ``gradcheck`` was asked for; the fields are its parameters."""

    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    check_undefined_grad: bool
    check_grad_dtypes: bool
    check_batched_grad: bool
    check_batched_forward_grad: bool
    check_forward_ad: bool
    check_backward_ad: bool
    fast_mode: bool


def as_tuple(x: Any) -> tuple[Any, ...]:
    """One value or several, as a tuple."""
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def differentiable(found: Any) -> tuple[Tensor, ...]:
    """The tensors among them that are tracked."""
    return tuple(x for x in as_tuple(found) if isinstance(x, Tensor) and x.requires_grad)


class Check:
    """One call of ``gradcheck``."""

    def __init__(self, func: Callable[..., Any], inputs: Any, options: Options) -> None:
        self.func, self.inputs, self.options = func, as_tuple(inputs), options
        self._check_inputs()
        self.xs = [self.inputs[i] for i in jacobians.wiggled(self.inputs)]
        self.returned = func(*self.inputs)
        self.outputs = differentiable(self.returned)

    def _check_inputs(self) -> None:
        found = False
        for i, x in enumerate(self.inputs):
            if not (isinstance(x, Tensor) and x.requires_grad):
                continue
            found = True
            if x._data.dtype not in (np.dtype(np.float64), np.dtype(np.complex128)):
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point "
                    "or complex. This check will likely "
                    "fail if all the inputs are not of double precision floating point or complex. ",
                    UserWarning,
                    stacklevel=4,
                )
            if any(
                n > 1 and s == 0 for n, s in zip(x._array().shape, x._array().strides, strict=True)
            ):
                raise RuntimeError(
                    f"The {i}th input has a dimension with stride 0. gradcheck only supports "
                    "inputs that are non-overlapping to be "
                    "able to compute the numerical gradients correctly. You should call "
                    ".contiguous on the input before passing "
                    "it to gradcheck."
                )
        if not found:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of "
                "them have requires_grad=True."
            )

    def run(self) -> None:
        """All checks that were asked for."""
        if not self.outputs:
            self._check_nothing_flows()
            return
        for part in self._parts():
            self._compare(*part)
        if self.options.check_batched_forward_grad:
            self._check_batched_forward()
        if not self.options.check_backward_ad:
            return
        for i, out in enumerate(self.outputs):
            if self.options.check_batched_grad:
                self._check_batched(out, i)
        self._check_linear()
        if self.options.check_undefined_grad:
            self._check_undefined()

    def _check_nothing_flows(self) -> None:
        everything = lambda *xs: [x for x in as_tuple(self.func(*xs)) if isinstance(x, Tensor)]  # noqa: E731
        for row in jacobians.numerical(everything, self.inputs, self.options.eps):
            for jacobian in row:
                if np.any(jacobian._data != 0):
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    # -- derivatives against differences -----------------------------------------------------------------------------

    def _parts(self) -> list[tuple[Any, list[int], str]]:
        """Real-valued functions that together are the function: outputs, their numbers, and a prefix for messages."""
        complex_at = [i for i, x in enumerate(self.outputs) if x._data.dtype.kind == "c"]
        real_at = [i for i in range(len(self.outputs)) if i not in complex_at]
        parts: list[tuple[Any, list[int], str]] = []
        if real_at:
            parts.append((self._picking(real_at, None), real_at, ""))
        for name in ("real", "imag") if complex_at else ():
            prefix = f"While considering the {name} part of complex outputs only, "
            parts.append((self._picking(complex_at, name), complex_at, prefix))
        return parts

    def _picking(self, which: list[int], name: str | None) -> jacobians.Fn:
        """The differentiable outputs ``which``, or their real or imaginary parts."""
        tensors = [x for x in as_tuple(self.returned) if isinstance(x, Tensor)]
        tracked = [i for i, x in enumerate(tensors) if x.requires_grad]

        def fn(*xs: Any) -> list[Tensor]:
            found = [x for x in as_tuple(self.func(*xs)) if isinstance(x, Tensor)]
            outs = [found[tracked[i]] for i in which]
            return outs if name is None else [OPS[name](x) for x in outs]

        return fn

    def _compare(self, fn: jacobians.Fn, numbers: list[int], prefix: str) -> None:
        if self.options.fast_mode:
            self._compare_products(fn, numbers, prefix)
            return
        numerical = jacobians.numerical(fn, self.inputs, self.options.eps)
        if self.options.check_forward_ad:
            forward = jacobians.by_forward(fn, self.inputs, len(numbers))
            for o, number in enumerate(numbers):
                self._demand_equal(
                    forward[o], numerical[o], number, prefix, mode=" computed with forward mode"
                )
        if self.options.check_backward_ad:
            for o, (out, number) in enumerate(zip(fn(*self.inputs), numbers, strict=True)):
                self._demand_equal(self._twice(out), numerical[o], number, prefix)

    def _twice(self, out: Tensor) -> list[Tensor]:
        """Jacobians by backward, computed two times; they must agree."""
        if self.options.check_grad_dtypes:
            self._check_dtypes(out)
        first, second = (jacobians.by_backward(out, self.inputs) for _ in range(2))
        for a, b in zip(first, second, strict=True):
            if a.numel() and np.max(np.abs(a._data - b._data)) > self.options.nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives "
                    "different values, although analytical gradient matches numerical gradient. "
                    "The tolerance for nondeterminism "
                    f"was {self.options.nondet_tol}."
                )
        return first

    def _check_dtypes(self, out: Tensor) -> None:
        for x, g in zip(
            self.xs,
            grad(out, self.xs, OPS["ones_like"](out), retain_graph=True, allow_unused=True),
            strict=True,
        ):
            if g is not None and g.dtype is not x.dtype:
                raise GradcheckError(
                    f"Gradient for input has incorrect dtype: {g.dtype}, expected {x.dtype}"
                )

    def _demand_equal(
        self, found: list[Tensor], wanted: list[Tensor], o: int, prefix: str, mode: str = ""
    ) -> None:
        for i, (a, n) in enumerate(zip(found, wanted, strict=True)):
            if not np.allclose(a._data, n._data, self.options.rtol, self.options.atol):
                raise GradcheckError(self._mismatch(a, n, o, i, prefix, mode))

    def _mismatch(self, a: Any, n: Any, o: int, i: int, prefix: str, mode: str) -> str:
        place = jacobians.wiggled(self.inputs)[i]
        return (
            f"{prefix}Jacobian{mode} mismatch for output {o} "
            f"with respect to input {place}"
            f",\nnumerical:{n}\nanalytical:{a}\n"
        )

    def _compare_products(self, fn: jacobians.Fn, numbers: list[int], prefix: str) -> None:
        """One number for each pair of output and input: v^T J u, for random u and v."""
        source = np.random.default_rng(0)
        outs = list(fn(*self.inputs))
        vs = [jacobians.random_direction(out, source) for out in outs]
        for i, place in enumerate(jacobians.wiggled(self.inputs)):
            u = jacobians.random_direction(self.inputs[place], source)
            slopes = jacobians.numerical_along(fn, self.inputs, place, u, self.options.eps)
            pushed = (
                jacobians.push(fn, self.inputs, place, make(u))
                if self.options.check_forward_ad
                else None
            )
            for o, (out, v) in enumerate(zip(outs, vs, strict=True)):
                wanted = np.sum(v * slopes[o])
                atol = self.options.atol * float(np.sum(np.abs(u)) * np.sum(np.abs(v)))
                if pushed is not None:
                    found = np.sum(v * pushed[o]._data)
                    self._demand_close(
                        found,
                        wanted,
                        atol,
                        (fn, o, i, numbers[o]),
                        prefix,
                        " computed with forward mode",
                    )
                if self.options.check_backward_ad:
                    first, second = (
                        jacobians.backward_along(out, self.inputs, v)[i] for _ in range(2)
                    )
                    if np.any(np.abs(first - second) > self.options.nondet_tol):
                        self._twice(out)
                    found = np.sum(np.real(np.conj(first) * u))
                    self._demand_close(found, wanted, atol, (fn, o, i, numbers[o]), prefix, "")

    def _demand_close(
        self,
        found: Any,
        wanted: Any,
        atol: float,
        where: tuple[Any, int, int, int],
        prefix: str,
        mode: str,
    ) -> None:
        if np.abs(found - wanted) <= atol + self.options.rtol * np.abs(wanted):
            return
        fn, o, i, number = where
        numerical = jacobians.numerical(fn, self.inputs, self.options.eps)[o][i]
        if mode:
            analytical = jacobians.by_forward(fn, self.inputs, o + 1)[o][i]
        else:
            analytical = jacobians.by_backward(fn(*self.inputs)[o], self.inputs)[i]
        worst = float(np.max(np.abs(numerical._data - analytical._data), initial=0.0))
        raise GradcheckError(
            self._mismatch(
                make(np.asarray(found)), make(np.asarray(wanted)), number, i, prefix, mode
            )
            + "\nThe above quantities relating the numerical and analytical jacobians are computed in "
            "fast mode. Below, we recompute "
            "numerical and analytical jacobians in slow mode:\n\nNumerical:\n "
            f"{numerical}\nAnalytical:\n{analytical}\n\nThe max "
            f"per-element difference (slow mode) is: {worst}.\n"
        )

    # -- what else a derivative must be ------------------------------------------------------------------------------

    def _check_linear(self) -> None:
        """Zero cotangents give zero gradients."""
        zeros = [OPS["zeros_like"](out) for out in self.outputs]
        for x, g in zip(
            self.xs,
            grad(self.outputs, self.xs, zeros, retain_graph=True, allow_unused=True),
            strict=True,
        ):
            if g is None:
                continue
            if np.any(g._data != 0):
                raise GradcheckError("backward not multiplied by grad_output")
            if g.dtype is not x.dtype or g.shape != x.shape:
                raise GradcheckError(
                    f"grad is {g.dtype} of size {list(g.shape)}, the input {x.dtype} of size "
                    f"{list(x.shape)}"
                )

    def _check_undefined(self) -> None:
        """Undefined cotangents of all outputs, and of one at a time, are the same as zeros."""
        cases = [set(range(len(self.outputs)))]
        if len(self.outputs) > 1:
            cases += [{i} for i in range(len(self.outputs))]
        for undefined in cases:
            outs = differentiable(self.func(*self.inputs))
            shown = [Undefined.apply(out) if i in undefined else out for i, out in enumerate(outs)]
            try:
                found = grad(
                    shown, self.xs, [OPS["zeros_like"](out) for out in outs], allow_unused=True
                )
            except RuntimeError as error:
                warnings.warn(
                    "Backwards compatibility: New undefined gradient support checking feature is "
                    "enabled by default, but it may "
                    "break existing callers of this function. If this is true for you, you can "
                    "call this function with "
                    '"check_undefined_grad=False" to disable the feature',
                    UserWarning,
                    stacklevel=4,
                )
                raise GradcheckError(
                    "Expected backward function to handle undefined output grads; it raised: "
                    f"{error}"
                ) from error
            if any(g is not None and np.any(g._data != 0) for g in found):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are "
                    "undefined or zero."
                )

    def _check_batched(self, out: Tensor, number: int) -> None:
        """Two cotangents at once give what they give one after the other."""
        source = np.random.default_rng(0)
        cts = make(np.stack([jacobians.random_direction(out, source) for _ in range(2)]))
        live = [i for i, g in enumerate(self._pull(out, cts[0])) if g is not None]
        wanted = [[self._pull(out, cts[k])[i] for i in live] for k in range(2)]
        try:
            found = vmap(lambda ct: tuple(self._pull(out, ct)[i] for i in live))(cts)
        except RuntimeError as error:
            raise GradcheckError(f"While computing batched gradients, got: {error}") from error
        for i, whole, *rows in zip(live, found, *wanted, strict=True):
            for got, row in zip(whole, rows, strict=True):
                if not np.allclose(got._data, row._data):
                    raise GradcheckError(
                        f"For output {number} and input {i}:\nGradients computed under vmap "
                        "differ from those of a loop.\n"
                        f"vmap:{got}\nloop:{row}\n"
                    )

    def _pull(self, out: Tensor, ct: Tensor) -> tuple[Any, ...]:
        found: tuple[Any, ...] = grad(out, self.xs, ct, retain_graph=True, allow_unused=True)
        return found

    def _check_batched_forward(self) -> None:
        fn = self._picking(list(range(len(self.outputs))), None)
        source = np.random.default_rng(0)
        for i in jacobians.wiggled(self.inputs):
            ts = make(
                np.stack([jacobians.random_direction(self.inputs[i], source) for _ in range(2)])
            )
            try:
                found = vmap(lambda t, i=i: tuple(jacobians.push(fn, self.inputs, i, t)))(ts)
            except RuntimeError as error:
                raise GradcheckError(
                    f"While computing batched gradients with forward mode, got: {error}"
                ) from error
            for k in range(2):
                for o, row in enumerate(jacobians.push(fn, self.inputs, i, ts[k])):
                    if not np.allclose(found[o][k]._data, row._data):
                        raise GradcheckError(
                            f"Tangents of output {o} for input {i} computed under vmap differ "
                            "from those of a loop."
                        )


class Undefined(Function):
    """Passes its input on, and an undefined gradient back."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Any:
        return x.clone()

    @staticmethod
    def backward(_ctx: Any, *_cts: Any) -> Any:
        return None
