"""Random numbers: one process-wide generator, factories, samplers that write, dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, mapping
from reference_impl.bfloat16_array import DTYPE, Limits, cast, round_to
from reference_impl.devices import resolve
from reference_impl.grad_mode import MODE
from reference_impl.meta_array import placed
from reference_impl.ops.lang import zeros_like
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS, register
from reference_impl.tensor import Tensor, make


class Generator:
    """A source of random numbers that remembers its seed."""

    def __init__(self, device: Any = None) -> None:
        _ = resolve(device)
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start again from ``seed``."""
        self.seed_number = int(seed)
        self.numpy = np.random.Generator(np.random.PCG64(self.seed_number % (1 << 64)))
        return self

    def initial_seed(self) -> int:
        """The seed it was started from."""
        return self.seed_number

    def seed(self) -> int:
        """Start again from a seed nobody chose."""
        return self.manual_seed(int(np.random.SeedSequence().entropy) % (1 << 63)).seed_number  # type: ignore[arg-type]

    def get_state(self) -> Tensor:
        """The state as bytes, for ``set_state``."""
        found = self.numpy.bit_generator.state
        words = [
            found["state"]["state"],
            found["state"]["inc"],
            found["has_uint32"],
            found["uinteger"],
        ]
        return make(
            np.frombuffer(b"".join(w.to_bytes(16, "little") for w in words), np.uint8).copy()
        )

    def set_state(self, state: Tensor) -> None:
        """Go on from a state that ``get_state`` gave."""
        raw = bytes(state._data)
        words = [int.from_bytes(raw[i : i + 16], "little") for i in range(0, 64, 16)]
        found = dict(self.numpy.bit_generator.state)
        # A single-precision number takes half of a draw; the other half waits.
        found |= {
            "state": {"state": words[0], "inc": words[1]},
            "has_uint32": words[2],
            "uinteger": words[3],
        }
        self.numpy.bit_generator.state = found


DEFAULT = Generator()


def _source(generator: Generator | None) -> Any:
    if MODE.vmap:
        mapping.check_draw()
    return (DEFAULT if generator is None else generator).numpy


register("Generator", Generator)
register("default_generator", DEFAULT)  # type: ignore[arg-type]
define_function("manual_seed", lambda seed: DEFAULT.manual_seed(seed), method=False)
define_function("seed", lambda: DEFAULT.seed(), method=False)
define_function("initial_seed", lambda: DEFAULT.initial_seed(), method=False)
define_function("get_rng_state", lambda: DEFAULT.get_state(), method=False)
define_function("set_rng_state", lambda new_state: DEFAULT.set_state(new_state), method=False)


class fork_rng:  # noqa: N801 - torch's name, used as a context manager
    """Inside, draws leave the state of the process-wide generator as it was before."""

    def __init__(self, devices: Any = None, enabled: bool = True, **_others: Any) -> None:
        _ = devices
        self.enabled = enabled

    def __enter__(self) -> None:
        self.state = DEFAULT.get_state()

    def __exit__(self, *exc_info: object) -> None:
        if self.enabled:
            DEFAULT.set_state(self.state)


register("random.fork_rng", fork_rng)
for _name in ("manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state"):
    register(f"random.{_name}", OPS[_name])

# -- factories ---------------------------------------------------------------------------------------------------------


def _sizes(size: tuple[Any, ...]) -> tuple[int, ...]:
    if len(size) == 1 and not hasattr(size[0], "__index__"):
        size = tuple(size[0])
    return tuple(int(n) for n in size)


def _leaf(data: Any, *, requires_grad: bool = False, device: Any = None) -> Tensor:
    made = make(placed(round_to(data) if data.dtype == DTYPE else data, device))
    if requires_grad:
        made._set_requires_grad(True)
    return made


def _draw(kind: str, shape: tuple[int, ...], dtype: Any, generator: Generator | None) -> Any:
    """Uniform or normal numbers of a floating-point or complex dtype; a complex normal has variance 1 in all."""
    source = _source(generator)
    draw = source.random if kind == "rand" else source.standard_normal
    if dtype.kind == "c":
        scale = 1.0 if kind == "rand" else np.sqrt(0.5)
        return np.asarray((draw(shape) + 1j * draw(shape)) * scale).astype(dtype)
    if dtype.kind != "f":
        raise RuntimeError(f"{kind} not implemented for {dtypes.OF_NUMPY[dtype].short!r}")
    # Drawn in the dtype's own precision where NumPy can: rounding up would make a uniform number 1.
    narrow = dtype == np.float32
    found = np.asarray(draw(shape, dtype=np.float32 if narrow else np.float64))
    least = Limits.eps / 2 if dtype == DTYPE else np.finfo(dtype).epsneg
    return np.minimum(cast(found, dtype), 1 - least) if kind == "rand" else cast(found, dtype)


def _factory(name: str) -> None:
    def factory(
        *size: Any,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        generator: Generator | None = None,
        layout: Any = None,
        pin_memory: Any = None,
        **kwargs: Any,
    ) -> Tensor:
        _ = layout, pin_memory
        kind = dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)
        shape = _sizes((kwargs["size"],) if "size" in kwargs else size)
        return _leaf(
            _draw(name, shape, kind, generator), requires_grad=requires_grad, device=device
        )

    def like(
        self: Tensor,
        *,
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        generator: Generator | None = None,
        layout: Any = None,
        memory_format: Any = None,
    ) -> Tensor:
        _ = layout, memory_format
        kind = self._data.dtype if dtype is None else dtypes.to_numpy(dtype)
        return _leaf(
            _draw(name, self._data.shape, kind, generator),
            requires_grad=requires_grad,
            device=self.device if device is None else device,
        )

    define_function(name, factory, method=False)
    define_function(f"{name}_like", like, method=False)


_factory("rand")
_factory("randn")


def randint(
    *args: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    **kwargs: Any,
) -> Tensor:
    """Whole numbers from ``low`` (0) up to below ``high``: ``randint(high, size)`` or ``randint(low, high, size)``."""
    values = list(args)
    size = kwargs.pop("size") if "size" in kwargs else values.pop()
    low = kwargs.pop("low", values.pop(0) if len(values) == 2 else 0)
    high = kwargs.pop("high") if "high" in kwargs else values.pop()
    kind = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    return _leaf(
        _integers(low, high, _sizes((size,)), kind, generator), device=device, **_flag(kwargs)
    )


def _flag(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {"requires_grad": kwargs.get("requires_grad", False)}


def _integers(
    low: Any, high: Any, shape: tuple[int, ...], kind: Any, generator: Generator | None
) -> Any:
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    return np.asarray(_source(generator).integers(int(low), int(high), shape)).astype(kind)


def randint_like(self: Tensor, *args: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
    """``randint`` of this tensor's size and dtype."""
    return randint(
        *args, size=self._data.shape, dtype=self.dtype if dtype is None else dtype, **kwargs
    )


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    **kwargs: Any,
) -> Tensor:
    """The numbers below ``n`` in random order."""
    kind = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    return _leaf(_source(generator).permutation(n).astype(kind), device=device, **_flag(kwargs))


define_function("randint", randint, method=False)
define_function("randint_like", randint_like, method=False)
define_function("randperm", randperm, method=False)

# -- draws that a tensor steers ----------------------------------------------------------------------------------------


def _drawn(
    name: str,
    node: str,
    forward: Any,
    inputs: tuple[str, ...] = ("self",),
    *,
    inplace: bool = False,
) -> Any:
    """A row of a draw: its result does not depend smoothly on anything, so that all gradients are 0."""

    def no_tangent(result: Any) -> Any:
        return zeros_like(result)

    return define_op(
        name,
        node=node,
        forward=forward,
        inputs=inputs,
        pointwise=True,
        promote=None,
        vjp={n: (lambda ct: zeros_like(ct)) for n in inputs},
        jvp=no_tangent,
        inplace=inplace,
        method=False,
    )


def _normal(mean: Any, std: Any, generator: Any = None) -> Any:
    if np.any(np.asarray(std) < 0):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    dtype = dtypes.result_dtype((mean, std))
    noise = _source(generator).standard_normal(np.broadcast_shapes(np.shape(mean), np.shape(std)))
    return np.asarray(mean + std * noise).astype(dtype)


normal_mean = _drawn(
    "normal.mean",
    "NormalBackward1",
    lambda mean, std, generator: _normal(mean, std, generator),
    ("mean",),
)
normal_std = _drawn(
    "normal.std",
    "NormalBackward2",
    lambda std, mean, generator: _normal(mean, std, generator),
    ("std",),
)
normal_both = _drawn("normal.both", "NormalBackward3", _normal, ("mean", "std"))


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    **kwargs: Any,
) -> Tensor:
    """Normal numbers with the given means and standard deviations, or of a given size."""
    if isinstance(mean, Tensor):
        found: Tensor = (
            normal_both(mean, std, generator)
            if isinstance(std, Tensor)
            else normal_mean(mean, std, generator)
        )
        return found
    if isinstance(std, Tensor):
        return normal_std(std, mean, generator)  # type: ignore[no-any-return]
    dtype = kwargs.pop("dtype", None)
    kind = dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)
    data = _draw("randn", _sizes((size,)), kind, generator) * kind.type(std) + kind.type(mean)
    return _leaf(data, device=kwargs.get("device"), **_flag(kwargs))


define_function("normal", normal, method=False)


def _bernoulli(self: Any, generator: Any = None) -> Any:
    if np.any((np.asarray(self) < 0) | (np.asarray(self) > 1)):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    return np.asarray(_source(generator).random(self.shape) < self).astype(self.dtype)


bernoulli_op = _drawn("bernoulli.tensor", "BernoulliBackward0", _bernoulli)


def bernoulli(self: Tensor, p: Any = None, *, generator: Generator | None = None) -> Any:
    """1 with the probability that ``self`` gives, or ``p``; 0 otherwise."""
    if p is None:
        return bernoulli_op(self, generator)
    return bernoulli_(OPS["clone"](self.detach()), p, generator=generator)


define_function("bernoulli", bernoulli)


_poisson = _drawn(
    "poisson.rate",
    "PoissonBackward0",
    lambda self, generator=None: np.asarray(_source(generator).poisson(self)).astype(self.dtype),
)


def poisson(input: Tensor, generator: Generator | None = None) -> Any:
    """Draws from the Poisson distributions of these rates."""
    return _poisson(input, generator)


define_function("poisson", poisson, method=False)


def multinomial(
    self: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices drawn with the weights that each row gives."""
    rows = np.asarray(self._data, dtype=np.float64).reshape(-1, self._data.shape[-1])
    found = [
        _source(generator).choice(len(w), num_samples, replace=replacement, p=w / w.sum())
        for w in rows
    ]
    return make(np.array(found, dtype=np.int64).reshape(*self._data.shape[:-1], num_samples))


define_function("multinomial", multinomial)

# -- draws written into a tensor ---------------------------------------------------------------------------------------


def _sampler(name: str, node: str, draw: Any, params: dict[str, Any]) -> None:
    """``x.<name>_(...)``: new values for all elements, so that no gradient passes."""
    row = f"{name}.sample"
    define_op(
        row,
        node=node,
        forward=lambda self, *options: np.asarray(
            draw(_source(options[-1]), self, *options[:-1])
        ).astype(self.dtype),
        inputs=("self",),
        params={**params, "generator": None},
        pointwise=True,
        promote=None,
        vjp={"self": lambda ct: zeros_like(ct)},
        jvp=lambda self_t: zeros_like(self_t),
        inplace=True,
        method=False,
    )
    write = OPS[f"{row}_"]
    write.__name__ = f"{name}_"
    setattr(Tensor, f"{name}_", write)
    register(f"{name}_", write)


def _normal_like(source: Any, x: Any, mean: float, std: float) -> Any:
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    noise = source.standard_normal(x.shape)
    if x.dtype.kind == "c":
        noise = (noise + 1j * source.standard_normal(x.shape)) * np.sqrt(0.5)
    return mean + std * noise


def _uniform(source: Any, x: Any, low: float, high: float) -> Any:
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low} > to={high}"
        )
    if x.dtype.kind == "c":
        return low + (high - low) * (source.random(x.shape) + 1j * source.random(x.shape))
    found = (low + (high - low) * source.random(x.shape)).astype(x.dtype)
    return np.where(
        found < high, found, x.dtype.type(low)
    )  # rounding may have reached the end, which is excluded


def _whole(source: Any, x: Any, low: Any, high: Any) -> Any:
    if low is None and high is None:
        top = (
            2 ** (np.finfo(x.dtype).nmant + 1) + 1
            if x.dtype.kind == "f"
            else int(np.iinfo(x.dtype).max) + 1
        )
        return (
            source.integers(0, top, x.shape)
            if x.dtype.kind != "b"
            else source.integers(0, 2, x.shape)
        )
    return source.integers(*((0, low) if high is None else (low, high)), x.shape)


_sampler("normal", "NormalBackward0", _normal_like, {"mean": 0.0, "std": 1.0})
_sampler("uniform", "UniformBackward0", _uniform, {"from": 0.0, "to": 1.0})
_sampler(
    "exponential",
    "ExponentialBackward0",
    lambda source, x, lambd: source.exponential(1 / lambd, x.shape),
    {"lambd": 1.0},
)
_sampler(
    "cauchy",
    "CauchyBackward0",
    lambda source, x, median, sigma: median + sigma * source.standard_cauchy(x.shape),
    {"median": 0.0, "sigma": 1.0},
)
_sampler(
    "geometric", "GeometricBackward0", lambda source, x, p: source.geometric(p, x.shape), {"p": 0.5}
)
_sampler(
    "log_normal",
    "LogNormalBackward0",
    lambda source, x, mean, std: source.lognormal(mean, std, x.shape),
    {"mean": 1.0, "std": 2.0},
)
_sampler("random", "RandomBackward2", _whole, {"from": None, "to": None})
_sampler(
    "bernoulli_number",
    "BernoulliBackward2",
    lambda source, x, p: source.random(x.shape) < p,
    {"p": 0.5},
)
_drawn(
    "bernoulli.probabilities",
    "BernoulliBackward1",
    lambda self, p, generator: np.asarray(_source(generator).random(self.shape) < p).astype(
        self.dtype
    ),
    ("self", "p"),
    inplace=True,
)


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
    """Write 1 with probability ``p``, a number or a tensor, 0 otherwise."""
    row = "bernoulli.probabilities_" if isinstance(p, Tensor) else "bernoulli_number_"
    return OPS[row](self, p, generator)


define_function("bernoulli_", bernoulli_)
for _name in ("exponential", "cauchy", "geometric", "log_normal", "uniform"):
    define_function(
        _name,
        lambda self, *args, _write=f"{_name}_", **kwargs: OPS[_write](
            OPS["clone"](self), *args, **kwargs
        ),
        method=False,
    )
