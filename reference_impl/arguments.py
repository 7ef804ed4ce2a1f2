"""Which kind of value each argument takes, told by its name: one table for all operators."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from reference_impl import errors
from reference_impl.tensor import Tensor

# Note [Kinds of arguments]
# An argument of one name means one thing in all of torch: `keepdim` is a switch, `dim` a whole number or several. So
# the kind is told by the name, in one table, and no operator repeats it. What a kind takes quickly, by its exact type,
# stands in a set; only what is not in it is looked at more closely. Where torch takes more under a name than
# elsewhere, `ELSEWHERE` says so.


def _is_whole(x: Any) -> bool:
    if isinstance(x, Tensor):
        return x.ndim == 0 and x._data.dtype.kind in "biu"
    return hasattr(x, "__index__")


def _are_whole(x: Any) -> bool:
    return all(map(_is_whole, x)) if isinstance(x, tuple | list) else _is_whole(x)


def _are_tensors(x: Any) -> bool:
    return isinstance(x, tuple | list) and all(isinstance(item, Tensor) for item in x)


def _is_number(x: Any) -> bool:
    return isinstance(x, int | float | complex | np.number | np.bool_ | Tensor)


def _are_numbers(x: Any) -> bool:
    return all(map(_is_number, x)) if isinstance(x, tuple | list) else _is_number(x)


class Kind(NamedTuple):
    """What an argument takes: its name in messages, types that are taken at once, and what else is."""

    name: str
    types: frozenset[type]
    fits: Callable[[Any], bool]


TENSOR = Kind("Tensor", frozenset([Tensor]), lambda x: isinstance(x, Tensor))
FLAG_OR_NONE = Kind("bool", frozenset([bool, type(None)]), lambda _: False)
BOOL = Kind("bool", frozenset([bool]), lambda x: isinstance(x, np.bool_))
INT = Kind("int", frozenset([int, bool]), _is_whole)
INTS = Kind("tuple of ints", frozenset([int, bool]), _are_whole)
NUMBER = Kind("Number", frozenset([int, float, bool]), _is_number)
REAL = Kind(
    "float", frozenset([int, float, bool]), lambda x: _is_number(x) and not isinstance(x, complex)
)
NUMBERS = Kind("Number", frozenset([int, float, bool]), _are_numbers)
INTS_OR_STR = Kind("tuple of ints", frozenset([int, bool, str]), _are_whole)
SIZES = Kind("tuple of ints", frozenset(), lambda x: isinstance(x, tuple | list) and _are_whole(x))
INT_OR_TENSOR = Kind("int", frozenset([int, bool]), lambda x: isinstance(x, Tensor) or _is_whole(x))
TENSORS = Kind("tuple of Tensors", frozenset(), _are_tensors)
STR = Kind("str", frozenset([str]), lambda x: isinstance(x, str))

_NAMES: Mapping[Kind, str] = {
    TENSOR: """self input A B tau x1 x2 input1 input2 LU_data LU_pivots LU pivots vec2 theta grid sorted_sequence target
        mask anchor positive negative query key data""",
    TENSORS: "tensors",
    BOOL: """keepdim inplace ceil_mode training upper left unitriangular pivot hermitian include_self
        check_errors adjoint descending largest sorted count_include_pad scale_grad_by_freq full_matrices increasing
        return_complex normalized equal_nan zero_infinity log_target full swap accumulate stable transpose some
        with_replacement log_input unsafe is_causal use_input_stats train non_blocking copy unpack_data unpack_pivots
        include_last_offset align_corners right out_int32 replacement""",
    FLAG_OR_NONE: "requires_grad",
    INT: """k chunks dim0 dim1 dim2 start_dim end_dim dimension num_groups upscale_factor downscale_factor offset n_fft
        diagonal groups num_classes blank n N q niter num_samples decimals r minlength edge_order
        length step storage_offset divisor_override ignore_index""",
    INTS: """dim dims kernel_size dilation stride output_padding normalized_shape shifts pad size output_size
        split_sizes split_size_or_sections sizes s""",
    INTS_OR_STR: "padding",
    REAL: "eps momentum margin negative_slope lambd delta maxnorm label_smoothing min_val max_val dropout_p",
    NUMBER: "alpha beta p ord",
    STR: "mode padding_mode UPLO indexing approximate reduce",
}  # fmt: skip
KINDS: Mapping[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
# Operators that take a number first.
_NUMBERS_FIRST = """
    add sub subtract mul div divide pow float_power remainder xlogy special.xlog1py xlogy.number_first where polygamma
    __radd__ __rmul__ __rsub__ __rpow__ __rmod__ __rdiv__ result_type bernoulli_number.sample searchsorted to tensor
"""
# Operators so frequent and so quick that looking at their tensors first shows; what is no tensor fails soon after.
_OFTEN = "matmul reshape view"
_UNPOOLED = "kernel_size stride padding output_size"
_INDEXED = "gather scatter scatter_add scatter_reduce index_add index_copy index_fill index_reduce index_select"
# (operator, argument): where a name means something else, or nothing is said of it.
ELSEWHERE: Mapping[tuple[str, str], Kind | None] = {
    **{(op, "self"): None for op in (*_NUMBERS_FIRST.split(), *_OFTEN.split())},
    **{(f"{norm}_norm.over", "groups"): None for norm in ("batch", "layer", "group")},
    **{(f"fft.{name}", "n"): INT for name in ("fftfreq", "rfftfreq")},
    **{(op, name): TENSOR for op in _INDEXED.split() for name in ("index", "source")},
    ("rrelu", "upper"): REAL,
    ("polygamma", "n"): None,
    ("dist", "other"): TENSOR,
    ("lerp", "end"): TENSOR,
    ("linalg.vecdot", "y"): TENSOR,
    ("scatter_add", "src"): TENSOR,
    ("linear", "bias"): TENSOR,
    ("nn.functional.linear", "bias"): TENSOR,
    ("nn.functional.rms_norm", "weight"): TENSOR,
    ("movedim", "source"): INTS,
    ("movedim", "destination"): INTS,
    ("select_scatter", "index"): INT,
    ("cov", "correction"): INT,
    ("grid_sampler_2d", "padding_mode"): None,
    ("grid_sampler_3d", "padding_mode"): None,
    **{
        (f"{row}.dims", "dim"): None
        for row in ("amax", "amin", "argmax", "argmin", "all", "any", "count_nonzero")
    },
    **{
        (f"nn.functional.adaptive_{kind}_pool{d}d", "output_size"): None
        for kind in ("avg", "max")
        for d in (1, 2, 3)
    },
    **{
        (f"nn.functional.max_unpool{d}d", name): None
        for d in (1, 2, 3)
        for name in _UNPOOLED.split()
    },
    ("special.xlog1py.number_first", "self"): None,
    ("nn.functional.normalize", "dim"): None,
    ("nn.functional.normalize", "p"): None,
    ("nn.functional.layer_norm", "normalized_shape"): SIZES,
    ("native_layer_norm", "normalized_shape"): SIZES,
    ("nn.functional.rms_norm", "normalized_shape"): SIZES,
    ("lerp", "weight"): NUMBER,
    ("threshold", "threshold"): REAL,
    ("threshold", "value"): REAL,
    ("roll", "dims"): None,
    ("narrow", "start"): INT_OR_TENSOR,
    ("narrow", "length"): INT,
    ("select", "index"): INT,
    ("repeat_interleave", "repeats"): INT_OR_TENSOR,
    ("special.polygamma", "n"): None,
    ("nn.functional.gumbel_softmax", "tau"): REAL,
    ("nn.functional.gumbel_softmax", "dim"): INT,
    ("nn.functional.local_response_norm", "k"): NUMBER,
    ("nn.functional.linalg.vector_norm", "ord"): NUMBER,
    ("linalg.norm", "ord"): None,
    ("linalg.matrix_norm", "ord"): None,
    ("norm", "p"): None,
    ("linalg.cond", "p"): None,
    ("tensordot", "dims"): None,
    ("diff", "n"): INT,
    ("data", "data"): None,
    ("tensor", "data"): None,
    ("as_tensor", "data"): None,
    ("new_tensor", "data"): None,
    ("from_numpy", "data"): None,
    ("uniform.sample", "from"): None,
}
# Families whose functions look at no argument's kind themselves.
_ANYTHING = ("masked.", "random.", "autograd.")


class Plan(NamedTuple):
    """The kinds of one operator's arguments: by place, and by name; with each whether None is taken."""

    places: Sequence[tuple[str, Kind | None, bool]]
    names: Mapping[str, tuple[str, Kind | None, bool]]


def plan_of(
    op: str, defaults: Iterable[tuple[str, Any]], named: Iterable[tuple[str, Any]] = ()
) -> Plan | None:
    """The kinds of arguments of these names and defaults, and of those that go by name alone; None if none is known."""
    if op.startswith(_ANYTHING):
        return None

    def entry(name: str, default: Any) -> tuple[str, Kind | None, bool]:
        kind = ELSEWHERE.get((op.removesuffix("_"), name), KINDS.get(name))
        return (name, kind, default is None or kind is None)

    places = tuple(entry(name, default) for name, default in defaults)
    entries = (*places, *(entry(name, default) for name, default in named))
    if all(kind is None for _, kind, _ in entries):
        return None
    return Plan(places, {found[0]: found for found in entries})


def plan_of_function(op: str, fn: Callable[..., Any]) -> Plan | None:
    """The kinds of a function's arguments, by its signature."""
    places, named = [], []
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.kind == parameter.KEYWORD_ONLY:
            named.append((parameter.name, parameter.default))
        elif parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            places.append((parameter.name, parameter.default))
    return plan_of(op, places, named)


def check(op: str, plan: Plan, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse an argument of another kind than its name says.

    Raises:
        TypeError: with the argument's name and place, what it takes and what was given.
    """
    for at, (x, entry) in enumerate(zip(args, plan.places, strict=False)):
        kind = entry[1]
        if kind is not None and type(x) not in kind.types:
            _check(op, entry, x, at)
    for name, x in kwargs.items():
        found = plan.names.get(name)
        if found is not None and found[1] is not None and type(x) not in found[1].types:
            _check(op, found, x, None)


def _check(op: str, entry: tuple[str, Kind | None, bool], x: Any, at: int | None) -> None:
    name, kind, takes_none = entry
    if kind is None or (x is None and takes_none) or kind.fits(x):
        return
    where = "" if at is None else f" (position {at + 1})"
    raise TypeError(
        f"{op}(): argument '{name}'{where} must be {kind.name}, not {errors.type_name(x)}"
    )
