"""The reference: torch.autograd on NumPy, under torch's spelling (``import reference_impl as torch``)."""

from typing import Any

from reference_impl import (
    amp,
    autograd,
    distributions,
    func,
    nn,
    optim,
    overrides,
    printing,
    registry,
    tensor_autograd,
    testing,
    utils,
)
from reference_impl.amp import (
    autocast,
    get_autocast_dtype,
    is_autocast_cache_enabled,
    is_autocast_enabled,
    set_autocast_cache_enabled,
    set_autocast_dtype,
    set_autocast_enabled,
)
from reference_impl.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from reference_impl.devices import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    get_default_device,
    preserve_format,
    set_default_device,
    sparse_coo,
    strided,
)
from reference_impl.dtypes import (
    bfloat16,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from reference_impl.dtypes import bool_ as bool  # noqa: A004 - torch's name
from reference_impl.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from reference_impl.missing import NotOfferedError
from reference_impl.ops import creation, families
from reference_impl.ops.creation import tensor
from reference_impl.printing import set_printoptions
from reference_impl.private import VF as _VF
from reference_impl.private import C as _C
from reference_impl.private import cuda, load, save, unique_dim
from reference_impl.private import unique_counted as _unique2
from reference_impl.private import unique_sorted as _unique
from reference_impl.registry import Namespace, lookup
from reference_impl.settings import (
    are_deterministic_algorithms_enabled,
    get_float32_matmul_precision,
    get_num_threads,
    is_deterministic_algorithms_warn_only_enabled,
    set_float32_matmul_precision,
    set_num_threads,
    use_deterministic_algorithms,
)
from reference_impl.size import Size
from reference_impl.tensor import Tensor
from reference_impl.vmap import vmap

__version__ = "0.1.0"

# torch's short names of dtypes; they hide Python's inside this module only.
half, float, double = float16, float32, float64  # noqa: A001
cfloat, cdouble = complex64, complex128
short, int, long = int16, int32, int64  # noqa: A001
pi, e, inf, nan = 3.141592653589793, 2.718281828459045, 1e999, 1e999 - 1e999
newaxis = None
spmm = lookup("mm")
fft, linalg, masked, random, sparse, special = (
    Namespace(n) for n in ("fft", "linalg", "masked", "random", "sparse", "special")
)
FloatTensor = creation.legacy_type("FloatTensor", float32)
DoubleTensor = creation.legacy_type("DoubleTensor", float64)
BFloat16Tensor = creation.legacy_type("BFloat16Tensor", bfloat16)
HalfTensor = creation.legacy_type("HalfTensor", float16)
LongTensor = creation.legacy_type("LongTensor", int64)
IntTensor = creation.legacy_type("IntTensor", int32)
ShortTensor = creation.legacy_type("ShortTensor", int16)
CharTensor = creation.legacy_type("CharTensor", int8)
ByteTensor = creation.legacy_type("ByteTensor", uint8)
BoolTensor = creation.legacy_type("BoolTensor", bool)

# Functions of torch.nn.functional that stand in torch with the same signature.
_OF_FUNCTIONAL = frozenset(
    {
        "adaptive_avg_pool1d",
        "alpha_dropout",
        "avg_pool1d",
        "group_norm",
        "layer_norm",
        "rms_norm",
    }
)

# Names of the module itself; ops are found by ``__getattr__``.
__all__ = [
    "_C",
    "_VF",
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "Size",
    "Tensor",
    "_unique",
    "_unique2",
    "amp",
    "are_deterministic_algorithms_enabled",
    "autocast",
    "autograd",
    "bfloat16",
    "bool",
    "cdouble",
    "cfloat",
    "channels_last",
    "channels_last_3d",
    "complex64",
    "complex128",
    "contiguous_format",
    "cuda",
    "device",
    "distributions",
    "double",
    "dtype",
    "e",
    "enable_grad",
    "families",
    "fft",
    "finfo",
    "float",
    "float16",
    "float32",
    "float64",
    "func",
    "get_autocast_dtype",
    "get_default_device",
    "get_default_dtype",
    "get_float32_matmul_precision",
    "get_num_threads",
    "half",
    "iinfo",
    "inf",
    "inference_mode",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_autocast_cache_enabled",
    "is_autocast_enabled",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "linalg",
    "load",
    "long",
    "masked",
    "nan",
    "newaxis",
    "nn",
    "no_grad",
    "optim",
    "overrides",
    "pi",
    "preserve_format",
    "printing",
    "random",
    "save",
    "set_autocast_cache_enabled",
    "set_autocast_dtype",
    "set_autocast_enabled",
    "set_default_device",
    "set_default_dtype",
    "set_float32_matmul_precision",
    "set_grad_enabled",
    "set_num_threads",
    "set_printoptions",
    "short",
    "sparse",
    "sparse_coo",
    "special",
    "spmm",
    "strided",
    "tensor",
    "tensor_autograd",
    "testing",
    "uint8",
    "unique_dim",
    "use_deterministic_algorithms",
    "utils",
    "vmap",
]


def __getattr__(name: str) -> Any:
    """Ops are found in the registry by torch's name for the function."""
    found = lookup(name) or (lookup(f"nn.functional.{name}") if name in _OF_FUNCTIONAL else None)
    if found is None:
        raise NotOfferedError("torch", name, {*__all__, *registry.names()})
    return found
