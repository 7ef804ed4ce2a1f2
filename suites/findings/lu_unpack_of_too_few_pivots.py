"""torch.lu_unpack of fewer pivots than rows reads beyond them and takes the process down.

The values of pivots are checked, their number is not.
"""

import subprocess
import sys

CALL = """
import torch
torch.lu_unpack(torch.ones(3, 5), torch.empty(0, dtype=torch.int32))
"""
done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, check=False)  # noqa: S603 - the call above
print(f"the process that made the call ended with {done.returncode}; want 1, an error")
sys.exit(done.returncode < 0)
