"""Faults planted in torch while the behaviours run: each must make at least one documented behaviour fail."""

import pytest

from suites.selfcheck.launcher import run_suites

HEAD = "import torch\n"
FAULTS = {
    "missing-version-bump": (
        "inplace",
        """
def add_(self, other, *, alpha=1):
    before = self._version
    result = ADD(self, other, alpha=alpha)
    torch._C._autograd._unsafe_set_version_counter((self,), (before,))
    return result

ADD, torch.Tensor.add_ = torch.Tensor.add_, add_
MUL, torch.Tensor.mul_ = torch.Tensor.mul_, lambda self, other: FREE(self, MUL, other)
ZERO, torch.Tensor.zero_ = torch.Tensor.zero_, lambda self: FREE(self, ZERO)

def FREE(self, op, *args):
    before = self._version
    result = op(self, *args)
    torch._C._autograd._unsafe_set_version_counter((self,), (before,))
    return result
""",
    ),
    "wrong-sign": (
        "vjp",
        """
BACKWARD = torch.autograd.backward

def backward(tensors, grad_tensors=None, *args, **kwargs):
    if isinstance(grad_tensors, torch.Tensor):
        grad_tensors = -grad_tensors
    return BACKWARD(tensors, grad_tensors, *args, **kwargs)

torch.autograd.backward = backward
""",
    ),
    "one-element-twice-too-large": (
        "grad_api",
        """
GRAD = torch.autograd.grad

def grad(*args, **kwargs):
    found = GRAD(*args, **kwargs)
    for g in found:
        if g is not None and g.numel() > 1 and not g.requires_grad:
            g.reshape(-1)[1] *= 2
    return found

torch.autograd.grad = grad
""",
    ),
    "replaces-instead-of-adding": (
        "accumulate",
        """
BACKWARD = torch.Tensor.backward
LEAVES = []
TENSOR = torch.tensor

def tensor(*args, **kwargs):
    made = TENSOR(*args, **kwargs)
    if made.requires_grad:
        LEAVES.append(made)
    return made

def backward(self, *args, **kwargs):
    for leaf in LEAVES:
        leaf.grad = None
    return BACKWARD(self, *args, **kwargs)

torch.tensor, torch.Tensor.backward = tensor, backward
""",
    ),
    "always-keeps-the-graph": (
        "retain",
        """
BACKWARD = torch.Tensor.backward

def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    return BACKWARD(self, gradient, True, create_graph, inputs)

torch.Tensor.backward = backward
""",
    ),
    "detach-makes-a-copy": (
        "detach",
        """
DETACH = torch.Tensor.detach
torch.Tensor.detach = lambda self: DETACH(self).clone()
""",
    ),
    "no-grad-that-does-nothing": (
        "grad_mode",
        """
torch.no_grad.__enter__ = lambda self: None
torch.no_grad.__exit__ = lambda self, *exc: None
""",
    ),
    "hooks-that-are-never-called": (
        "hook",
        """
REGISTER = torch.Tensor.register_hook
torch.Tensor.register_hook = lambda self, hook: REGISTER(self, lambda ct: None)
""",
    ),
    "wrong-node-name": (
        "graph",
        """
GRAD_FN = torch.Tensor.grad_fn

class Renamed:
    def __init__(self, node):
        self.node = node

    def name(self):
        return self.node.name().replace("Mul", "Mull")

    def __getattr__(self, name):
        return getattr(self.node, name)

torch.Tensor.grad_fn = property(lambda self: None if GRAD_FN.__get__(self) is None else Renamed(GRAD_FN.__get__(self)))
""",
    ),
}


@pytest.mark.parametrize(("area", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_fails_a_documented_behaviour(tmp_path, area, fault):
    (tmp_path / "planted_fault.py").write_text(HEAD + fault, encoding="utf-8")
    path = f"suites/behaviours/test_{area}.py"
    ran = run_suites(
        tmp_path, path, "--only", "subject", "--load", "planted_fault", "-q", "--maxfail", "3"
    )
    found = [case for case in ran.cases().values() if case["outcome"] in {"fail", "error"}]
    assert ran.code == 1, ran.text[-1500:]
    assert found
    assert {case["area"] for case in found} == {area.replace("_", "-")}
