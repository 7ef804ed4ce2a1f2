"""Resizing, sampling and padding of images: sizes, modes, and how many dimensions they go with."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

from reference_impl.ops.checks.table import before, refuse, sizes

_F = "nn.functional."
_MODES = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}
_ANY = ("nearest", "nearest-exact", "area")


@before(f"{_F}interpolate")
def _resized(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
    *_: Any, **__: Any,
) -> None:  # fmt: skip
    d = input.ndim - 2
    refuse(
        size is None and scale_factor is None,
        "either size or scale_factor should be defined",
        ValueError,
    )
    refuse(
        size is not None and scale_factor is not None,
        "only one of size or scale_factor should be defined",
        ValueError,
    )
    refuse(
        align_corners is not None and mode in _ANY,
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear",
        ValueError,
    )
    for what, given in (("size", size), ("scale_factor", scale_factor)):
        refuse(
            isinstance(given, tuple | list) and len(given) != d,
            f"Input and {what} must have the same number of spatial dimensions, but got input with spatial dimensions "
            f"of {sizes(input)[2:]} and {what} of {given}.",
            ValueError,
        )
    refuse(
        mode not in (*_ANY, *_MODES.get(d, ())) or d not in _MODES,
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.ndim}D) for the modes: nearest | "
        f"linear | bilinear | bicubic | trilinear | area | nearest-exact (got {mode})",
        NotImplementedError,
    )
    factors = scale_factor if isinstance(scale_factor, tuple | list) else [scale_factor or 1.0]
    refuse(
        any(f <= 0 for f in factors),
        f"Input and output sizes should be greater than 0, but got {factors}",
    )
    wanted = [] if size is None else size if isinstance(size, tuple | list) else [size]
    refuse(
        any(n <= 0 for n in wanted) or 0 in sizes(input)[2:],
        f"Input and output sizes should be greater than 0, but got input {sizes(input)[2:]} output {list(wanted)}",
    )


@before(f"{_F}upsample_nearest")
def _upsampled(input: Any, size: Any = None, scale_factor: Any = None) -> None:
    _resized(input, size, scale_factor, "nearest")


@before(f"{_F}upsample_bilinear")
def _upsampled_bilinearly(input: Any, size: Any = None, scale_factor: Any = None) -> None:
    _resized(input, size, scale_factor, "bilinear", True)


@before(f"{_F}grid_sample")
def _sampled(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: Any = None,
) -> None:
    refuse(
        mode not in {"bilinear", "nearest", "bicubic"},
        f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'",
        ValueError,
    )
    refuse(
        padding_mode not in {"zeros", "border", "reflection"},
        "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
        f"'{padding_mode}'",
        ValueError,
    )
    refuse(
        grid.ndim != input.ndim
        or grid.shape[-1] != input.ndim - 2
        or grid.shape[0] != input.shape[0],
        f"grid_sampler(): expected grid to have size {input.ndim - 2} in last dimension and input's batch size, "
        f"but got grid with sizes {sizes(grid)}",
    )
    refuse(
        input.ndim not in {4, 5}, f"grid_sampler(): expected 4D or 5D input, but got {input.ndim}D"
    )
    refuse(
        0 in sizes(input)[2:],
        f"grid_sampler(): expected input to have non-empty spatial dimensions: {sizes(input)}",
    )
    refuse(
        mode == "bicubic" and input.ndim == 5,
        "grid_sampler(): bicubic interpolation only supports 4D input",
    )


@before(f"{_F}affine_grid")
def _grid(theta: Any, size: Any, align_corners: Any = None) -> None:
    d = len(size) - 2
    refuse(
        d not in {2, 3},
        "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
        f"{tuple(size)}",
        NotImplementedError,
    )
    refuse(
        theta.ndim != 3 or sizes(theta)[1:] != [d, d + 1],
        f"Expected a batch of {d}D affine matrices of shape Nx{d}x{d + 1} for size {tuple(size)}. Got {sizes(theta)}.",
        ValueError,
    )


@before(f"{_F}pad")
def _padded(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> None:
    count = len(pad)
    refuse(count % 2, f"Padding length must be divisible by 2, got {count}")
    refuse(
        count > 2 * input.ndim,
        "Padding length should be less than or equal to two times the input dimension",
    )
    for i, n in enumerate(reversed(sizes(input)[input.ndim - count // 2 :])):
        refuse(
            n + pad[2 * i] + pad[2 * i + 1] < 0
            or (mode == "constant" and n + min(pad[2 * i : 2 * i + 2]) < 0),
            f"narrow(): length must be non-negative: padding ({pad[2 * i]}, {pad[2 * i + 1]}) of {n}",
        )
    if mode == "constant":
        return
    refuse(
        mode not in {"reflect", "replicate", "circular"},
        f"Unrecognised padding mode {mode}",
        NotImplementedError,
    )
    refuse(
        input.ndim - count // 2 not in {1, 2} or count > 6,
        f"Padding size {count} is not supported for {input.ndim}D input tensor.",
        NotImplementedError,
    )


@before(f"{_F}local_response_norm")
def _response(input: Any, size: int, *_: Any, **__: Any) -> None:
    refuse(
        input.ndim < 3,
        f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)",
        ValueError,
    )
    refuse(size <= 0, f"kernel size should be greater than zero, but got {size}")


@before(f"{_F}fold")
def _folded(input: Any, *_: Any, **__: Any) -> None:
    refuse(
        input.ndim not in {2, 3},
        f"Expected 2D or 3D (batch mode) tensor for input, but got: {sizes(input)}",
    )


for _d in (2, 3):

    @before(f"{_F}fractional_max_pool{_d}d")
    def _fractional(
        input: Any,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        *_: Any,
        _d: int = _d,
        **__: Any,
    ) -> None:
        refuse(
            output_size is None and output_ratio is None,
            f"fractional_max_pool{_d}d requires specifying either an output_size or an output_ratio",
            ValueError,
        )
        refuse(
            output_size is None and not isinstance(output_ratio, tuple | list),
            f"object of type '{type(output_ratio).__name__}' has no len()",
            TypeError,
        )
        refuse(
            input.ndim not in {_d + 1, _d + 2},
            f"fractional_max_pool{_d}d(): Expected {_d + 1}D or {_d + 2}D tensor",
        )
        if output_size is None:
            return
        wanted = output_size if isinstance(output_size, tuple | list) else [output_size] * _d
        kernel = kernel_size if isinstance(kernel_size, tuple | list) else [kernel_size] * _d
        for n, o, k in zip(sizes(input)[-_d:], wanted, kernel, strict=False):
            refuse(
                o + k - 1 > n,
                f"fractional_max_pool{_d}d(): pool size {k} too large relative to input size {n}",
            )
