"""One class per documented error; each keeps torch's Python type and the documented part of its wording."""

from __future__ import annotations

import re
from typing import Any


class AsTorchs:
    """An error that shows under the name of the Python type that torch raises, in tracebacks and ``__name__``."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        shown = next(base for base in cls.__mro__ if base.__module__ == "builtins")
        cls.__name__ = cls.__qualname__ = shown.__name__
        cls.__module__ = "builtins"


class ImplicitGradientError(AsTorchs, RuntimeError):
    """backward() without a gradient on an output that is no scalar."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"grad can be implicitly created only for {detail or 'scalar outputs'}")


class UntrackedRootError(AsTorchs, RuntimeError):
    """backward from a tensor without history."""

    def __init__(self, index: int) -> None:
        super().__init__(
            f"element {index} of tensors does not require grad and does not have a grad_fn"
        )


class CotangentMismatchError(AsTorchs, RuntimeError):
    """A gradient argument that does not fit its output."""


class CotangentTypeError(AsTorchs, TypeError):
    """A gradient argument that is neither a tensor nor None."""

    def __init__(self, found: object) -> None:
        super().__init__(f"gradients can be either Tensors or None, but got {type(found).__name__}")


class FreedGraphError(AsTorchs, RuntimeError):
    """Saved tensors are needed after backward freed them."""

    def __init__(self) -> None:
        super().__init__(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
            "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
            "if you need to access saved tensors after calling backward."
        )


HINTS = {
    False: "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
    "torch.autograd.set_detect_anomaly(True).",
    True: "Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in "
    "question was changed in there or anywhere later. Good luck!",
}


class ModifiedSavedTensorError(AsTorchs, RuntimeError):
    """A saved tensor was changed in place before backward read it."""

    def __init__(self, what: str, producer: str, found: int, wanted: int, *, traced: bool) -> None:
        origin = f", which is {producer}," if producer else ""
        super().__init__(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{what}]{origin} is at version {found}; expected version {wanted} instead. {HINTS[traced]}"
        )


class LeafWriteError(AsTorchs, RuntimeError):
    """In-place write to a leaf that requires grad, or to a view of one."""

    def __init__(self, *, view: bool) -> None:
        what = "a view of a leaf Variable" if view else "a leaf Variable"
        super().__init__(f"{what} that requires grad is being used in an in-place operation.")


class ForbiddenViewWriteError(AsTorchs, RuntimeError):
    """In-place write to a view whose history cannot be rewritten."""


class OverlapWriteError(AsTorchs, RuntimeError):
    """In-place write to memory that several elements share."""

    def __init__(self, *, partial: bool = False) -> None:
        what = (
            "some elements of the input tensor and the written-to tensor refer"
            if partial
            else "more than one element of the written-to tensor refers"
        )
        super().__init__(
            f"unsupported operation: {what} to a single memory location. Please clone() the tensor "
            "before performing the operation."
        )


def check_flag(value: object, fn: str, name: str, position: int | None = 1) -> None:
    """Refuse what is no bool as an argument of ``fn``, as torch's own functions do.

    Raises:
        TypeError: it is none.
    """
    if type(value) is not bool:
        where = "" if position is None else f" (position {position})"
        raise TypeError(f"{fn}(): argument '{name}'{where} must be bool, not {type_name(value)}")


def type_name(value: object) -> str:
    """The name of a value's type as C code spells it: NumPy's types with their module."""
    kind = type(value)
    return f"numpy.{kind.__name__}" if kind.__module__ == "numpy" else kind.__name__


class RequiresGradFlagError(AsTorchs, RuntimeError):
    """requires_grad set where it cannot be."""


IN_TRANSFORM = (
    "You are attempting to call Tensor.{}() (or perhaps using torch.autograd.functional.* APIs) inside "
    "of a function being "
    "transformed by a functorch transform. This is unsupported, please attempt to use the functorch "
    "transforms (e.g. grad, vjp, "
    "jacrev, jacfwd, hessian) or call it outside of a function being transformed instead."
)


class GradAssignmentError(AsTorchs, RuntimeError):
    """A tensor that cannot be the gradient of another."""


class UnusedInputError(AsTorchs, RuntimeError):
    """autograd.grad with respect to something the outputs do not depend on."""

    def __init__(self, index: int) -> None:
        super().__init__(
            f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior."
        )


class UntrackedInputError(AsTorchs, RuntimeError):
    """autograd.grad with respect to a tensor that does not require grad."""

    def __init__(self) -> None:
        super().__init__("One of the differentiated Tensors does not require grad")


class OutArgumentError(AsTorchs, RuntimeError):
    """out= with an argument that requires grad."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )


class ForwardOutError(AsTorchs, NotImplementedError):
    """out= with an argument that has a tangent."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Trying to use forward AD with {name}_out that does not support it because it is an out= function"
        )


class NotDifferentiableError(AsTorchs, RuntimeError):
    """The derivative of an op is not defined."""

    def __init__(self, name: str) -> None:
        super().__init__(f"derivative for {name} is not implemented")


class InferenceTensorError(AsTorchs, RuntimeError):
    """An inference tensor used where autograd would have to track it."""


class InvalidGradientError(AsTorchs, RuntimeError):
    """A backward function returned a gradient of the wrong shape or type."""


class HookResultError(AsTorchs, RuntimeError):
    """A hook returned a tensor that cannot replace the gradient."""


class UnsupportedError(AsTorchs, NotImplementedError):
    """A documented torch feature that the reference does not have; the message names it."""

    def __init__(self, what: Any) -> None:
        super().__init__(f"the reference does not have {what}")


class LinAlgError(RuntimeError):
    """A matrix that is singular or not positive definite."""


def plain_name(node_name: str) -> str:
    """What a node's name says of its operation, as messages have it: Mul for MulBackward0."""
    return re.sub(r"Backward\d*$", "", node_name)
