"""Backward passes inside backward passes, deeper than one stack can hold."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reference_impl.engine import RUNNING
from reference_impl.grad_mode import MODE

# Passes of a thread before the next one gets a thread, and with it a stack, of its own.
DEPTH = 20


def run_nested(fn: Callable[[], None]) -> None:
    """Call ``fn``, which runs a backward pass, where there is stack enough for it."""
    if (len(RUNNING.tasks) + 1) % DEPTH:
        fn()
        return
    modes, tasks = dict(MODE.__dict__), list(RUNNING.tasks)
    raised: list[BaseException] = []

    def run() -> None:
        MODE.__dict__.update(modes)
        RUNNING.tasks = tasks
        try:
            fn()
        except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
