"""SavedTensor: version check, pack and unpack hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl import errors
from reference_impl.grad_mode import MODE, no_grad
from reference_impl.tensor import Tensor, make

Hook = Callable[..., Any]


# Note [What a node saves]
# A node's ``saved`` holds, for each saved name, the tensor itself if its version was 0 when it was saved, a
# SavedTensor if the version was higher or hooks packed it, or a Python number. An input is saved as the very tensor
# object (as ``_saved_self`` shows); an output as a tensor that shares its memory, since the output itself refers to
# the node. The version is compared whenever the value is read.


class SavedTensor:
    """A value a node needs for backward."""

    __slots__ = ("hooks", "is_output", "origin", "owner", "packed", "tensor", "version")

    def __init__(self, tensor: Tensor | None, version: int, *, is_output: bool = False) -> None:
        self.tensor = tensor
        self.version = version
        self.is_output = is_output
        self.origin: Any = None
        self.packed: Any = None
        self.hooks: tuple[Hook, Hook] | None = None
        self.owner: Any = None  # weak reference to the node, once user code has a hold of this

    def register_hooks(self, pack: Hook, unpack: Hook) -> None:
        """Pack the value now with ``pack``; each read calls ``unpack``.

        Raises:
            RuntimeError: hooks are registered already, or the value was freed.
            TypeError: ``pack`` or ``unpack`` cannot be called.
        """
        node = None if self.owner is None else self.owner()
        if self.owner is not None and (node is None or node.saved is None):
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the "
                "graph are freed when you call .backward() or autograd.grad()."
            )
        if self.hooks is not None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only "
                "one pair of hooks is allowed at a time."
            )
        if self.tensor is None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor with value None is forbidden. Hint: Do you "
                "have an undefined tensor?"
            )
        if not callable(pack) or not callable(unpack):
            raise TypeError("incompatible function arguments: the hooks must be callable")
        self.pack(pack, unpack)

    def pack(self, pack: Hook, unpack: Hook) -> None:
        """Let ``pack`` turn the tensor into what is kept."""
        tensor = self.tensor
        assert tensor is not None  # noqa: S101 - the callers checked it
        shown = make(tensor._array(), tensor._shared()) if self.is_output else tensor
        before = 0 if shown._storage is None else shown._storage.version
        with no_grad():
            self.packed = pack(shown)
        if (0 if shown._storage is None else shown._storage.version) != before:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
                "cannot be modified by in-place operations as this can lead to unexpected side-effects. Please open an "
                "issue if you need to perform in-place operations on the input to a pack hook."
            )
        self.hooks = (pack, unpack)
        # The tensor itself is let go; what stays is its place in the graph, for double backward.
        meta = tensor._meta
        leaf = None if meta is None or not meta.requires_grad else meta.accumulator
        self.origin = None if self.is_output else (tensor._grad_fn, tensor._output_nr, leaf)
        self.tensor = None

    def read(self, describe: Callable[[], str]) -> Tensor:
        """The value; ``describe`` names its producer for the error.

        Raises:
            RuntimeError: it was changed in place since it was saved.
            TypeError: the unpack hook returned no tensor.
        """
        if self.hooks is not None:
            found = self.hooks[1](self.packed)
            if not isinstance(found, Tensor):
                raise TypeError(
                    "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                    f"{type(found).__name__}"
                )
            return found
        tensor = self.tensor
        assert tensor is not None  # noqa: S101 - a saved None never becomes a SavedTensor
        check_version(tensor, self.version, describe)
        return tensor


def check_version(tensor: Tensor, wanted: int, describe: Callable[[], str]) -> None:
    """Refuse a saved tensor that was written to after it was saved."""
    found = 0 if tensor._storage is None else tensor._storage.version
    if found != wanted:
        raise errors.ModifiedSavedTensorError(
            f"torch.{tensor.dtype.short}Tensor {list(tensor._data.shape)}",
            describe(),
            found,
            wanted,
            traced=MODE.anomaly,
        )


def check_history(tensor: Tensor, version: int, saved_at: int) -> None:
    """Refuse a saved tensor that has lost its history, be it written to since or not.

    Args:
        tensor: what was saved.
        version: of it, when it was saved.
        saved_at: the sequence number of the node that saved it.

    Raises:
        RuntimeError: ``detach_()`` cut it off after it was saved, or it is a view whose base was written to and that
            is of a kind whose history cannot be made anew.
    """
    meta = tensor._meta
    if meta is None:
        return
    if meta.view is not None and tensor._version != version:
        meta.view.current_grad_fn(tensor)
    if tensor._grad_fn is not None:  # a write gave it another
        return
    if any(begin <= saved_at < end for begin, end in meta.cut_histories):
        raise RuntimeError(
            "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_()."
            "This is not supported, please use out-of-place `.detach()` instead"
        )


def save(tensor: Any, *, is_output: bool = False) -> Any:
    """What a node keeps of ``tensor``. See Note [What a node saves]."""
    if not isinstance(tensor, Tensor):
        return tensor
    meta = tensor._meta
    if meta is not None and meta.inference and not MODE.inference:
        raise errors.InferenceTensorError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
            "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and "
            "use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`."
        )
    if MODE.saved_hooks:
        version = 0 if tensor._storage is None else tensor._storage.version
        made = SavedTensor(tensor, version, is_output=is_output)
        made.pack(*MODE.saved_hooks[-1])
        return made
    storage = tensor._storage
    if storage is None or storage.version == 0:
        return tensor
    return SavedTensor(tensor, storage.version, is_output=is_output)


class _PublicType(type):
    """isinstance(x, SavedTensor) holds for what nodes hand out."""

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, SavedTensor)


class PublicSavedTensor(metaclass=_PublicType):
    """The type under its public name; only nodes make instances."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError(
            "Trying to create a SavedTensor object from Python is forbidden. You can only manipulate "
            "SavedTensor objects from "
            "a grad_fn attribute, such as `y.grad_fn._raw_saved_self`."
        )
