"""Optimizer: parameters in groups with options, and their state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any

from reference_impl import hooks
from reference_impl.grad_mode import MODE, enable_grad, set_grad_enabled
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

Group = dict[str, Any]
State = dict[str, Any]
COMMON = {"maximize": False, "foreach": None, "capturable": False, "differentiable": False}


class _Required:
    """What stands for an option without a default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


class Optimizer:
    """Holds parameters, in groups with options; ``step`` moves them."""

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{params.dtype.short}Tensor"
            )
        self.defaults = defaults
        self.param_groups: list[Group] = []
        self.state: defaultdict[Any, State] = defaultdict(dict)
        self.pre_hooks: hooks.Hooks = hooks.HookDict()
        self.post_hooks: hooks.Hooks = hooks.HookDict()
        self.stepped = False  # schedulers ask
        given = list(params)
        if not given:
            raise ValueError("optimizer got an empty parameter list")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Take more parameters, with options of their own.

        Raises:
            TypeError: the group is no dictionary, or holds something else than tensors.
            ValueError: a parameter has a history, is in a group already, or an option has no value.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        held = [params] if isinstance(params, Tensor) else list(params)
        if held and isinstance(held[0], tuple):
            param_group = {**param_group, "param_names": [name for name, _ in held]}
            held = [p for _, p in held]
        for p in held:
            _check_parameter(p, differentiable=self.defaults.get("differentiable", False))
        group = {**param_group, "params": held}
        for name, value in self.defaults.items():
            if value is required and name not in group:
                raise ValueError(
                    f"parameter group didn't specify a value of required optimization parameter {name}"
                )
            group.setdefault(name, value)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        if any(id(p) in known for p in held):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget or zero all gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                if set_to_none:
                    p.grad = None
                elif p.grad.grad_fn is not None:
                    p.grad.detach_().zero_()
                else:
                    p.grad.requires_grad_(False).zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient; ``closure`` computes the loss anew."""
        args = (self, closure) if closure is not None else (self,)
        for hook in tuple(self.pre_hooks.values()):
            hook(self, args, {})
        self.stepped = True
        found = self._run_step(closure)
        for hook in tuple(self.post_hooks.values()):
            hook(self, args, {})
        return found

    def _run_step(self, closure: Callable[[], Any] | None) -> Any:
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with set_grad_enabled(bool(self.defaults.get("differentiable", False))):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        grad = -p.grad if group.get("maximize") else p.grad
                        self._update(p, grad, group, self.state[p])
        return loss

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        raise NotImplementedError

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> hooks.RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step."""
        return hooks.add(self.pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> hooks.RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return hooks.add(self.post_hooks, hook)

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with parameters named by their number."""
        every = list(chain.from_iterable(g["params"] for g in self.param_groups))
        number = {id(p): i for i, p in enumerate(every)}
        groups = [
            {
                **{n: v for n, v in g.items() if n != "params"},
                "params": [number[id(p)] for p in g["params"]],
            }
            for g in self.param_groups
        ]
        return {"state": {number[id(p)]: s for p, s in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take back what ``state_dict`` gave.

        Raises:
            ValueError: it has other groups, or groups of other sizes.
        """
        groups = state_dict["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        for own, given in zip(self.param_groups, groups, strict=True):
            if len(own["params"]) != len(given["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
                )
        every = list(chain.from_iterable(g["params"] for g in self.param_groups))
        self.state = defaultdict(dict)
        for number, state in state_dict["state"].items():
            self.state[every[number]] = dict(
                state
            )  # the tensors themselves are shared, as in torch
        self.param_groups = [
            {**deepcopy(given), "params": own["params"]}
            for own, given in zip(self.param_groups, groups, strict=True)
        ]

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(f"    {n}: {group[n]}\n" for n in sorted(group) if n != "params")
        return f"{text})"


def _check_parameter(p: Any, *, differentiable: bool) -> None:
    if not isinstance(p, Tensor):
        raise TypeError(
            f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
        )
    if not differentiable and not (p.is_leaf or p.retains_grad):
        raise ValueError("can't optimize a non-leaf Tensor")


def check_options(**values: Any) -> None:
    """Refuse options that are negative.

    Raises:
        ValueError: one is.
    """
    words = {"lr": "learning rate", "eps": "epsilon value"}
    for name, value in values.items():
        if isinstance(value, tuple):
            for i, beta in enumerate(value):
                if not 0 <= beta < 1:
                    raise ValueError(f"Invalid beta parameter at index {i}: {beta}")
        elif not value >= 0:
            raise ValueError(f"Invalid {words.get(name, f'{name} value')}: {value}")


def decayed(p: Any, grad: Any, group: Group) -> Any:
    """The gradient with that of the penalty on the parameter's square."""
    return grad + group["weight_decay"] * p if group["weight_decay"] else grad


def counted(state: State) -> int:
    """The number of this step; kept as a tensor, as in torch."""
    if "step" not in state:
        state["step"] = OPS["tensor"](0.0)
    state["step"].add_(1)
    return int(state["step"].item())


def averaged(state: State, name: str, new: Any, rate: float) -> Any:
    """The running mean of ``new`` under ``name``: the old one times ``rate``, and the rest from ``new``."""
    if name not in state:
        state[name] = (1 - rate) * new
    else:
        kept(state, name, rate * state[name] + (1 - rate) * new)
    return state[name]


def kept(state: State, name: str, new: Any) -> None:
    """Write ``new`` into the tensor under ``name``, so that who holds it sees it; unless its history is wanted."""
    if MODE.grad:
        state[name] = new
    else:
        state[name].copy_(new)


def pushed(p: Any, direction: Any, lr: Any) -> None:
    """Move ``p`` by ``-lr`` times the direction; ``lr`` may be a tensor with a history."""
    if isinstance(lr, Tensor):
        p.add_(direction * -lr)
    else:
        p.add_(direction, alpha=-lr)
