"""weight_norm and spectral_norm of the older kind: a hook computes the weight before each call."""

from __future__ import annotations

import warnings
from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.nn import functional
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import Parameter
from reference_impl.nn.utils.parametrizations import norm_except
from reference_impl.registry import OPS


class _Recomputed:
    """A pre-hook that sets a plain attribute from parameters; ``parts`` are the endings of their names."""

    parts: tuple[str, ...] = ()

    def __init__(self, name: str) -> None:
        self.name = name

    def compute(self, module: Module) -> Any:
        """The weight."""
        raise NotImplementedError

    def __call__(self, module: Module, _args: Any) -> None:
        setattr(module, self.name, self.compute(module))

    def install(self, module: Module, parameters: dict[str, Any]) -> None:
        """Put parameters in the place of the one that is computed from now on."""
        del module._parameters[self.name]
        for name, value in parameters.items():
            module.register_parameter(self.name + name, value)
        setattr(module, self.name, self.compute(module))
        module.__dict__[f"_{type(self).__name__}_{self.name}"] = (
            self,
            module.register_forward_pre_hook(self),
        )


def _uninstall(module: Module, kind: type[_Recomputed], name: str, what: str) -> Module:
    held = module.__dict__.pop(f"_{kind.__name__}_{name}", None)
    if held is None:
        raise ValueError(f"{what} of '{name}' not found in {module}")
    hook, handle = held
    with no_grad():
        weight = hook.compute(module)
    handle.remove()
    module.__dict__.pop(name, None)
    for part in hook.parts:
        delattr(module, name + part)
    module.register_parameter(name, Parameter(weight.detach()))
    return module


class WeightNorm(_Recomputed):
    """w = g v / |v| (Salimans and Kingma, 2016)."""

    parts = ("_g", "_v")

    def __init__(self, name: str, dim: int | None) -> None:
        super().__init__(name)
        self.dim = -1 if dim is None else dim

    def compute(self, module: Module) -> Any:
        g, v = (getattr(module, self.name + part) for part in self.parts)
        return v * (g / norm_except(v, self.dim))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Split a parameter into its size ``<name>_g`` and its direction ``<name>_v``."""
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    made = WeightNorm(name, dim)
    weight = getattr(module, name)
    g = Parameter(norm_except(weight.detach(), made.dim))
    made.install(module, {"_g": g, "_v": Parameter(weight.detach())})
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Make the parameter a plain one again."""
    return _uninstall(module, WeightNorm, name, "weight_norm")


class SpectralNorm(_Recomputed):
    """A weight divided by its largest singular value, found by power iteration (Miyato et al., 2018)."""

    parts = ("_orig", "_u", "_v")

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                "Expected n_power_iterations to be positive, but got n_power_iterations="
                f"{n_power_iterations}"
            )
        super().__init__(name)
        self.n_power_iterations, self.dim, self.eps = n_power_iterations, dim, eps

    def matrix(self, weight: Any) -> Any:
        """The weight as a matrix, outputs first."""
        return weight.movedim(self.dim, 0).flatten(1)

    def compute(self, module: Module) -> Any:
        weight, u, v = (getattr(module, self.name + part) for part in self.parts)
        matrix = self.matrix(weight)
        if module.training:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(functional.normalize(matrix.T @ u, dim=0, eps=self.eps))
                    u.copy_(functional.normalize(matrix @ v, dim=0, eps=self.eps))
        return weight / OPS["dot"](u.clone(), matrix @ v.clone())


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a parameter by its largest singular value."""
    transposed = type(module).__name__.startswith("ConvTranspose")
    made = SpectralNorm(name, n_power_iterations, int(transposed) if dim is None else dim, eps)
    weight = getattr(module, name)
    for part, n in zip(("_u", "_v"), made.matrix(weight.detach()).shape, strict=True):
        drawn = OPS["randn"](n, dtype=weight.dtype)
        module.register_buffer(name + part, functional.normalize(drawn, dim=0, eps=eps))
    made.install(module, {"_orig": weight})
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Make the parameter a plain one again."""
    return _uninstall(module, SpectralNorm, name, "spectral_norm")
