"""How far two right answers may lie apart: per dtype, and per op where a reason stands beside it."""

from dataclasses import dataclass, replace

# Unit roundoff steps of the dtypes torch computes in; NumPy knows neither bfloat16 nor the 8-bit floats.
EPS = {
    "float64": 2.0**-52,
    "complex128": 2.0**-52,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
    "float16": 2.0**-10,
    "complex32": 2.0**-10,
    "bfloat16": 2.0**-7,
}


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The bound ``atol + rtol * |expected|``, and the spacing of the dtype's numbers around 1.

    ``elementwise``: each element stands for itself, and a small one beside large ones must be right as well.
    ``loosened``: by how much an entry of LOOSER has widened it.
    """

    rtol: float
    atol: float
    eps: float
    elementwise: bool = False
    loosened: float = 1.0

    @property
    def is_exact(self) -> bool:
        return self.rtol == 0 and self.atol == 0

    def unloosened(self) -> "Tolerance":
        """The bound without an exception."""
        by = self.loosened
        return replace(self, rtol=self.rtol / by, atol=self.atol / by, loosened=1.0)


EXACT = Tolerance(rtol=0.0, atol=0.0, eps=0.0)

# Values worked out by hand pass through a few ops: some tens of ulps where an ulp is small, a few where it is coarse.
_VALUE_BOUND = {
    "float64": 1e-12,
    "complex128": 1e-12,
    "float32": 4e-6,
    "complex64": 4e-6,
    "float16": 4e-3,
    "complex32": 4e-3,
    "bfloat16": 3.2e-2,
}


def dtype_name(dtype: object) -> str:
    """``torch.float32``, a NumPy dtype or a name, as the bare name ``float32``."""
    return str(getattr(dtype, "name", dtype)).rpartition(".")[2]


def value_tolerance(dtype: object, *, rtol: float | None = None) -> Tolerance:
    """The tolerance for a value worked out by hand; exact for integers and booleans.

    Args:
        dtype: of the actual value, of either implementation or NumPy, or its name.
        rtol: wider, where the expected number was rounded when it was printed.
    """
    name = dtype_name(dtype)
    bound = _VALUE_BOUND.get(name, 0.0)
    if rtol is not None:
        return Tolerance(rtol=rtol, atol=max(bound, rtol * 1e-3), eps=EPS.get(name, 0.0))
    return Tolerance(rtol=bound, atol=bound, eps=EPS.get(name, 0.0))


# Note [The bound of an operator]
# A right answer of an operator lies within SAFETY ulps of what the reference says, where an ulp is measured at the
# answer itself, at the largest element of the array that it stands in, at 1, or at the distance by which the answer
# moves when each input moves by an ulp in a random direction - the condition of the problem, which suites/ops asks
# the reference for where the plain bound does not hold. The length of a reduction is part of that distance: the
# moves of n terms add up as the roundings of n terms do, like a random walk (Higham and Mary, "A new approach to
# probabilistic rounding error analysis", SIAM J. Sci. Comput. 41, 2019). One factor stands for what a kernel may
# do besides: some tens of operations where an ulp is small; where it is coarse, kernels compute in float32 and
# round a few times. Each order of differentiation goes through what the one below has formed on its way, and whose
# size the condition of the answer does not show: PER_ORDER times as much.
SAFETY = {
    "float64": 64.0,
    "complex128": 64.0,
    "float32": 64.0,
    "complex64": 64.0,
    "float16": 8.0,
    "complex32": 8.0,
    "bfloat16": 8.0,
}
PER_ORDER = 4.0
ORDER = {"value": 0, "vjp": 1, "jvp": 1, "double": 2}
_COARSE = frozenset({"float16", "complex32", "bfloat16"})

# The value of a pointwise op, and the slope of a function of one number, are held to ulps of the element and to its
# condition alone: nothing else entered it. Close to where numbers end, kernels that form an exponential on the way may
# have lost it to zero or infinity.
SMALLEST = {
    "float64": 1e-300,
    "complex128": 1e-300,
    "float32": 1e-35,
    "complex64": 1e-35,
    "float16": 2.0**-14,
    "complex32": 2.0**-14,
    "bfloat16": 1e-35,
}


@dataclass(frozen=True, slots=True)
class Looser:
    """A factor on the bound of some ops, or of one of their checks, and the reason for it."""

    ops: tuple[str, ...]
    checks: tuple[str, ...]
    factor: float
    reason: str
    dtypes: tuple[str, ...] = ("float64", "complex128")

    def speaks_of(self, op: str, check: str, dtype: str) -> bool:
        """Whether a check of an operator in a dtype is judged by it."""
        return op in self.ops and check in self.checks and dtype in self.dtypes


_DERIVATIVES = ("vjp", "jvp", "double")
_ONE_IN_A_GROUP = (
    "where a group has one or two elements, its gradient is what is left of terms as large as 1 / sigma that cancel; "
    "the condition of a constant shows nothing of them"
)
LOOSER: tuple[Looser, ...] = (
    Looser(
        ("half", "chalf"),
        ("value", *_DERIVATIVES),
        1e11,
        "the numbers are in half precision on the way; whether float64 is rounded once or by way of float32 hangs on "
        "the layout",
    ),
    Looser(
        ("digamma",),
        _DERIVATIVES,
        2e4,
        "the derivative is trigamma, of whose series torch cuts off 5e-10 (suites/findings/trigamma_accuracy.py)",
    ),
    Looser(
        ("lgamma", "mvlgamma.mvlgamma_p_1", "mvlgamma.mvlgamma_p_3", "mvlgamma.mvlgamma_p_5"),
        ("double",),
        1e4,
        "the second derivative is trigamma, of whose series torch cuts off 5e-10",
    ),
    Looser(
        ("special.log_ndtr",),
        _DERIVATIVES,
        64.0,
        "torch forms exp(-x^2 / 2 - log_ndtr(x)): a rounding of x^2 / 2 is a relative error of the derivative "
        "(suites/findings/log_ndtr_gradient_accuracy.py)",
        ("float64", "float32"),
    ),
    Looser(
        tuple(
            f"nn.functional.linear_cross_entropy{how}" for how in ("", ".chunked", ".chunked_none")
        ),
        ("vjp", "jvp"),
        16.0,
        "the gradient is a mean of weights, some thousand at edges, less one of them: a rounding of a probability of 1 "
        "is up to 2e3 ulps of 1, 8 times the bound, and where the result is 0 nothing tells of it",
        ("float64",),
    ),
    Looser(
        ("logcumsumexp",),
        _DERIVATIVES,
        1e5,
        "torch adds up logarithms of gradients, shifted by the result: a rounding of it is a relative error of the "
        "derivative (suites/findings/logcumsumexp_float32_gradient.py)",
    ),
    Looser(
        ("logsumexp",),
        _DERIVATIVES,
        256.0,
        "the weights exp(x - result) are formed from the rounded result: its rounding is their relative error",
    ),
    Looser(
        ("logsumexp",),
        _DERIVATIVES,
        16384.0,
        "of complex numbers the phase of the weights is that of x - result, of which an ulp of imaginary parts of 2e6, "
        "as op_db has them, is missing (suites/findings/logsumexp_gradient_of_large_numbers.py)",
        ("complex128",),
    ),
    Looser(
        ("masked.logsumexp",),
        _DERIVATIVES,
        256.0,
        "as logsumexp, whose weights are formed from the rounded result",
        ("complex128", "complex64"),
    ),
    Looser(
        ("sinc",),
        _DERIVATIVES,
        64.0,
        "torch forms (y cos y - sin y) / (y x) with y = pi x: an ulp of y over y x is 5,000 ulps at 2e-4, below which "
        "samples are set apart (suites/findings/sinc_gradient_near_zero.py)",
        ("float64", "complex128", "float32", "complex64"),
    ),
    Looser(
        (
            "nn.functional.layer_norm",
            "native_layer_norm",
        ),
        _DERIVATIVES,
        64.0,
        _ONE_IN_A_GROUP,
        ("float64", "complex128", "float32", "complex64"),
    ),
    Looser(
        ("native_group_norm",),
        ("jvp",),
        1024.0,
        "the tangent of 1 / sigma loses more digits than the inputs' condition shows, the more the larger the mean is "
        "beside sigma: of pairs drawn within 1 of 1,000 half lose 2,000 ulps, of those within 1 of 1 one",
    ),
    Looser(
        ("nn.functional.normalize", "corrcoef"),
        ("vjp", "jvp"),
        64.0,
        _ONE_IN_A_GROUP,
        ("float64", "complex128", "float32", "complex64"),
    ),
    Looser(
        ("cov",),
        ("vjp", "double"),
        16.0,
        "the covariance of two observations does not depend on their weights: its gradient by them is what is left of "
        "terms as large as the square of an observation over a weight",
        ("complex128", "complex64"),
    ),
    Looser(("nn.functional.normalize",), ("double",), 64.0, _ONE_IN_A_GROUP),
    Looser(
        ("nn.functional.normalize",), _DERIVATIVES, 512.0, _ONE_IN_A_GROUP, ("float32", "complex64")
    ),
    Looser(("nn.functional.normalize",), ("vjp",), 8.0, _ONE_IN_A_GROUP, ("bfloat16",)),
    Looser(
        (
            "norm",
            "norm.fro",
            "masked.norm",
            "linalg.norm",
            "linalg.vector_norm",
            "linalg.matrix_norm",
        ),
        ("double",),
        16.0,
        _ONE_IN_A_GROUP,
    ),
    Looser(
        ("cdist",),
        ("vjp",),
        1e5,
        "by way of a matrix product the square of a distance is |x|^2 + |y|^2 - 2 xy, of which an ulp over it is "
        "lost: of 800 pairs that differ in one coordinate some are 1e-3 apart",
    ),
    Looser(
        ("cdist",),
        ("value",),
        1e4,
        "the same squares: where 1,680 pairs differ in one coordinate, one seed in fifty has two that are 1e-5 apart",
    ),
    Looser(
        ("matrix_exp",),
        ("value", *_DERIVATIVES),
        8.0,
        "a polynomial is squared up to ten times, each of which doubles its relative error; the condition of a matrix "
        "with orthogonal eigenvectors shows nothing of that",
    ),
    Looser(
        ("nn.functional.binary_cross_entropy",),
        ("double",),
        1e5,
        "torch keeps a small constant in the denominators of the second derivative, 1e-10 of it in the middle",
    ),
    Looser(
        ("linalg.householder_product",),
        ("vjp", "jvp"),
        256.0,
        "torch undoes each reflection by its inverse, which has a pole where tau |v|^2 is 1; the product has none",
        ("float64", "complex128", "float32", "complex64"),
    ),
    Looser(("linalg.householder_product",), ("double",), 1e5, "the same inverses, squared"),
    Looser(
        ("qr", "linalg.qr"),
        ("double",),
        32.0,
        "the derivative solves with R, its derivative twice; the inputs' condition shows that once",
    ),
    Looser(
        ("linalg.pinv.hermitian",),
        _DERIVATIVES,
        64.0,
        "the eigenvectors of nearly equal eigenvalues are arbitrary, and rounded before they are put together",
    ),
    Looser(
        ("linalg.eig", "linalg.eigvals"),
        _DERIVATIVES,
        16.0,
        "the derivative solves with the matrix of eigenvectors, whose condition the answer's does not show",
    ),
    Looser(
        (
            "prod",
            "masked.prod",
            "cumprod",
            "masked.cumprod",
            "linalg.vander",
            "index_reduce.prod",
            "scatter_reduce.prod",
        ),
        ("double",),
        256.0,
        "torch divides the product by one factor and then by another, each of which may be small; where one is left "
        "alone, the second derivative is 0, and found as the rest of two quotients",
        ("float64", "complex128", "float32", "complex64"),
    ),
)

# Elementwise, but documented as a sum of terms, whose roundings are those of the terms.
_SUM_OF_TERMS = frozenset({"nn.functional.tanhshrink"})


def tolerance_for(
    op: str, dtype: object, check: str = "value", *, elementwise: bool = False
) -> Tolerance:
    """The plain bound of an operator's values or derivatives. See Note [The bound of an operator]."""
    name = dtype_name(dtype)
    ulp = EPS.get(name, 0.0)
    orders = 1.0 if name in _COARSE else PER_ORDER ** ORDER[check]
    loosened = _factor(op, check, name)
    bound = ulp * SAFETY.get(name, 0.0) * orders * loosened
    atol = bound
    is_elementwise = elementwise and op not in _SUM_OF_TERMS
    if is_elementwise:
        atol = SMALLEST.get(name, 0.0) * loosened
    return Tolerance(rtol=bound, atol=atol, eps=ulp, elementwise=is_elementwise, loosened=loosened)


def _factor(op: str, check: str, dtype: str) -> float:
    return max((e.factor for e in LOOSER if e.speaks_of(op, check, dtype)), default=1.0)


# Two ways to the same answer on the subject alone, or a program of several ops: nobody says how well conditioned the
# question is, so the bound is a number that has room for most of them.
_FIXED_BOUND = {
    "float64": 1e-10,
    "complex128": 1e-10,
    "float32": 5e-5,
    "complex64": 5e-5,
    "float16": 2e-2,
    "complex32": 2e-2,
    "bfloat16": 1e-1,
}
_PER_ORDER = 10.0  # each order of differentiation multiplies conditions once more


def fixed_tolerance(dtype: object, order: int = 0) -> Tolerance:
    """The bound where no condition is known, for values (order 0), first or second derivatives."""
    name = dtype_name(dtype)
    bound = _FIXED_BOUND.get(name, 0.0) * _PER_ORDER**order
    return Tolerance(rtol=bound, atol=bound, eps=EPS.get(name, 0.0))
