"""Pooling, its inverses and changes of size as modules."""

from __future__ import annotations

from typing import Any, ClassVar

from reference_impl.nn import functional
from reference_impl.nn.module import Module

_MAX = {"kernel_size": None, "stride": None, "padding": 0, "dilation": 1}
_MAX_KEPT = {**_MAX, "return_indices": False, "ceil_mode": False}
_MEAN = {"kernel_size": None, "stride": None, "padding": 0}
_MEAN_KEPT = {**_MEAN, "ceil_mode": False, "count_include_pad": True}
_BY_TWO = {**_MEAN_KEPT, "divisor_override": None}
_NORM = {"norm_type": None, "kernel_size": None, "stride": None, "ceil_mode": False}
_UNPOOL = {"kernel_size": None, "stride": None, "padding": 0}


class _Pool(Module):
    """A pooling: ``fn`` names it in nn.functional, ``usual`` what it is built with and the defaults."""

    fn = ""
    usual: ClassVar[dict[str, Any]] = {}
    text = ""
    fills_stride = True  # a stride that is not given shows as the window's size

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        unknown = options.keys() - self.usual.keys()
        if unknown or len(args) > len(self.usual):
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(self.usual)}; got {sorted(unknown) or args}"
            )
        given = dict(zip(self.usual, args, strict=False)) | options
        self.names = list(self.usual)
        values = self.usual | given
        if values.get("stride", 0) is None and self.fills_stride:
            values["stride"] = values["kernel_size"]
        self.__dict__.update(values)

    def forward(self, x: Any) -> Any:
        return getattr(functional, self.fn)(x, **{n: getattr(self, n) for n in self.names})

    def extra_repr(self) -> str:
        shown = self.text or ", ".join(f"{n}={{{n}}}" for n in self.names)
        return shown.format(**self.__dict__)


class MaxPool1d(_Pool):
    """Largest value in each window of sequences."""

    fn, usual = "max_pool1d", _MAX_KEPT
    text = (
        "kernel_size={kernel_size}, stride={stride}, padding={padding}, dilation={dilation}, "
        "ceil_mode={ceil_mode}"
    )


class MaxPool2d(MaxPool1d):
    """Largest value in each window of images."""

    fn = "max_pool2d"


class MaxPool3d(MaxPool1d):
    """Largest value in each window of volumes."""

    fn = "max_pool3d"


class AvgPool1d(_Pool):
    """Mean of each window of sequences."""

    fn, usual = "avg_pool1d", _MEAN_KEPT
    text = "kernel_size={kernel_size}, stride={stride}, padding={padding}"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.n == 1:
            for name in ("kernel_size", "stride", "padding"):
                value = getattr(self, name)
                setattr(self, name, (value,) if isinstance(value, int) else value)

    n = 1


class AvgPool2d(AvgPool1d):
    """Mean of each window of images."""

    fn, usual, n = "avg_pool2d", _BY_TWO, 2


class AvgPool3d(AvgPool1d):
    """Mean of each window of volumes."""

    fn, usual, n = "avg_pool3d", _BY_TWO, 3


class AdaptiveAvgPool1d(_Pool):
    """Means of as many windows as asked for, of sequences."""

    fn = "adaptive_avg_pool1d"
    usual: ClassVar[dict[str, Any]] = {"output_size": None}


class AdaptiveAvgPool2d(AdaptiveAvgPool1d):
    """Means of as many windows as asked for, of images."""

    fn = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(AdaptiveAvgPool1d):
    """Means of as many windows as asked for, of volumes."""

    fn = "adaptive_avg_pool3d"


class AdaptiveMaxPool1d(_Pool):
    """Largest values of as many windows as asked for, of sequences."""

    fn = "adaptive_max_pool1d"
    usual: ClassVar[dict[str, Any]] = {"output_size": None, "return_indices": False}
    text = "output_size={output_size}"


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """Largest values of as many windows as asked for, of images."""

    fn = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(AdaptiveMaxPool1d):
    """Largest values of as many windows as asked for, of volumes."""

    fn = "adaptive_max_pool3d"


class LPPool1d(_Pool):
    """p-norm of each window of sequences."""

    fn, usual = "lp_pool1d", _NORM
    fills_stride = False
    text = (
        "norm_type={norm_type}, kernel_size={kernel_size}, stride={stride}, ceil_mode={ceil_mode}"
    )


class LPPool2d(LPPool1d):
    """p-norm of each window of images."""

    fn = "lp_pool2d"


class LPPool3d(LPPool1d):
    """p-norm of each window of volumes."""

    fn = "lp_pool3d"


class FractionalMaxPool2d(_Pool):
    """Largest value in each of windows whose borders are drawn at random, of images."""

    fn = "fractional_max_pool2d"
    usual: ClassVar[dict[str, Any]] = {
        "kernel_size": None,
        "output_size": None,
        "output_ratio": None,
        "return_indices": False,
        "_random_samples": None,
    }


class FractionalMaxPool3d(FractionalMaxPool2d):
    """Largest value in each of windows whose borders are drawn at random, of volumes."""

    fn = "fractional_max_pool3d"


class MaxUnpool1d(_Pool):
    """Largest values put back where they came from, zeros elsewhere, in sequences."""

    fn, usual, n = "max_unpool1d", _UNPOOL, 1

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.names:
            value = getattr(self, name)
            setattr(self, name, (value,) * self.n if isinstance(value, int) else value)

    def forward(  # type: ignore[override]
        self, x: Any, indices: Any, output_size: Any = None
    ) -> Any:
        place = (self.kernel_size, self.stride, self.padding)
        return getattr(functional, self.fn)(x, indices, *place, output_size)


class MaxUnpool2d(MaxUnpool1d):
    """Largest values put back where they came from, zeros elsewhere, in images."""

    fn, n = "max_unpool2d", 2


class MaxUnpool3d(MaxUnpool1d):
    """Largest values put back where they came from, zeros elsewhere, in volumes."""

    fn, n = "max_unpool3d", 3


class Upsample(_Pool):
    """Signals of another size."""

    fn = "interpolate"
    usual: ClassVar[dict[str, Any]] = {
        "size": None,
        "scale_factor": None,
        "mode": "nearest",
        "align_corners": None,
        "recompute_scale_factor": None,
    }

    def extra_repr(self) -> str:
        factor = self.scale_factor
        factor = (
            tuple(map(float, factor))
            if isinstance(factor, tuple | list)
            else factor and float(factor)
        )
        size = f"size={self.size}" if factor is None else f"scale_factor={factor}"
        return f"{size}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Images of another size, each pixel the nearest of the input."""

    usual: ClassVar[dict[str, Any]] = {"size": None, "scale_factor": None, "mode": "nearest"}


class UpsamplingBilinear2d(Upsample):
    """Images of another size, each pixel interpolated between four of the input."""

    usual: ClassVar[dict[str, Any]] = {
        "size": None,
        "scale_factor": None,
        "mode": "bilinear",
        "align_corners": True,
    }
