"""The programs of the engine's benchmark, written for each peer; the base is NumPy with a hand-written backward."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

Peers = dict[str, Callable[[], Any]]
RNG = np.random.default_rng(7)


def _namespaces() -> dict[str, Any]:
    """torch and the reference, which programs below drive through the same names."""
    import torch  # noqa: PLC0415 - only where benchmarks run

    import reference_impl  # noqa: PLC0415

    torch.set_num_threads(1)
    return {"reference": reference_impl, "torch": torch}


def _hips() -> Any:
    import autograd  # noqa: PLC0415
    import autograd.numpy as anp  # noqa: PLC0415

    return autograd, anp


def scalar_chain(ops: int = 10_000) -> Peers:  # noqa: C901 - one program, five peers
    """``z = z * x + c`` on 0-d float64."""
    steps = ops // 2

    def bare() -> Any:
        x, c, z = np.float64(0.999), np.float64(0.001), np.float64(1.0)
        kept = []
        for _ in range(steps):
            kept.append(z)
            z = z * x + c
        g, gx, gc = np.float64(1.0), np.float64(0.0), np.float64(0.0)
        for z in reversed(kept):
            gc = gc + g
            gx = gx + g * z
            g = g * x
        return gx, gc

    def like_torch(t: Any) -> Callable[[], Any]:
        x = t.tensor(0.999, dtype=t.float64, requires_grad=True)
        c = t.tensor(0.001, dtype=t.float64, requires_grad=True)
        one = t.tensor(1.0, dtype=t.float64)

        def run() -> Any:
            x.grad = c.grad = None
            z = one
            for _ in range(steps):
                z = z * x + c
            z.backward()
            return x.grad

        return run

    def hips_fn(args: Any) -> Any:
        x, c = args
        z = 1.0
        for _ in range(steps):
            z = z * x + c
        return z

    def mygrad_run() -> Any:
        import mygrad as mg  # noqa: PLC0415

        x, c, z = mg.tensor(0.999), mg.tensor(0.001), mg.tensor(1.0)
        for _ in range(steps):
            z = z * x + c
        z.backward()
        return x.grad

    autograd, _ = _hips()
    grad = autograd.grad(hips_fn)
    return {
        "bare": bare,
        **{n: like_torch(t) for n, t in _namespaces().items()},
        "hips": lambda: grad((0.999, 0.001)),
        "mygrad": mygrad_run,
    }


def elementwise(count: int = 50, size: int = 1_000_000) -> Peers:  # noqa: C901 - one program, five peers
    """``count`` elementwise operations, sines and products in turn, on float64."""
    steps = count // 2
    x0 = RNG.uniform(0.5, 1.5, size)
    ct = RNG.uniform(0.5, 1.5, size)

    def bare() -> Any:
        z = x0
        kept = []
        for _ in range(steps):
            s = np.sin(z)
            kept.append((z, s))
            z = s * x0
        g = ct
        gx = np.zeros(size)
        for z, s in reversed(kept):
            gx += g * s
            g = g * x0
            g *= np.cos(z)
        return gx + g

    def like_torch(t: Any) -> Callable[[], Any]:
        x = t.tensor(x0, requires_grad=True)
        v = t.tensor(ct)

        def run() -> Any:
            x.grad = None
            z = x
            for _ in range(steps):
                z = t.sin(z) * x
            z.backward(v)
            return x.grad

        return run

    autograd, anp = _hips()

    def hips_fn(x: Any) -> Any:
        z = x
        for _ in range(steps):
            z = anp.sin(z) * x
        return z

    def hips_run() -> Any:
        pullback, _ = autograd.make_vjp(hips_fn)(x0)
        return pullback(ct)

    def mygrad_run() -> Any:
        import mygrad as mg  # noqa: PLC0415

        x = mg.tensor(x0)
        z = x
        for _ in range(steps):
            z = mg.sin(z) * x
        z.backward(ct)
        return x.grad

    return {
        "bare": bare,
        **{n: like_torch(t) for n, t in _namespaces().items()},
        "hips": hips_run,
        "mygrad": mygrad_run,
    }


def mlp(dtype: str) -> Peers:
    """784-256-256-10 with tanh, batch 128, mean squared error."""
    kind = np.dtype(dtype)
    sizes = (784, 256, 256, 10)
    weights = [(RNG.standard_normal((m, n)) / np.sqrt(m)).astype(kind) for m, n in pairwise(sizes)]
    biases = [RNG.standard_normal(n).astype(kind) for n in sizes[1:]]
    x0, target = (
        RNG.standard_normal((128, 784)).astype(kind),
        RNG.standard_normal((128, 10)).astype(kind),
    )

    def bare() -> Any:
        acts = [x0]
        for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
            z = acts[-1] @ w + b
            acts.append(np.tanh(z) if i < 2 else z)
        d = acts[-1] - target
        g = (2.0 / d.size) * d
        grads = []
        for i in (2, 1, 0):
            grads.append((acts[i].T @ g, g.sum(0)))
            if i:
                g = (g @ weights[i].T) * (1 - acts[i] * acts[i])
        return grads

    def like_torch(t: Any) -> Callable[[], Any]:
        ws = [t.tensor(w, requires_grad=True) for w in weights]
        bs = [t.tensor(b, requires_grad=True) for b in biases]
        x, y = t.tensor(x0), t.tensor(target)

        def run() -> Any:
            for p in ws + bs:
                p.grad = None
            h = t.tanh(x @ ws[0] + bs[0])
            h = t.tanh(h @ ws[1] + bs[1])
            d = h @ ws[2] + bs[2] - y
            (d * d).mean().backward()
            return ws[0].grad

        return run

    autograd, anp = _hips()

    def hips_loss(params: Any) -> Any:
        ws, bs = params
        h = anp.tanh(x0 @ ws[0] + bs[0])
        h = anp.tanh(h @ ws[1] + bs[1])
        d = h @ ws[2] + bs[2] - target
        return anp.mean(d * d)

    hips_grad = autograd.grad(hips_loss)

    def mygrad_run() -> Any:
        import mygrad as mg  # noqa: PLC0415

        ws, bs = [mg.tensor(w) for w in weights], [mg.tensor(b) for b in biases]
        h = mg.tanh(mg.matmul(x0, ws[0]) + bs[0])
        h = mg.tanh(mg.matmul(h, ws[1]) + bs[1])
        d = mg.matmul(h, ws[2]) + bs[2] - target
        mg.mean(d * d).backward()
        return ws[0].grad

    return {
        "bare": bare,
        **{n: like_torch(t) for n, t in _namespaces().items()},
        "hips": lambda: hips_grad((weights, biases)),
        "mygrad": mygrad_run,
    }


def small_broadcast(ops: int = 2_000) -> Peers:  # noqa: C901 - one program, five peers
    """``z = z * row + column`` on (8, 8), the row (8,) and the column (8, 1)."""
    steps = ops // 2
    z0, row0, col0 = (
        RNG.uniform(0.9, 1.1, (8, 8)),
        RNG.uniform(0.9, 1.0, 8),
        RNG.uniform(0, 0.1, (8, 1)),
    )
    ct = RNG.uniform(0.5, 1.5, (8, 8))

    def bare() -> Any:
        z, kept = z0, []
        for _ in range(steps):
            kept.append(z)
            z = z * row0 + col0
        g, grow, gcol = ct, np.zeros(8), np.zeros((8, 1))
        for z in reversed(kept):
            gcol += np.add.reduce(g, 1, keepdims=True)
            grow += np.add.reduce(g * z, 0)
            g = g * row0
        return grow, gcol

    def like_torch(t: Any) -> Callable[[], Any]:
        start = t.tensor(z0, requires_grad=True)
        row, col, v = (
            t.tensor(row0, requires_grad=True),
            t.tensor(col0, requires_grad=True),
            t.tensor(ct),
        )

        def run() -> Any:
            row.grad = col.grad = start.grad = None
            z = start
            for _ in range(steps):
                z = z * row + col
            z.backward(v)
            return row.grad

        return run

    autograd, _ = _hips()

    def hips_fn(args: Any) -> Any:
        z, row, col = args
        for _ in range(steps):
            z = z * row + col
        return z

    def hips_run() -> Any:
        pullback, _ = autograd.make_vjp(hips_fn)((z0, row0, col0))
        return pullback(ct)

    def mygrad_run() -> Any:
        import mygrad as mg  # noqa: PLC0415

        row, col, z = mg.tensor(row0), mg.tensor(col0), mg.tensor(z0)
        for _ in range(steps):
            z = z * row + col
        z.backward(ct)
        return row.grad

    return {
        "bare": bare,
        **{n: like_torch(t) for n, t in _namespaces().items()},
        "hips": hips_run,
        "mygrad": mygrad_run,
    }


def hessian_vector(size: int = 256) -> Peers:
    """Hessian-vector product of a two-layer network's squared output, over reverse."""
    x0 = RNG.standard_normal((64, size))
    w0, u0 = (
        RNG.standard_normal((size, size)) / np.sqrt(size),
        RNG.standard_normal((size, 1)) / np.sqrt(size),
    )
    v0 = RNG.standard_normal((size, size))

    def bare() -> Any:
        # L = mean(r^2), r = h u, h = tanh(x w). Along dw = v: derivatives of each quantity, forward over reverse.
        a = x0 @ w0
        h = np.tanh(a)
        s = 1 - h * h
        r = h @ u0
        dr = (2.0 / r.size) * r
        dh = dr @ u0.T
        ta = x0 @ v0
        th = s * ta
        tr = th @ u0
        tdr = (2.0 / r.size) * tr
        tdh = tdr @ u0.T
        return x0.T @ (tdh * s + dh * (-2 * h * th))

    def like_torch(t: Any) -> Callable[[], Any]:
        x, w, u, v = t.tensor(x0), t.tensor(w0, requires_grad=True), t.tensor(u0), t.tensor(v0)

        def run() -> Any:
            r = t.tanh(x @ w) @ u
            (g,) = t.autograd.grad((r * r).mean(), w, create_graph=True)
            return t.autograd.grad(g, w, v)

        return run

    autograd, anp = _hips()

    def hips_loss(w: Any) -> Any:
        r = anp.dot(anp.tanh(anp.dot(x0, w)), u0)
        return anp.mean(r * r)

    inner = autograd.grad(hips_loss)
    outer = autograd.grad(lambda w: anp.sum(inner(w) * v0))
    return {
        "bare": bare,
        **{n: like_torch(t) for n, t in _namespaces().items()},
        "hips": lambda: outer(w0),
    }


def view_writes(count: int = 200, size: int = 1000) -> Peers:
    """``y[i].mul_(w)``: ``count`` writes through views of one tensor (count, size)."""
    x0, w0 = RNG.uniform(0.5, 1.5, (count, size)), RNG.uniform(0.9, 1.1, size)
    ct = RNG.uniform(0.5, 1.5, (count, size))

    def bare() -> Any:
        y, kept = x0 * 2.0, []
        for i in range(count):
            kept.append(y[i].copy())
            y[i] *= w0
        g, gw = ct.copy(), np.zeros(size)
        for i in reversed(range(count)):
            gw += g[i] * kept[i]
            g[i] *= w0
        return g * 2.0, gw

    def like_torch(t: Any) -> Callable[[], Any]:
        x, w, v = t.tensor(x0, requires_grad=True), t.tensor(w0, requires_grad=True), t.tensor(ct)

        def run() -> Any:
            x.grad = w.grad = None
            y = x * 2.0
            for i in range(count):
                y[i].mul_(w)
            y.backward(v)
            return w.grad

        return run

    def mygrad_run() -> Any:
        import mygrad as mg  # noqa: PLC0415

        x, w = mg.tensor(x0), mg.tensor(w0)
        y = x * 2.0
        for i in range(count):
            y[i] *= w
        y.backward(ct)
        return w.grad

    return {
        "bare": bare,
        **{n: like_torch(t) for n, t in _namespaces().items()},
        "mygrad": mygrad_run,
    }


def deep_chain(nodes: int) -> Callable[[], Any]:
    """The reference alone: record, differentiate and free a chain of ``nodes`` products."""
    x = (t := _namespaces()["reference"]).tensor(1.0, dtype=t.float64, requires_grad=True)

    def run() -> Any:
        x.grad, z = None, x
        for _ in range(nodes):
            z = z * 1.0
        z.backward()
        return x.grad

    return run
