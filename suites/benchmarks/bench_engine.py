"""The engine beside its peers, as multiples of NumPy with a hand-written backward.

Run: ``pytest suites/benchmarks/bench_engine.py`` (or ``tox -e bench``); the table of paired ratios is printed at
the end.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from suites.benchmarks import engine_rows as rows
from suites.benchmarks.paired import Ratios, measure, table

# Row -> (must, aim), for the reference.
GOALS = {
    "a scalar chain, 10,000 ops": (30, 13),
    "b 50 elementwise ops, 1e6 float64": (1.5, 1.1),
    "c MLP, float32": (1.2, 1.1),
    "c MLP, float64": (1.2, 1.08),
    "d 2,000 ops on (8,8), broadcast": (3, 2.0),
    "f Hessian-vector product": (7, 3.5),
    "g 200 writes through views": (8, 5),
}
ROWS: dict[str, tuple[Callable[[], rows.Peers], int]] = {
    "a scalar chain, 10,000 ops": (rows.scalar_chain, 9),
    "b 50 elementwise ops, 1e6 float64": (rows.elementwise, 5),
    "c MLP, float32": (partial(rows.mlp, "float32"), 15),
    "c MLP, float64": (partial(rows.mlp, "float64"), 15),
    "d 2,000 ops on (8,8), broadcast": (rows.small_broadcast, 11),
    "f Hessian-vector product": (rows.hessian_vector, 11),
    "g 200 writes through views": (rows.view_writes, 11),
}
MUST_BYTES_PER_NODE = 700
measured: list[Ratios] = []


@pytest.fixture(scope="module", autouse=True)
def ratios_table(request):
    """Print all ratios when the rows are done."""
    yield
    if measured:
        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print("\n" + table(measured, GOALS, "reference"))  # noqa: T201 - the benchmark's result


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.split()[0] + "-" + r.split()[-1])
def test_engine_row(benchmark, row):
    make, rounds = ROWS[row]
    peers = make()
    found = measure(row, peers, base="bare", rounds=rounds)
    measured.append(found)
    benchmark.extra_info["ratios"] = {p: round(found.ratio(p), 3) for p in found.seconds}
    benchmark.extra_info["goals"] = GOALS[row]
    benchmark.pedantic(peers["reference"], rounds=3)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.split()[0] + "-" + r.split()[-1])
def test_peers_compute_the_same(row):
    """A benchmark of something else would be worthless: reference and torch agree on each row."""
    peers = ROWS[row][0]()
    ours, theirs = peers["reference"](), peers["torch"]()
    ours, theirs = (ours[0], theirs[0]) if isinstance(ours, tuple) else (ours, theirs)
    # Sums of hundreds of products cancel: the largest entry sets the scale of the rounding.
    scale = np.abs(theirs.numpy()).max()
    np.testing.assert_allclose(
        ours.numpy() / scale,
        theirs.numpy() / scale,
        rtol=0,
        atol=1e-5 if "float32" in row else 1e-12,
    )


def test_bytes_per_node(benchmark):
    """Row e: memory of a recorded chain, per node."""
    import reference_impl as t  # noqa: PLC0415 - beside the measurement of its memory

    x = t.tensor(1.0, dtype=t.float64, requires_grad=True)
    count = 200_000
    gc.collect()
    tracemalloc.start()
    z = x
    for _ in range(count):
        z = z * 1.0
    per_node = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    benchmark.extra_info["bytes_per_node"] = per_node
    benchmark.extra_info["must"] = MUST_BYTES_PER_NODE
    benchmark.pedantic(z.backward, rounds=1)
    assert x.grad.item() == 1.0


@pytest.mark.parametrize("nodes", [200_000, 1_000_000])
def test_deep_chain(benchmark, nodes):
    """Row e: no recursion, linear time."""
    run = rows.deep_chain(nodes)
    grad = benchmark.pedantic(run, rounds=1)
    assert grad.item() == 1.0
