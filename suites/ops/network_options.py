"""Options of losses, normalizations, convolutions, pooling, resampling and attention that op_db leaves out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from suites.ops.drawn_numbers import c, p, r, u, w

_T, _F, _INF = True, False, np.inf
_MASK = np.array([[True, False, True], [True, True, False]])
_EACH = ("none", "mean", "sum")
_WORDS = w(0, 3, 1, 1, 3, 3)
_QKV = (r(3, 2, 4), r(3, 2, 4), r(3, 2, 4))
NETWORKS: Mapping[str, list[tuple[Any, ...]]] = {
    "nn.functional.cross_entropy": [
        (r(4, 3), w(0, 2, 1, 1), {"label_smoothing": 0.3, "weight": c(3), "ignore_index": 1, "reduction": how})
            for how in _EACH
    ] + [
        (r(4, 3), w(0, 2, 1, 1), {"label_smoothing": 0.3}), (r(4, 3), u(4, 3), {"label_smoothing": 0.3,
            "weight": c(3)}), (r(2, 3, 2), w([0, 2], [1, 1]), {"label_smoothing": 0.3, "weight": c(3)}),
        (r(3), w(1).reshape(()), {"label_smoothing": 0.3}), (r(2, 3, 2), u(2, 3, 2), {}), (r(4, 3), w(0, 2, 1, 1),
            {"weight": c(3), "ignore_index": 2}),
    ],
    "nn.functional.nll_loss": [(r(4, 3), w(0, 2, 1, 1), {"weight": c(3), "ignore_index": 1, "reduction": how})
        for how in _EACH]
    + [(r(2, 3, 2, 2), w([[0, 2], [1, 1]], [[2, 2], [0, 1]]), {"weight": c(3), "ignore_index": 2, "reduction": how})
        for how in _EACH] + [(r(3), w(1).reshape(()), {"weight": c(3)})],
    "nn.functional.binary_cross_entropy": [(u(2, 3), u(2, 3), {"weight": c(3), "reduction": how}) for how in _EACH]
        + [(u(3, 2), u(3, 2), {})],
    "nn.functional.binary_cross_entropy_with_logits": [(r(2, 3), u(2, 3), {"weight": c(2, 1), "pos_weight": c(3),
        "reduction": how}) for how in _EACH],
    "nn.functional.kl_div": [(r(2, 3), u(2, 3), {"reduction": how, "log_target": log}) for how in (*_EACH,
        "batchmean") for log in (_T, _F)] + [(r(2, 3), u(3), {"reduction": "sum"})],
    **{
        f"nn.functional.{name}": [(r(2, 3), r(3), {"reduction": how}) for how in _EACH] + [(r(3), r(2, 3), {}),
            (r(), r(), {})]
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
    },
    "nn.functional.smooth_l1_loss": [(r(2, 3), r(2, 3), {"beta": b, "reduction": how}) for b in (0.0, 0.5, 3.0)
        for how in _EACH] + [(r(2, 3), r(3), {})],
    "nn.functional.huber_loss": [(r(2, 3), r(2, 3), {"delta": d, "reduction": how}) for d in (0.5, 3.0)
        for how in _EACH] + [(r(2, 3), r(3), {})],
    "nn.functional.poisson_nll_loss": [(p(2, 3), p(2, 3), {"log_input": log, "full": full, "eps": 0.1,
        "reduction": how}) for log in (_T, _F) for full in (_T, _F) for how in _EACH],
    "nn.functional.gaussian_nll_loss": [(r(2, 3), r(2, 3), v, {"full": full, "reduction": how}) for v in (p(2, 3),
        p(2, 1), p(2)) for full in (_T, _F) for how in _EACH],
    "nn.functional.multi_margin_loss": [(r(4, 3), w(0, 2, 1, 1), {"p": n, "margin": 0.5, "weight": c(3),
        "reduction": how}) for n in (1, 2) for how in _EACH] + [(r(3), w(1).reshape(()), {})],
    "nn.functional.multilabel_margin_loss": [(r(3), w(1, -1, 0), {}), (r(2, 3), w([0, 2, -1], [-1, 1, 0]),
        {"reduction": "none"})],
    "nn.functional.multilabel_soft_margin_loss": [(r(2, 3), u(2, 3), {"weight": c(3), "reduction": how})
        for how in _EACH],
    "nn.functional.margin_ranking_loss": [(r(3), r(1), w(1.0, -1.0, 1.0), {"margin": 0.5, "reduction": how})
        for how in _EACH],
    "nn.functional.triplet_margin_loss": [(r(3, 4), r(3, 4), r(3, 4), {"swap": swap, "p": n, "margin": 2.0,
        "reduction": how}) for swap in (_T, _F) for n in (1, 2, 3) for how in _EACH],
    "nn.functional.cosine_embedding_loss": [(r(3, 4), r(3, 4), w(1.0, -1.0, -1.0), {"margin": m, "reduction": how})
        for m in (-0.5, 0.2) for how in _EACH],
    "nn.functional.hinge_embedding_loss": [(r(2, 3), w(1.0, -1.0, -1.0), {"margin": m, "reduction": how})
        for m in (0.5, 2.0) for how in _EACH],
    "nn.functional.soft_margin_loss": [(r(2, 3), w(1.0, -1.0, 1.0), {"reduction": how}) for how in _EACH],
    "nn.functional.layer_norm": [(r(2, 3, 4), [3, 4], {}), (r(2, 3, 4), [4], r(4), {}), (r(2, 3, 4), [4], None,
        r(4), {}), (r(4), [4], r(4), r(4), {})],
    "nn.functional.rms_norm": [(r(2, 3, 4), [3, 4], {}), (r(2, 3, 4), [4], r(4), {"eps": 0.1})],
    "nn.functional.group_norm": [(r(2, 4, 3), n, {}) for n in (1, 2, 4)] + [(r(2, 4, 2, 2), 2, r(4), r(4), {}),
        (r(2, 4), 2, {}), (r(2, 4, 3), 2, r(4), {})],
    "nn.functional.instance_norm": [(r(2, 3, 4), {}), (r(2, 3, 4), {"weight": r(3), "bias": r(3), "eps": 0.1}),
        (r(2, 3, 4), {"running_mean": c(3), "running_var": c(3), "use_input_stats": _F})],
    "nn.functional.batch_norm": [
        (r(4, 3), c(3), c(3), {"training": t, "weight": r(3), "bias": r(3)}) for t in (_T, _F)
    ] + [(r(2, 3, 2, 2), None, None, {"training": _T}), (r(2, 3, 2, 2), c(3), c(3), {"training": _F}), (r(2, 3, 4),
        c(3), c(3), {"training": _F, "weight": r(3)})],
    "nn.functional.local_response_norm": [(r(2, 4, 3), n, {"alpha": 0.5, "beta": 0.6, "k": 1.5}) for n in (1, 2, 3,
        4)] + [(r(1, 3, 2, 2, 2), 2, {"alpha": 0.5})],
    "nn.functional.conv1d": [(r(2, 2, 6), r(3, 2, 3), {"padding": "same", "dilation": 2}), (r(2, 2, 6), r(3, 2, 2),
        {"padding": "same"}), (r(0, 2, 6), r(3, 2, 3), r(3), {}), (r(2, 6), r(3, 2, 3), {})],
    "nn.functional.conv2d": [
        (r(1, 2, 5, 6), r(2, 2, 2, 3), r(2), {"padding": "same", "dilation": [2, 1]}), (r(2, 4, 5, 6), r(6, 2, 3,
            2), r(6), {"groups": 2, "stride": [3, 2], "padding": [1, 0], "dilation": [1, 2]}),
        (r(1, 3, 4, 4), r(6, 1, 3, 3), {"groups": 3}), (r(1, 1, 7, 7), r(1, 1, 2, 2), {"stride": 4}), (r(0, 2, 4,
            4), r(3, 2, 3, 3), r(3), {}), (r(2, 4, 4), r(3, 2, 3, 3), r(3), {}), (r(1, 2, 3, 3), r(3, 2, 1, 1), {}),
    ],
    "nn.functional.conv3d": [(r(1, 2, 3, 4, 3), r(2, 1, 2, 3, 2), r(2), {"groups": 2, "stride": [1, 2, 1],
        "padding": [0, 1, 1]})],
    "nn.functional.conv_transpose1d": [(r(2, 2, 4), r(2, 3, 3), r(3), {"stride": 3, "padding": 1,
        "output_padding": 2, "dilation": 2}), (r(2, 4, 4), r(4, 2, 3), {"groups": 2})],
    "nn.functional.conv_transpose2d": [
        (r(1, 4, 3, 4), r(4, 2, 2, 3), r(4), {"groups": 2, "stride": [2, 3], "padding": [1, 0],
            "output_padding": [1, 2], "dilation": [2, 1]}), (r(2, 3, 3), r(2, 1, 2, 2), {}), (r(0, 2, 3, 3), r(2, 1,
            2, 2), r(1), {}),
    ],
    **{
        f"nn.functional.max_pool{n}d": [
            (r(1, 2, *[7, 6, 5][:n]), {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2,
            "ceil_mode": _T}), (r(2, *[7, 6, 5][:n]), {"kernel_size": 3, "stride": 1}),
            (r(1, 2, *[7, 6, 5][:n]), {"kernel_size": 2, "stride": 3, "ceil_mode": _T}),
        ]
        for n in (1, 2, 3)
    },
    "nn.functional.avg_pool1d": [(r(1, 2, 7), 3, {"stride": 2, "padding": 1, "ceil_mode": cm,
        "count_include_pad": inc}) for cm in (_T, _F) for inc in (_T, _F)],
    "nn.functional.avg_pool2d": [(r(1, 2, 7, 6), [3, 2], [2, 3], [1, 1], cm, inc, d, {}) for cm in (_T, _F)
        for inc in (_T, _F) for d in (None, 5)],
    "nn.functional.avg_pool3d": [(r(1, 2, 5, 6, 5), 3, 2, 1, cm, inc, d, {}) for cm in (_T, _F) for inc in (_T, _F)
        for d in (None, 5)],
    "nn.functional.adaptive_avg_pool1d": [(r(2, 7), 3, {}), (r(1, 2, 3), 5, {})],
    "nn.functional.adaptive_avg_pool2d": [(r(1, 2, 7, 5), [3, 2], {}), (r(2, 3, 5), [5, None], {}), (r(1, 2, 3, 3),
        1, {})],
    "nn.functional.adaptive_max_pool1d": [(r(2, 7), 3, {}), (r(1, 2, 3), 5, {})],
    "nn.functional.adaptive_max_pool2d": [(r(1, 2, 7, 5), [3, 2], {}), (r(2, 3, 5), [5, None], {})],
    **{
        f"nn.functional.interpolate.{mode}": [
            (r(1, 2, *size), {"mode": mode, **how, **({} if a is None else {"align_corners": a})})
            for how in ({"size": [3, 7, 4][: len(size)]}, {"scale_factor": 0.6}, {"scale_factor": 1.7,
            "recompute_scale_factor": _T}, {"scale_factor": [2.3, 0.7, 1.5][: len(size)]})
            for a in aligns
        ]
        for mode, size, aligns in (
            ("linear", (5,), (_T, _F)), ("bilinear", (5, 4), (_T, _F)), ("bicubic", (5, 4), (_T, _F)), ("trilinear",
            (3, 4, 3), (_T, _F)), ("nearest", (5, 4), (None,)),
            ("nearest-exact", (5, 4), (None,)), ("area", (5, 4), (None,)),
        )
    },
    "nn.functional.grid_sample": [
        (r(1, 2, 4, 5), r(1, 3, 2, 2), {"mode": mode, "padding_mode": pad, "align_corners": a})
            for mode in ("bilinear", "nearest", "bicubic") for pad in ("zeros", "border", "reflection")
            for a in (_T, _F)
    ] + [(r(1, 2, 3, 4, 3), r(1, 2, 2, 2, 3), {"padding_mode": pad, "align_corners": a}) for pad in ("zeros",
        "border", "reflection") for a in (_T, _F)],
    "nn.functional.embedding": [
        (r(4, 2), w([0, 2, 2], [1, 3, 2]), o) for o in ({"padding_idx": 2}, {"padding_idx": -2},
            {"scale_grad_by_freq": _T}, {"scale_grad_by_freq": _T, "padding_idx": 2}, {},
            {"max_norm": 1.0}, {"max_norm": 0.75, "norm_type": 1.0, "padding_idx": 1})
    ],
    "nn.functional.scaled_dot_product_attention": [
        (r(1, 2, 3, 4), r(1, 2, 5, 4), r(1, 2, 5, 4), {"attn_mask": r(3, 5)}), (r(1, 2, 3, 4), r(1, 2, 5, 4), r(1,
            2, 5, 4), {"is_causal": _T}),
        (r(1, 2, 2, 4), r(1, 2, 3, 4), r(1, 2, 3, 4), {"attn_mask": _MASK, "scale": 0.3}), (r(3, 4), r(5, 4), r(5,
            2), {}),
        (r(1, 4, 3, 2), r(1, 2, 3, 2), r(1, 2, 3, 2), {"enable_gqa": _T}), (r(1, 2, 2, 4), r(1, 2, 3, 4), r(1, 2, 3,
            4), {"attn_mask": np.array([[True, False, True], [False, False, False]])}),
    ],
    # Length 3, batch 2, width 4, 2 heads; the projections are small, so that no score saturates its softmax.
    "nn.functional.multi_head_attention_forward": [
        (*_QKV, 4, 2, u(12, 4), r(12), None, None, _F, 0.0, r(4, 4), r(4), {}),
        (*_QKV, 4, 2, u(12, 4), None, r(1, 1, 4), r(1, 1, 4), _T, 0.0, r(4, 4), None,
            {"average_attn_weights": _F, "attn_mask": r(3, 3)}),
        (*_QKV, 4, 2, u(12, 4), r(12), None, None, _F, 0.5, r(4, 4), r(4), {"training": _F, "need_weights": _F,
            "key_padding_mask": np.array([[False, True, False], [False, False, True]])}),
        (r(3, 4), r(2, 3), r(2, 5), 4, 2, None, r(12), None, None, _F, 0.0, r(4, 4), r(4),
            {"use_separate_proj_weight": _T, "q_proj_weight": u(4, 4), "k_proj_weight": u(4, 3),
             "v_proj_weight": u(4, 5)}),
    ],
    "nn.functional.embedding_bag": [
        (_WORDS, r(4, 2), {"offsets": w(0, 2, 2, 5), "mode": mode, **how}) for mode in ("sum", "mean")
            for how in ({}, {"scale_grad_by_freq": _T}, {"padding_idx": 3})
    ] + [
        (w(1, 0, 1, 0), r(4, 2), {"offsets": w(0, 1), "mode": "sum", "scale_grad_by_freq": _T}), (_WORDS, r(4, 2),
            {"offsets": w(0, 2, 2, 5), "mode": "max"}), (_WORDS, r(4, 2), {"offsets": w(0, 2, 2, 6),
            "mode": "mean", "include_last_offset": _T}), (_WORDS, r(4, 2), {"offsets": w(0, 2, 2, 5), "mode": "sum",
            "per_sample_weights": r(6)}), (w([0, 3], [1, 1]), r(4, 2), {"mode": "mean"}),
        (_WORDS, r(4, 2), {"offsets": w(0, 2, 2, 5), "mode": "mean", "max_norm": 1.0}),
    ],
}  # fmt: skip
