"""torch.optim: what programs about autograd use to follow a gradient."""

from __future__ import annotations

from typing import Any

from reference_impl.missing import NotOfferedError
from reference_impl.optim import lr_scheduler, optimizer, swa_utils
from reference_impl.optim.adam import Adam, Adamax, AdamW, NAdam, RAdam
from reference_impl.optim.adaptive import Adadelta, Adagrad, RMSprop
from reference_impl.optim.lbfgs import LBFGS
from reference_impl.optim.optimizer import Optimizer
from reference_impl.optim.sgd import ASGD, SGD, Rprop
from reference_impl.optim.sparse_adam import SparseAdam

__all__ = [
    "ASGD",
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SparseAdam",
    "lr_scheduler",
    "optimizer",
    "swa_utils",
]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.optim", name, __all__)
