"""torch.autograd.gradcheck: are the derivatives of a function those that differences give?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reference_impl.autograd.checks import Check, GradcheckError, Options, as_tuple, differentiable
from reference_impl.gradients import grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


def gradcheck(  # noqa: PLR0913 - torch's signature
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the derivatives of ``func`` at ``inputs``, by those that require grad, with central differences.

    Args:
        func: from tensors to a tensor or a tuple of tensors.
        inputs: a tensor or a tuple; those in double precision that require grad are differentiated.
        eps: the step.
        atol: bound of the difference.
        rtol: bound of the difference in proportion to the numerical derivative; the two bounds add up.
        raise_exception: False: return False instead of raising GradcheckError.
        nondet_tol: how far two backward passes may differ.
        check_undefined_grad: backward must take undefined cotangents.
        check_grad_dtypes: gradients must have the dtypes of their inputs.
        check_batched_grad: gradients under vmap must be those without.
        check_batched_forward_grad: so must tangents.
        check_forward_ad: check forward mode.
        check_backward_ad: check backward.
        fast_mode: compare one random product with each Jacobian instead of all elements.
        masked: kept for programs that set it; it concerns sparse tensors.

    Raises:
        GradcheckError: a check fails.
        AssertionError: no mode is to be checked.
        ValueError: no input requires grad.
        RuntimeError: an input has elements that share memory.
    """
    _ = masked
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    if check_batched_grad and not check_backward_ad:
        raise AssertionError(
            "Setting check_batched_grad=True requires check_backward_ad to be True"
        )
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError(
            "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
        )
    options = Options(
        eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes, check_batched_grad,
        check_batched_forward_grad, check_forward_ad, check_backward_ad, fast_mode,
    )  # fmt: skip
    try:
        Check(func, inputs, options).run()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(  # noqa: PLR0913 - torch's signature
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """``gradcheck`` of the gradients of ``func``, as functions of its inputs and of the cotangents.

    ``grad_outputs`` are the cotangents, random ones if left out and then not contiguous if
    ``gen_non_contig_grad_outputs``; ``check_fwd_over_rev`` and ``check_rev_over_rev`` say which mode differentiates
    the gradients. The other arguments are those of ``gradcheck``.

    Raises:
        GradcheckError, AssertionError, ValueError, RuntimeError: see ``gradcheck``.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError(
            "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
        )
    xs = as_tuple(inputs)
    outs = differentiable(func(*xs))
    if grad_outputs is None:
        cts: Sequence[Any] = [
            _random_cotangent(out, spread=gen_non_contig_grad_outputs) for out in outs
        ]
    else:
        cts = as_tuple(grad_outputs)

    def first(*args: Any) -> tuple[Tensor, ...]:
        arguments, cotangents = args[: len(xs)], args[len(xs) :]
        tracked = [x for x in arguments if isinstance(x, Tensor) and x.requires_grad]
        found = grad(
            differentiable(func(*arguments)),
            tracked,
            cotangents,
            create_graph=True,
            allow_unused=True,
        )
        return tuple(g for g in found if g is not None)

    return gradcheck(
        first,
        (*xs, *cts),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _random_cotangent(out: Tensor, *, spread: bool) -> Tensor:
    """A random cotangent that requires grad."""
    shape = (*out.shape, 2) if spread else tuple(out.shape)
    drawn = OPS["randn"](shape, dtype=out.dtype if out._data.dtype.kind in "fc" else None)
    ct: Tensor = drawn[..., 0] if spread else drawn
    return ct.detach().requires_grad_()
