"""index_reduce with 'prod' trips an internal assertion for expanded tensors in half precision.

float32 and float64 give the product: 2 * 0.5 and 3 * 4 in each row.
"""

import sys

import torch

wrong = []
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    x = torch.tensor([[2.0, 3.0]], dtype=dtype).expand(2, 2)
    source = torch.tensor([[0.5, 4.0]], dtype=dtype).expand(2, 2)
    try:
        got = x.index_reduce(1, torch.tensor([0, 1]), source, "prod").tolist()
        print(f"{dtype}: {got}")
    except RuntimeError as error:
        print(f"{dtype}: {error}")
        got = None
    if got != [[1.0, 12.0], [1.0, 12.0]]:
        wrong.append(dtype)
sys.exit(bool(wrong))
