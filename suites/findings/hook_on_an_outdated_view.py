"""Tensor.register_hook on a view takes the process down, where a write to its base outdated the view.

Until somebody reads its grad_fn the view has the node of its former history, and a hook that is registered on it before
that ends in a segmentation fault. Once `view.grad_fn` was read, the same call is right.
"""

import subprocess
import sys

CALL = """
import torch
x = torch.tensor([1.0, 2.0], requires_grad=True)
base = x * 3
view = base[0]
base.mul_(2.0)
view.register_hook(lambda ct: ct * 5)
view.backward()
print(x.grad)
"""
done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, check=False)  # noqa: S603 - the program above
print(f"the process that registered the hook ended with {done.returncode}; want 0")
sys.exit(done.returncode < 0)
