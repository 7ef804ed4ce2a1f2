"""A write to the result of prod is refused in eager mode and accepted where prod is compiled.

Eager prod saves its result; compiled, it saves its input alone and computes the product again. The gradient is right,
so the write does no harm; but the same program raises in one mode and not in the other.
"""

import sys

import torch

raised = []
for name, prod in (
    ("eager", torch.prod),
    ("compiled", torch.compile(torch.prod, backend="aot_eager")),
):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = prod(x)
    y.mul_(5)
    try:
        y.backward()
    except RuntimeError as error:
        raised.append(name)
        print(f"{name}: raised {str(error)[:60]} ...")
    else:
        print(f"{name}: gradient {x.grad.tolist()}")
sys.exit(raised == ["eager"])
