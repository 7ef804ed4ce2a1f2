"""OpRule, define_op: one row of the op table."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from reference_impl import layout, short_paths, short_writes
from reference_impl.graph import RuleNode, make_short_apply
from reference_impl.ops.checks import guard_of, kinds
from reference_impl.ops.tangents import filled
from reference_impl.publishing import define_function as define_function  # noqa: PLC0414 - for the families
from reference_impl.publishing import publish
from reference_impl.publishing import takes_out as takes_out  # noqa: PLC0414 - for the families
from reference_impl.tensor import Tensor

# The op's result carries no gradient at all, as with comparisons.
NOT_DIFFERENTIABLE = "not differentiable"

# The same on arrays and on NumPy scalars as the ufunc, but ten times faster on scalars.
QUICK: dict[Any, Any] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.negative: operator.neg,
}

# Ops of several tensors that take no Python number in place of one.
TENSORS_ONLY = frozenset(
    ("atan2", "fmax", "fmin", "maximum", "minimum", "logaddexp", "logaddexp2", "nextafter", "hypot", "ldexp", "polar",
     "complex", "igamma", "igammac", "heaviside", "logical_and", "logical_or", "logical_xor")
)  # fmt: skip

# Other spellings of a parameter that torch accepts.
SPELLINGS = {
    "input": "self",
    "axis": "dim",
    "keepdims": "keepdim",
    "x1": "self",
    "x2": "other",
    "tensor": "self",
}


class OpRule:
    """A row: what an op computes, its VJP per input and its JVP.

    Attributes:
        inputs: names of the tensor inputs, in order; they come first in ``forward``.
        params: names of the other arguments, with ``defaults``.
        vjp: per input, a formula of the output's cotangent and of whatever else it names; None for an input without a
            derivative (an index, a mask).
        jvp: formula of what it names; ``<input>_t`` is an input's tangent. "linear": the op applied to the tangents;
            None: there is no forward-mode derivative.
        differentiable: names of the outputs that carry gradients.
        pointwise: inputs broadcast against each other; `calls` sums cotangents back.
        promote: "common": inputs are brought to one dtype; "float": to one that is floating point; None: left alone;
            "own": left alone, but the result may have another dtype (``sum(dtype=...)``), so that cotangents are
            brought back.
        hidden: number of trailing values of ``forward`` that only the formulas see, as ``hidden0``, ``hidden1`` ...
    """

    def __init__(self, name: str, **fields: Any) -> None:
        self.name = name
        self.forward: Callable[..., Any] = QUICK.get(fields["forward"], fields["forward"])
        self.inputs: tuple[str, ...] = fields["inputs"]
        self.vjp: Any = fields["vjp"]
        self.jvp: Any = fields["jvp"]
        self.output_names: tuple[str, ...] = fields["outputs"]
        self.differentiable: tuple[str, ...] = fields["differentiable"]
        self.pointwise: bool = fields["pointwise"]
        self.promote: str | None = fields["promote"]
        self.view: bool = fields["view"]
        self.many: bool = fields["many"]
        self.variadic: bool = fields["variadic"]
        self.spread: str | None = fields["spread"]
        self.hidden: int = fields["hidden"]
        self.single = len(self.output_names) == 1 and not self.many
        self.uniform: bool = fields["uniform"]
        self.mixes_complex: bool = fields["mixes_complex"]
        self.tensors_only = name in TENSORS_ONLY
        self.tracked = self.vjp != NOT_DIFFERENTIABLE
        self._read_signature(fields["params"])
        self._plan()
        self.node_class = self._make_node_class(fields["node"])
        self.call: Callable[..., Any] = short_paths.make_general(self)

    def _read_signature(self, params: dict[str, Any] | None) -> None:
        """Names and defaults of the arguments that are no tensors."""
        if params is None:
            found = (
                {}
                if self.pointwise and not inspect.isfunction(self.forward)
                else dict(inspect.signature(self.forward).parameters)
            )
            names = list(found)[len(self.inputs) :]
            params = {n: found[n].default for n in names}
        self.params = tuple(params)
        self.defaults = tuple(params.values())
        self.arity = len(self.inputs) + len(self.params)
        self.refused_kinds = kinds.REFUSED.get(self.name, "")
        self.guard = guard_of(self.name, self.inputs, params, variadic=self.variadic)

    def _plan(self) -> None:
        """Which values the formulas name, and where they come from."""
        formulas = self.vjp if self.tracked else {}
        self.diff_inputs = tuple(
            i for i, n in enumerate(self.inputs) if formulas.get(n) is not None
        )
        missing = [n for n in self.inputs if n not in formulas] if self.tracked else []
        if missing:
            raise ValueError(
                f"op {self.name!r}: no vjp for input {missing[0]!r}; write None if it has no derivative"
            )
        sources: dict[str, tuple[str, int]] = {n: ("input", i) for i, n in enumerate(self.inputs)}
        sources |= {n: ("output", i) for i, n in enumerate(self.output_names)}
        sources |= {f"hidden{i}": ("hidden", i) for i in range(self.hidden)}
        named = {i: _names_after_first(formulas[self.inputs[i]]) for i in self.diff_inputs}
        everything = [n for names in named.values() for n in names]
        self.saved_names = tuple(n for n in sources if n in everything)
        self.meta_names = tuple(dict.fromkeys(n for n in everything if n not in sources))
        self.saved_sources = tuple(sources[n] for n in self.saved_names)
        self.saves_first = self.inputs[0] in self.saved_names
        order = (*self.saved_names, *self.meta_names)
        self.plan = tuple(
            (formulas[self.inputs[i]], tuple(order.index(n) for n in named[i]))
            for i in self.diff_inputs
        )
        self._needed_by = tuple(
            tuple(n in named[i] for n in self.saved_names) for i in self.diff_inputs
        )
        # Which inputs have an edge -> which values are saved.
        self._wanted: dict[tuple[bool, ...], list[bool]] = {}
        self.saves_output = any(where != "input" for where, _ in self.saved_sources)
        self.fixes = self.pointwise or self.promote is not None
        self._meta_sources = tuple(self._meta_source(n) for n in self.meta_names)

    def _meta_source(self, name: str) -> tuple[str, Any]:
        """Where a value that is neither input nor output comes from."""
        if name in self.params:
            return ("param", self.params.index(name))
        for suffix in ("_shape", "_dtype", "_layout", "_shapes", "_kinds", "_count"):
            owner = name.removesuffix(suffix)
            if owner != name and owner in self.inputs:
                return ("input" + suffix, self.inputs.index(owner))
        if name in ("result_shape", "result_dtype", "result_count"):
            return (name, 0)
        raise ValueError(
            f"op {self.name!r}: a formula names {name!r}, which is no input ({', '.join(self.inputs)}), output "
            f"({', '.join(self.output_names)}), option ({', '.join(self.params)}) or shape of one"
        )

    def _make_node_class(self, node: str | None) -> type[RuleNode]:
        """The node's class; its name is what ``grad_fn`` shows."""
        name = node or f"{self.name.title().replace('_', '')}Backward0"
        only = not self.single and not self.many and len(self.differentiable) == 1
        fields = {
            "__slots__": (),
            "full_name": name if "::" in name else None,
            "rule": self,
            "plan": self.plan,
            "saved_names": self.saved_names,
            "meta_names": self.meta_names,
            "variadic": self.variadic,
            "only": self.output_names.index(self.differentiable[0]) if only else None,
            "outputs": 1 if self.single else 0,
            "__module__": "torch.autograd.graph",
        }
        short = (
            None
            if self.variadic or only or self.many or self._has_meta()
            else make_short_apply(self.plan)
        )
        if short is not None:
            fields["apply"] = short
        make: Any = type(RuleNode)
        made: type[RuleNode] = make(name.rpartition("::")[2], (RuleNode,), fields)
        return made

    def _has_meta(self) -> bool:
        """True if a formula names something that is not saved but copied."""
        return bool(self.meta_names)

    # -- one call --------------------------------------------------------------------------------------------------

    def bind(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[list[Any], tuple[Any, ...]]:
        """Arguments as (tensor inputs, options).

        Raises:
            TypeError: an argument is missing, unknown or given twice.
        """
        n = len(self.inputs)
        if not kwargs and self.spread is None and not self.variadic and len(args) == self.arity:
            if self.guard is not None:
                self.guard(args)
            return list(args[:n]), args[n:]
        if self.spread is not None:
            args = self._gather(args)
        if kwargs:
            args = self._with_keywords(args, kwargs)
        if len(args) > self.arity:
            raise TypeError(
                f"{self.name}() takes {self.arity} arguments but {len(args)} were given"
            )
        if len(args) < n or (
            len(args) < self.arity and inspect.Parameter.empty in self.defaults[len(args) - n :]
        ):
            names = (*self.inputs, *self.params)
            raise TypeError(f"{self.name}() missing argument {names[len(args)]!r}")
        if self.guard is not None:
            self.guard(args)
        params = args[n:] + self.defaults[len(args) - n :]
        return (list(args[0]) if self.variadic else list(args[:n])), params

    def _gather(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """``x.view(2, 3)`` and ``x.view((2, 3))`` mean the same."""
        at = len(self.inputs) + self.params.index(self.spread or "")
        rest = args[at:]
        if not rest:
            return args
        if len(rest) == 1 and (rest[0] is None or isinstance(rest[0], tuple | list)):
            given = rest[0]
            return (*args[:at], None if given is None else tuple(map(operator.index, given)))
        if all(hasattr(i, "__index__") for i in rest):
            return (*args[:at], tuple(map(operator.index, rest)))
        return args

    def _with_keywords(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        names = (*self.inputs, *self.params)
        values = dict(zip(names, args, strict=False))
        for key, value in kwargs.items():
            name = key if key in names else SPELLINGS.get(key, key)
            if name not in names:
                raise TypeError(f"{self.name}() got an unexpected keyword argument {key!r}")
            if name in values:
                raise TypeError(f"{self.name}() got multiple values for argument {key!r}")
            values[name] = value
        full = []
        for i, name in enumerate(names):
            default = (
                self.defaults[i - len(self.inputs)]
                if i >= len(self.inputs)
                else inspect.Parameter.empty
            )
            found = values.get(name, default)
            if found is inspect.Parameter.empty:
                raise TypeError(f"{self.name}() missing argument {name!r}")
            full.append(found)
        return tuple(full)

    def unbind(
        self, inputs: list[Any], params: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What ``bind`` would turn into these."""
        return ((inputs, *params) if self.variadic else (*inputs, *params)), {}

    def shape_args(self, arrays: list[Any]) -> tuple[Any, ...]:
        """Arrays as ``forward`` takes them."""
        return (arrays,) if self.variadic else tuple(arrays)

    def diff_at(self, inputs: list[Any]) -> Sequence[int]:
        """Positions of the inputs that have a derivative."""
        return range(len(inputs)) if self.variadic else self.diff_inputs

    def each_output(self, count: int) -> tuple[str, ...]:
        """A name per output; ops with as many outputs as the data asks for call each ``result``."""
        return self.output_names * count if self.many else self.output_names

    def names_for(self, name: str) -> tuple[str, ...]:
        """What the formula of input ``name`` names."""
        formula = self.vjp[name] if self.tracked else None
        return () if formula is None else _names_after_first(formula)

    def saved_for(self, edges: tuple[Any, ...]) -> list[bool]:
        """Which saved values the inputs with an edge need."""
        if self.variadic:
            return list(self._needed_by[0])
        mask = tuple([fn is not None for fn in edges[::2]])
        wanted = self._wanted.get(mask)
        if wanted is None:
            # What several formulas name, or the only one, is saved whether or not a gradient is wanted. It shows where
            # a result is tracked though no gradient flows: computed from a view that was made in no_grad.
            needs = [
                needed for needed, present in zip(self._needed_by, mask, strict=True) if present
            ]
            shared = [
                len(mask) == 1 or sum(n[i] for n in self._needed_by) > 1
                for i in range(len(self.saved_names))
            ]
            wanted = self._wanted[mask] = [
                s or any(n[i] for n in needs) for i, s in enumerate(shared)
            ]
        return wanted

    def meta_of(
        self, inputs: list[Any], params: tuple[Any, ...], outs: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """Values of ``meta_names`` for one call."""
        return tuple(
            [
                params[at]
                if kind == "param"
                else inputs[at]._data.shape
                if kind == "input_shape" and type(inputs[at]) is Tensor
                else _meta_value(kind, at, inputs, params, outs)
                for kind, at in self._meta_sources
            ]
        )

    def view_meta(self, source: Tensor, params: tuple[Any, ...]) -> tuple[Any, ...]:
        """``meta_of`` for one step of a chain of views."""
        return (
            self.meta_of([source], params, ())
            if self.single
            else self.meta_of([source], params, (source,))
        )

    def view_vjp(self, ct: Any, step: Any) -> Any:
        """Transpose of one step of a chain of views: its rule without saved values."""
        fn, picks = self.plan[0]
        if not self.single:
            count = len(
                self.forward(
                    np.broadcast_to(np.zeros((), step.in_dtype), step.in_shape), *step.params
                )
            )
            ct = tuple(ct if i == step.which else None for i in range(count))
        return fn(ct, *[step.meta[k] for k in picks])

    def tangent(
        self, inputs: list[Any], tangents: list[Any], params: tuple[Any, ...], made: Any
    ) -> Any:
        """The output's tangent, or one per output, from the inputs and theirs (None: constant)."""
        if not self.tracked:
            return None if self.single else (None,) * len(made)
        if self.jvp is None:
            raise NotImplementedError(
                f"Trying to use forward AD with {self.name} that does not support it because it has not "
                "been implemented yet."
            )
        full = filled(self.name, inputs, tangents)
        if self.jvp == "linear":
            args = [
                t if i in self.diff_at(inputs) else x
                for i, (x, t) in enumerate(zip(inputs, full, strict=True))
            ]
            packed, kwargs = self.unbind(args, params)
            return self.call(*packed, **kwargs)
        outs = (made,) if self.single else made
        known: dict[str, Any] = dict(zip(self.params, params, strict=True))
        known |= (
            {"tensors": inputs, "tensors_t": full}
            if self.variadic
            else dict(zip(self.inputs, inputs, strict=True))
        )
        if not self.variadic:
            known |= {f"{n}_t": t for n, t in zip(self.inputs, full, strict=True)}
            known |= {
                f"{n}_shape": x._data.shape
                for n, x in zip(self.inputs, inputs, strict=True)
                if isinstance(x, Tensor)
            }
        known |= (
            {"result": made}
            if self.many or self.single
            else dict(zip(self.output_names, outs, strict=True))
        )
        return self.jvp(*[known[n] for n in inspect.signature(self.jvp).parameters])


def _names_after_first(formula: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(formula).parameters)[1:]


def _meta_value(  # noqa: PLR0911, PLR0912 - one line per kind
    kind: str, at: int, inputs: list[Any], params: tuple[Any, ...], outs: tuple[Any, ...]
) -> Any:
    if kind == "param":
        return params[at]
    if kind == "result_shape":
        return outs[0]._data.shape
    if kind == "result_dtype":
        return outs[0]._data.dtype
    if kind == "result_count":
        return len(outs)
    if kind == "input_shapes":
        return tuple([x._data.shape for x in inputs])
    if kind == "input_kinds":
        return tuple([(x._data.shape, x._data.dtype) for x in inputs])
    if kind == "input_count":
        return len(inputs)
    x = inputs[at]
    if not isinstance(x, Tensor):
        return () if kind == "input_shape" else None
    if kind == "input_layout":
        return layout.geometry(x._array())
    return x._data.shape if kind == "input_shape" else x._data.dtype


def define_op(
    name: str,
    *,
    forward: Callable[..., Any],
    inputs: tuple[str, ...],
    vjp: Any,
    jvp: Any,
    node: str | None = None,
    outputs: tuple[str, ...] = ("result",),
    differentiable: tuple[str, ...] | None = None,
    pointwise: bool | None = None,
    promote: str | None = "default",
    params: dict[str, Any] | None = None,
    view: bool = False,
    many: bool = False,
    variadic: bool = False,
    spread: str | None = None,
    hidden: int = 0,
    inplace: bool | None = None,
    method: bool = True,
    aliases: tuple[str, ...] = (),
    mixes_complex: bool = False,
    uniform: bool = False,
) -> Callable[..., Any]:
    """Define an op: enter it in the registry and make it a method of Tensor, with its in-place form.

    Columns:
        name: op_db's name for it.
        forward: from arrays (and options) to arrays. A NumPy ufunc is pointwise.
        inputs, vjp, jvp, outputs, differentiable, pointwise, promote, hidden: see ``OpRule``.
        node: name of the node; ``<Name>Backward0`` if left out.
        params: options and their defaults, where ``forward`` is a ufunc or its signature does not tell.
        view: the result shares memory with the first input.
        many: as many outputs as the data asks for.
        variadic: the one tensor input is a list of tensors.
        spread: name of the option that may be given as separate integers, as in ``x.view(2, 3)``.
        inplace: there is a form ``<name>_``; pointwise ops have one unless this says otherwise.
        method: it is a method of Tensor too.
        aliases: other names of the same op.
        uniform: its in-place form writes one value everywhere, so that elements may share memory.

    Returns:
        The function, with the row as its attribute ``rule``.
    """
    wise = isinstance(forward, np.ufunc) if pointwise is None else pointwise
    promote = ("common" if wise else None) if promote == "default" else promote
    rule = OpRule(
        name, forward=forward, inputs=inputs, vjp=vjp, jvp=jvp, node=node, outputs=outputs,
        differentiable=outputs if differentiable is None else differentiable, pointwise=wise, promote=promote,
        params=params, view=view, many=many, variadic=variadic, spread=spread, hidden=hidden,
        mixes_complex=mixes_complex, uniform=uniform,
    )  # fmt: skip
    short = (
        wise
        and rule.single
        and not rule.params
        and not hidden
        and rule.tracked
        and not mixes_complex
    )
    if (
        short
        and len(inputs) == 1
        and set(rule.saved_names) <= {"self", "result"}
        and len(rule.saved_names) <= 1
        and not rule.meta_names
    ):
        fn = short_paths.make_unary(rule)
        in_place = short_writes.make_write(rule)
    elif (
        short
        and inputs == ("self", "other")
        and not rule.meta_names
        and rule.saved_names in ((), ("self", "other"))
    ):
        fn = short_paths.make_binary(rule)
        in_place = short_writes.make_binary_write(rule)
    else:
        fn = short_paths.make_general(rule)
        in_place = short_writes.make_write(rule)
    rule.call = fn
    publish(fn, (name, *aliases), rule=rule, method=method)
    if (wise and rule.tracked) if inplace is None else inplace:
        publish(
            in_place,
            tuple(f"{n}_" for n in (name, *aliases)),
            rule=rule,
            method=method,
        )
    return fn
