"""The modes of a module that spells them as torch does, put back after a test, whatever the test did to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def left_as_found(module: Any) -> Iterator[None]:
    """Puts back grad mode, default dtype and anomaly mode; one test that leaks would make the next ones lie."""
    grad_mode, dtype = module.is_grad_enabled(), module.get_default_dtype()
    anomaly = module.is_anomaly_enabled()
    try:
        yield
    finally:
        module.set_default_dtype(dtype)
        module.set_grad_enabled(grad_mode)
        module.autograd.set_detect_anomaly(anomaly)
