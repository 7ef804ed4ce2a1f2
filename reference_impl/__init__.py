"""The reference: torch.autograd on NumPy, under torch's spelling (``import reference_impl as torch``)."""

from typing import Any

from reference_impl import printing
from reference_impl.devices import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    device,
    preserve_format,
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
from reference_impl.graph import AccumulateGrad
from reference_impl.ops import creation, families
from reference_impl.ops.creation import tensor
from reference_impl.printing import set_printoptions
from reference_impl.registry import Namespace, lookup
from reference_impl.tensor import Size, Tensor

from reference_impl.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled
from reference_impl import autograd, distributions, func, nn, optim, utils  # after the ops they use
from reference_impl.vmap import vmap

half, float, double, cfloat, cdouble = float16, float32, float64, complex64, complex128  # noqa: A001 - torch's names
short, int, long = int16, int32, int64  # noqa: A001 - torch's names
pi, e, inf, nan = 3.141592653589793, 2.718281828459045, 1e999, 1e999 - 1e999
newaxis = None
fft, linalg, masked, random, special = (Namespace(n) for n in ("fft", "linalg", "masked", "random", "special"))
FloatTensor = creation.legacy_type("FloatTensor", float32)
DoubleTensor = creation.legacy_type("DoubleTensor", float64)
HalfTensor = creation.legacy_type("HalfTensor", float16)
LongTensor = creation.legacy_type("LongTensor", int64)
IntTensor = creation.legacy_type("IntTensor", int32)
BoolTensor = creation.legacy_type("BoolTensor", bool)


def __getattr__(name: str) -> Any:
    """Ops are found in the registry by torch's name for the function."""
    found = lookup(name)
    if found is None:
        raise AttributeError(f"module 'reference_impl' has no attribute {name!r}: the reference does not have torch.{name}")
    return found


