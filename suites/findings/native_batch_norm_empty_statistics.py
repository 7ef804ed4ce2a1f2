"""torch.native_batch_norm writes running statistics of any size, and takes the process down where they are empty.

torch.nn.functional.batch_norm checks their size; this operator, which torch publishes too, does not.
"""

import subprocess
import sys

CALL = """
import torch
empty = torch.empty(0)
torch.native_batch_norm(torch.ones(2, 3, 4), None, None, empty, empty, True, 0.1, 1e-5)
"""
done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, check=False)  # noqa: S603 - the call above
print(f"the process that made the call ended with {done.returncode}; want 1, an error")
sys.exit(done.returncode < 0)
