"""A fault that torch has had in one operator, planted again in the calls, and at the numbers, where it stood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suites.harness.implementation import Operator, tensors_in
from suites.ops.faults import passed
from suites.ops.ways import Numbered


@dataclass(frozen=True, slots=True)
class Site:
    """One call of the operator, seen from the input whose derivative is wrong."""

    torch: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    tensors: tuple[Any, ...]  # of the call, detached
    x: Any  # the input, or the output, that a derivative belongs to
    way: str  # in which the operator is called

    def get(self, name: str, place: int | None = None, default: Any = None) -> Any:
        """An argument given by name or by place."""
        given = self.args[place] if place is not None and len(self.args) > place else default
        return self.kwargs.get(name, given)

    @property
    def first(self) -> Any:
        """The first tensor of the call."""
        return self.tensors[0]

    @property
    def other(self) -> Any:
        """The second tensor of the call."""
        return self.tensors[1]


When = Callable[[Site], Any]
Bend = Callable[[Site, Any], Any]  # of what flows by: a gradient, a tangent, a cotangent


def _always(_site: Site) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Past:
    """What was wrong in an operator, and where: the narrow condition is the point."""

    name: str
    op: str
    told: str  # where, and what was wrong
    reverse: Bend | None = None  # of the gradient of an input
    place: int | None = 0  # of that input among the floating tensors of the call; None for each
    when: When = _always
    forward: Bend | None = None  # of the tangent of an input
    second: Bend | None = None  # of what flows back to the cotangent of an input in double backward
    incoming: Bend | None = None  # of the cotangent of an output
    dtype: str | None = None  # in which it is looked for; None for those of the tier
    source: str = ""


def planted_again(op: Operator, torch: Any, past: Past, way: str) -> Operator:
    """``op`` with the fault in its derivatives; its values stay right."""

    def called(*args: Any, **kwargs: Any) -> Any:
        numbers = Numbered((args, kwargs))
        kept = tuple(x.detach() for x in numbers.tensors)
        floating = [i for i, x in enumerate(kept) if x.is_floating_point() or x.is_complex()]
        places = floating if past.place is None else floating[past.place : past.place + 1]
        sites = {i: Site(torch, args, kwargs, kept, kept[i], way) for i in places}
        sites = {i: site for i, site in sites.items() if past.when(site)}
        if not sites:
            return op(*args, **kwargs)
        bent = {i: _bent(numbers.tensors[i], past, site) for i, site in sites.items()}
        args, kwargs = numbers.with_tensors(bent)
        found = op(*args, **kwargs)
        return (
            found
            if past.incoming is None
            else _with_bent_cotangents(found, past, next(iter(sites.values())))
        )

    return called


def _bent(x: Any, past: Past, site: Site) -> Any:
    reverse, forward, second = past.reverse, past.forward, past.second

    def backward(module: Any, ct: Any, _x: Any) -> Any:
        if second is not None:
            ct = passed(module, ct, lambda _m, back, _x: second(site, back), _same)
        return ct if reverse is None else reverse(site, ct)

    def pushed(_module: Any, t: Any, _x: Any) -> Any:
        return t if forward is None else forward(site, t)

    return passed(site.torch, x, backward, pushed)


def _with_bent_cotangents(found: Any, past: Past, site: Site) -> Any:
    """The outputs, each behind a node that bends its cotangent."""
    incoming = past.incoming
    assert incoming is not None  # noqa: S101 - the caller has asked

    def bend(_module: Any, ct: Any, _y: Any) -> Any:
        return incoming(site, ct)

    ys = tensors_in(found)
    tracked = {
        i: passed(site.torch, y, bend, _same)
        for i, y in enumerate(ys)
        if y.requires_grad and y.is_floating_point()
    }
    if not isinstance(found, (tuple, list)):
        return tracked.get(0, found)
    return tuple(tracked.get(i, y) for i, y in enumerate(ys))


def _same(_module: Any, ct: Any, _x: Any) -> Any:
    return ct


# -- what was wrong ----------------------------------------------------------------------------------------------------


def nan(_site: Site, grad: Any) -> Any:
    """No number anywhere."""
    return grad * float("nan")


def twice(_site: Site, grad: Any) -> Any:
    """Twice too large."""
    return grad * 2


def negated(_site: Site, grad: Any) -> Any:
    """The wrong sign."""
    return -grad


def none(_site: Site, grad: Any) -> Any:
    """Lost."""
    return grad * 0


def conjugated(_site: Site, grad: Any) -> Any:
    """A conjugate too many, or missing."""
    return grad.conj() if grad.is_complex() else grad


def turned(_site: Site, grad: Any) -> Any:
    """The numbers in another order, as where memory is read in the order of another layout."""
    return grad.flatten().roll(1).reshape(grad.shape) if grad.numel() > 1 else grad


def scaled(factor: Callable[[Site], Any]) -> Bend:
    """Off by a factor."""
    return lambda site, grad: grad * factor(site)


def at(where: When, bend: Bend) -> Bend:
    """Wrong at some of the numbers only."""

    def bent(site: Site, grad: Any) -> Any:
        mask = where(site)
        while mask.ndim > grad.ndim:
            mask = mask.any(0)
        for dim, size in enumerate(reversed(grad.shape), 1):
            if size == 1 and mask.ndim >= dim and mask.shape[-dim] > 1:
                mask = mask.any(-dim, keepdim=True)
        return site.torch.where(mask, bend(site, grad), grad)

    return bent


def at_zero(site: Site) -> Any:
    """Where the input is zero."""
    return site.x == 0


def has_zero(site: Site) -> bool:
    """Whether some number of the input is zero."""
    return bool((site.x == 0).any())


def by_dim(site: Site, dim: Any) -> int:
    """A dimension counted from the front."""
    return int(dim) % max(site.x.ndim, 1)


def is_strided(x: Any) -> bool:
    """Whether a tensor's memory is not that of a contiguous one."""
    return not x.is_contiguous()


def raw(_site: Site, ct: Any) -> Any:
    """Memory that is not contiguous, read as if it were."""
    return turned(_site, ct) if is_strided(ct) else ct
