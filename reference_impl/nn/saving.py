"""The state of a module as a dictionary, and back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from reference_impl import hooks
from reference_impl.grad_mode import no_grad
from reference_impl.nn.holding import Holding
from reference_impl.nn.parameter import Parameter

_EXTRA = "_extra_state"


class LoadedKeys(NamedTuple):
    """Keys of the module that the state lacks, and keys of the state that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not (self.missing_keys or self.unexpected_keys):
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Saving(Holding):
    """Writes the state of a module to a dictionary, and reads it back."""

    def __init__(self) -> None:
        super().__init__()
        for name in (
            "_state_dict_pre_hooks",
            "_state_dict_hooks",
            "_load_state_dict_pre_hooks",
            "_load_state_dict_post_hooks",
        ):
            self.__dict__[name] = hooks.HookDict()

    def get_extra_state(self) -> Any:
        """More state than parameters and buffers; a module that has some overrides this."""
        raise RuntimeError("get_extra_state was called on a module that does not define it")

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` gave."""
        _ = state
        raise RuntimeError("set_extra_state was called on a module that does not define it")

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, x in _own_state(self).items():
            destination[prefix + name] = x if keep_vars else x.detach()
        if _has_extra(self):
            destination[prefix + _EXTRA] = self.get_extra_state()

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> Any:
        """Parameters and saved buffers by name, without history unless ``keep_vars``."""
        found: Any = OrderedDict() if destination is None else destination
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(found, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=found, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            hook(self, found, prefix, {})
        return found

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        given = (state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys)
        for hook in self._load_state_dict_pre_hooks.values():
            hook(*given, error_msgs)
        own = _own_state(self)
        for name, x in own.items():
            if prefix + name in state_dict:
                _take(
                    self, name, x, state_dict[prefix + name], (prefix, local_metadata, error_msgs)
                )
            elif strict:
                missing_keys.append(prefix + name)
        if _has_extra(self) and prefix + _EXTRA in state_dict:
            self.set_extra_state(state_dict[prefix + _EXTRA])
        elif _has_extra(self) and strict:
            missing_keys.append(prefix + _EXTRA)
        if strict:
            unexpected_keys.extend(_unknown_keys(self, state_dict, prefix))

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> LoadedKeys:
        """Copy values into parameters and buffers, or ``assign`` them; returns the keys that are missing or unexpected.

        Raises:
            TypeError: the state is no mapping.
            RuntimeError: with ``strict``, names are missing or unknown; or a shape differs.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing: list[str] = []
        unknown: list[str] = []
        errors: list[str] = []
        keys = LoadedKeys(missing, unknown)

        def load(module: Any, prefix: str) -> None:
            place = (OrderedDict(state_dict), prefix, {"assign_to_params_buffers": assign})
            module._load_from_state_dict(*place, True, missing, unknown, errors)
            for name, child in module._modules.items():
                if child is not None:
                    load(child, f"{prefix}{name}.")
            for hook in module._load_state_dict_post_hooks.values():
                hook(module, keys)

        load(self, "")
        for what, names in (("Missing", missing), ("Unexpected", unknown)):
            if strict and names:
                quoted = ", ".join(f'"{name}"' for name in names)
                errors.insert(0, f"{what} key(s) in state_dict: {quoted}. ")
        if errors:
            head = f"Error(s) in loading state_dict for {type(self).__name__}:"
            raise RuntimeError("\n\t".join([head, *errors]))
        return keys

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> hooks.RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before the state is written."""
        return _add_hook(self, "_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> hooks.RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after the state was written."""
        return _add_hook(self, "_state_dict_hooks", hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> hooks.RemovableHandle:
        """Call ``hook(module, state_dict, prefix, ...)`` before the state is read."""
        return _add_hook(self, "_load_state_dict_pre_hooks", lambda *args: hook(self, *args))

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> hooks.RemovableHandle:
        if with_module:
            return self.register_load_state_dict_pre_hook(hook)
        return _add_hook(self, "_load_state_dict_pre_hooks", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> hooks.RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after the state was read; it may edit the keys."""
        return _add_hook(self, "_load_state_dict_post_hooks", hook)


def _has_extra(module: Saving) -> bool:
    return type(module).get_extra_state is not Saving.get_extra_state


def _own_state(module: Saving) -> dict[str, Any]:
    """Parameters and saved buffers of this module alone."""
    transient = module._non_persistent_buffers_set
    saved = {n: b for n, b in module._buffers.items() if n not in transient}
    return {n: x for n, x in {**module._parameters, **saved}.items() if x is not None}


def _unknown_keys(module: Saving, state_dict: Any, prefix: str) -> list[str]:
    """The keys below ``prefix`` that name nothing of the module; children see to their own."""
    extra = (_EXTRA,) if _has_extra(module) else ()
    known = {*_own_state(module), *module._modules, *extra}
    below = [key for key in state_dict if key.startswith(prefix)]
    return [key for key in below if key[len(prefix) :].split(".")[0] not in known]


def _add_hook(module: Saving, held: str, hook: Callable[..., Any]) -> hooks.RemovableHandle:
    return hooks.add(module.__dict__[held], hook)


def _take(
    module: Saving, name: str, own: Any, given: Any, where: tuple[str, dict[str, Any], list[str]]
) -> None:
    """Give the parameter or buffer ``name`` the value from the state."""
    prefix, metadata, errors = where
    if own.shape != given.shape:
        errors.append(
            f"size mismatch for {prefix}{name}: copying a param with shape {given.shape} from checkpoint, the shape "
            f"in current model is {own.shape}."
        )
        return
    if not metadata.get("assign_to_params_buffers"):
        with no_grad():
            own.copy_(given)
        return
    if isinstance(own, Parameter) and not isinstance(given, Parameter):
        given = Parameter(given, requires_grad=own.requires_grad)
    setattr(module, name, given)
