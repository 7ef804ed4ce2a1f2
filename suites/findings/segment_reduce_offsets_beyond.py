"""torch.segment_reduce with offsets beyond the data reads there and takes the process down.

Negative lengths are refused; offsets are not looked at.
"""

import subprocess
import sys

CALL = """
import torch
torch.segment_reduce(torch.ones(2), 'sum', offsets=torch.tensor([0, 50000000]), axis=0)
"""
done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, check=False)  # noqa: S603 - the call above
print(f"the process that made the call ended with {done.returncode}; want 1, an error")
sys.exit(done.returncode < 0)
