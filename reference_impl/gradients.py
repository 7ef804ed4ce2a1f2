"""backward and grad: roots, cotangents, inputs, and what a tensor offers of them."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reference_impl import dtypes, errors, mapping
from reference_impl.accumulate import accumulate
from reference_impl.batching import highest, size_at
from reference_impl.cotangents import finish
from reference_impl.engine import RUNNING, GraphTask, execute
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.graph import AccumulateGrad, GradientEdge, Node, edge
from reference_impl.kinds import SEEN
from reference_impl.nesting import run_nested
from reference_impl.reachable import needed_nodes
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make
from reference_impl.tree import flatten


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Accumulate into the leaves the sum over roots of cotangent times Jacobian.

    Args:
        tensors: one root or several; tensors or gradient edges.
        grad_tensors: a cotangent per root; None for a root of one element.
        retain_graph: keep saved tensors for another pass; like ``create_graph`` if not given.
        create_graph: record the pass itself.
        grad_variables: deprecated name of ``grad_tensors``.
        inputs: accumulate into these only.

    Raises:
        RuntimeError, TypeError: see ``errors``.
    """
    if MODE.special and (MODE.vmap or MODE.transforms):
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use "
            "functorch.grad or functorch.vjp "
            "instead or call backward() outside of functorch transforms."
        )
    if grad_variables is not None:
        warnings.warn(
            "`grad_variables` is deprecated. Use `grad_tensors` instead.",
            FutureWarning,
            stacklevel=2,
        )
        if grad_tensors is not None:
            raise RuntimeError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. "
                "Please only use `grad_tensors`."
            )
        grad_tensors = grad_variables
    targets = None if inputs is None else list(_inputs(inputs, "backward")[1])
    if targets is not None and not targets:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    if create_graph:
        warnings.warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its "
            "gradient which can cause a memory leak. We recommend using autograd.grad when creating the graph to avoid "
            "this. If you have to use this function, make sure to reset the .grad fields of your parameters to None "
            "after use to break the cycle and avoid the leak.",
            UserWarning,
            stacklevel=3,
        )
    single = type(tensors) is Tensor and (grad_tensors is None or type(grad_tensors) is Tensor)
    roots = (
        [_root(0, tensors, _cotangent(0, tensors, grad_tensors))]
        if single
        else _roots(tensors, grad_tensors)
    )
    task = _task(retain_graph, create_graph)
    listed = [] if targets is None else _restrict(task, roots, targets)
    run_nested(lambda: execute(task, roots)) if RUNNING.tasks else execute(task, roots)
    for i, t in enumerate(listed):
        if task.captured.get(i) is not None:
            accumulate(t, task.captured[i], create_graph=create_graph, owned=False)


def _task(retain_graph: Any, create_graph: Any) -> GraphTask:
    """A pass with these options, which are switches or whole numbers.

    Raises:
        TypeError: they are neither.
    """
    recorded = bool(operator.index(create_graph))
    kept = recorded if retain_graph is None else bool(operator.index(retain_graph))
    return GraphTask(keep_graph=kept, create_graph=recorded)


def _restrict(task: GraphTask, roots: list[Any], targets: list[Any]) -> list[Tensor]:
    """Let the pass reach ``targets`` only; returns the non-leaves among them, whose gradients are captured."""
    ends: set[Any] = set()
    listed: list[Tensor] = []
    for t in targets:
        node, nr = _edge_of_input(t)
        ends.add(node)
        if isinstance(t, Tensor) and not isinstance(node, AccumulateGrad) and not t.retains_grad:
            task.captures.setdefault((node, nr), []).append(len(listed))
            listed.append(t)
    # The nodes of the targets run too.
    task.needed = needed_nodes([(n, k) for n, k, _ in roots], ends) | ends
    return listed


def grad(  # noqa: PLR0912, PLR0913, PLR0917 - torch's signature
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """Gradients of the outputs with respect to ``inputs``, without touching any .grad.

    Returns:
        A tuple in the order of ``inputs``; a dict if ``inputs`` is one.

    Raises:
        RuntimeError, TypeError, ValueError: see ``errors``.
    """
    mapped = MODE.special and MODE.vmap and highest(grad_outputs) > 0
    if MODE.special and MODE.vmap and (level := highest((outputs, inputs))):
        options = (create_graph, only_inputs, allow_unused, is_grads_batched, materialize_grads)
        return _grad_of_each(level, (outputs, inputs, grad_outputs), retain_graph, options)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    allow_unused = materialize_grads if allow_unused is None else allow_unused
    keys, wanted = _inputs(inputs, "grad")
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use torch.autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    if is_grads_batched:
        found = _batched(outputs, wanted, grad_outputs, retain_graph, create_graph)
    elif mapped or (MODE.special and DUAL_LEVELS and not create_graph):
        # On tensors: the engine's arrays belong to one example, and have no tangents.
        roots = _roots(outputs, grad_outputs)
        found = _grad(
            roots, wanted, create_graph if retain_graph is None else retain_graph, create_graph=True
        )
        found = (
            found if create_graph else [None if g is None else _without_history(g) for g in found]
        )
    else:
        roots = _roots(outputs, grad_outputs)
        found = _grad(roots, wanted, retain_graph, create_graph)
    if materialize_grads:
        found = [_zeros_for(t) if g is None else g for g, t in zip(found, wanted, strict=True)]
    elif not allow_unused and any(g is None for g in found):
        raise errors.UnusedInputError(next(i for i, g in enumerate(found) if g is None))
    return tuple(found) if keys is None else dict(zip(keys, found, strict=True))


def _without_history(g: Tensor) -> Tensor:
    """The same values, and the same tangents, cut off from what computed them."""
    made = g.detach()
    tangents = None if g._meta is None else g._meta.tangents
    if tangents:
        made._autograd().tangents = {
            at: (_without_history(t), serial) for at, (t, serial) in tangents.items()
        }
    return made


def _grad_of_each(
    level: int, tensors: tuple[Any, ...], retain_graph: bool | None, options: tuple[Any, ...]
) -> Any:
    """``grad`` once per example of a vmap; only the last pass may free the graph, which the examples may share."""
    sizes = (size_at(x, level) for x in flatten(tensors)[0])
    left = next(n for n in sizes if n is not None)

    def one(outputs: Any, inputs: Any, grad_outputs: Any) -> Any:
        nonlocal left
        left -= 1
        return grad(outputs, inputs, grad_outputs, True if left else retain_graph, *options)

    return mapping.loop(level, one, "autograd.grad", tensors, {})


def _grad(
    roots: list[Any], wanted: list[Any], retain_graph: bool | None, create_graph: bool
) -> list[Any]:
    task = _task(retain_graph, create_graph)
    ends: set[Any] = set()
    for i, t in enumerate(wanted):
        node, nr = _edge_of_input(t)
        task.captures.setdefault((node, nr), []).append(i)
        ends.add(node)
    task.needed = needed_nodes([(n, k) for n, k, _ in roots], ends)
    run_nested(lambda: execute(task, roots)) if RUNNING.tasks else execute(task, roots)
    captured = [task.captured.get(i) for i in range(len(wanted))]
    return [g if g is None or isinstance(g, Tensor) else make(g) for g in captured]


def _batched(
    outputs: Any,
    wanted: list[Any],
    grad_outputs: Any,
    retain_graph: bool | None,
    create_graph: bool,
) -> list[Any]:
    """One pass per row of the cotangents, stacked."""
    outs = list(outputs) if isinstance(outputs, Sequence) else [outputs]
    cts = list(grad_outputs) if isinstance(grad_outputs, Sequence) else [grad_outputs]
    for i, (out, ct) in enumerate(zip(outs, cts, strict=True)):
        if ct is not None and tuple(ct.shape[1:]) != tuple(out.shape):
            raise errors.CotangentMismatchError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as "
                "the batch dimension. "
                f"The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
                f"mismatch was detected: grad_output[{i}] has a shape of {ct.shape} and output[{i}] has a shape of "
                f"{out.shape}. If you only want some tensors in `grad_output` to be considered batched, "
                "consider using vmap."
            )
    count = len(next(ct for ct in cts if ct is not None))
    keep = create_graph if retain_graph is None else retain_graph
    rows: list[list[Any]] = []
    for k in range(count):
        roots = _roots(outs, [None if ct is None else ct[k] for ct in cts])
        rows.append(_grad(roots, wanted, keep or k + 1 < count, create_graph))
    return [
        None if column[0] is None else OPS["stack"](list(column))
        for column in zip(*rows, strict=True)
    ]


def _call_node(node: Any, *cotangents: Any, **keywords: Any) -> Any:
    """Cotangents of a node's inputs from those of its outputs, outside of a backward pass."""
    if keywords:
        raise TypeError("keyword arguments are not supported")
    wanted = node.outputs or node.output_count
    if len(cotangents) != wanted:
        raise TypeError(f"expected {wanted} arguments, got {len(cotangents)} instead")
    if isinstance(node, AccumulateGrad):
        accumulate(node.variable, cotangents[0]._data, create_graph=False, owned=False)
        return ()
    found = node.apply(cotangents[0] if node.outputs == 1 else list(cotangents), True)
    found = found if node.fix is None else finish(node, found, tensors=True)
    return found[0] if len(found) == 1 else tuple(found)


Node.__call__ = _call_node  # type: ignore[method-assign]


def _zeros_for(t: Any) -> Tensor:
    if isinstance(t, GradientEdge):
        raise RuntimeError(  # noqa: TRY004 - torch's type
            "materialize_grads cannot be used when the given input is a GradientEdge"
        )
    return make(np.zeros_like(t._data))


def _inputs(inputs: Any, fn: str) -> tuple[Any, list[Any]]:
    """Keys (None unless a dict was given) and tensors."""
    if isinstance(inputs, Tensor | GradientEdge):
        return None, [inputs]
    if isinstance(inputs, dict):
        return list(inputs), list(inputs.values())
    if isinstance(inputs, Mapping):
        raise TypeError(
            f"`inputs` argument to `{fn}()` must be a dict when a mapping is passed, but got {type(inputs).__name__}"
        )
    return None, list(inputs)


def _edge_of_input(t: Any) -> tuple[Any, int]:
    if isinstance(t, GradientEdge):
        return t.node, t.output_nr
    if not isinstance(t, Tensor):
        raise RuntimeError(  # noqa: TRY004 - torch's type
            f"all inputs have to be Tensors or GradientEdges, but got {type(t).__name__}"
        )
    if not t.requires_grad:
        raise errors.UntrackedInputError
    node = edge(t)
    if node is None:
        raise errors.UnusedInputError(0)
    return node, t._output_nr


def _roots(outputs: Any, cotangents: Any) -> list[tuple[Any, int, Any]]:
    """Each root's node and output number with its checked cotangent."""
    outs = [outputs] if isinstance(outputs, Tensor | GradientEdge) else list(outputs)
    if cotangents is None:
        given: list[Any] = [None] * len(outs)
    elif isinstance(cotangents, Tensor):
        given = [cotangents]
    else:
        given = list(cotangents)[: len(outs)]  # more than there are roots is no error in torch
    if len(given) != len(outs):
        raise RuntimeError(f"got {len(outs)} tensors and {len(given)} gradients")
    checked = [_cotangent(i, out, ct) for i, (out, ct) in enumerate(zip(outs, given, strict=True))]
    return [_root(i, out, ct) for i, (out, ct) in enumerate(zip(outs, checked, strict=True))]


def _root(i: int, out: Any, ct: Any) -> tuple[Any, int, Any]:
    """The node and output number of root number ``i``, with its cotangent."""
    if isinstance(out, GradientEdge):
        return (out.node, out.output_nr, ct)
    node = edge(out)
    if node is None:
        raise errors.UntrackedRootError(i)
    return (node, out._output_nr, ct)


def _cotangent(i: int, out: Any, ct: Any) -> Any:
    """The cotangent of root number ``i``, made if it may be left out and converted to the root's dtype."""
    if isinstance(out, GradientEdge):
        return _edge_cotangent(out, ct)
    if not isinstance(out, Tensor):
        raise AssertionError("Expected output to be a torch.Tensor")  # noqa: TRY004 - torch's type
    data = out._data
    if ct is None:
        if not out.requires_grad:
            return None
        if data.size != 1:
            raise errors.ImplicitGradientError
        if data.dtype.kind == "c":
            raise errors.ImplicitGradientError(f"real scalar outputs but got {out.dtype}")
        return make(np.ones_like(data) if SEEN else np.ones(data.shape, dtype=data.dtype))
    if not isinstance(ct, Tensor):
        raise errors.CotangentTypeError(ct)
    _check_cotangent(i, out, ct)
    return ct if ct._data.dtype == data.dtype else ct.to(out.dtype)


def _check_cotangent(i: int, out: Tensor, ct: Tensor) -> None:
    data = out._data
    if SEEN and ct.device != out.device:
        raise RuntimeError(
            f"invalid gradient at index {i} - expected device {out.device} but got {ct.device}"
        )
    if ct._data.shape != data.shape:
        raise errors.CotangentMismatchError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {ct.shape} and output[{i}] has a shape of {out.shape}."
        )
    if (ct._data.dtype.kind == "c") != (data.dtype.kind == "c"):
        raise errors.CotangentMismatchError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. "
            f"Mismatch in dtype: grad_output[{i}] has a dtype of {ct.dtype} and output[{i}] has a dtype of {out.dtype}."
        )


def _edge_cotangent(out: GradientEdge, ct: Any) -> Any:
    if ct is not None:
        return ct
    shape, dtype = (
        getattr(out.ownership_token, "shape", None),
        getattr(out.ownership_token, "dtype", None),
    )
    if shape is None or dtype is None:
        raise RuntimeError("a gradient is needed for a GradientEdge whose tensor is gone")
    if shape.numel() != 1:
        raise errors.ImplicitGradientError
    return make(np.ones(shape, dtype=dtypes.to_numpy(dtype)))
