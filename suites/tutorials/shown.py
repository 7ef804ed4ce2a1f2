"""What a notebook shows of a value: its repr, without what differs from machine to machine."""

import re
from typing import Any


def shown(value: Any) -> str:
    """The repr of a value without addresses and without the device, as the notebooks would print it on a CPU."""
    text = re.sub(r", device='[^']*'", "", repr(value))
    return re.sub(r" (object )?at 0x[0-9a-f]+", "", text)
