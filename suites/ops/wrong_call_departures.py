"""Wrong calls of public operators that torch and the reference answer differently, with the reasons.

A call is named as in `wrong_calls.py`: the place of the argument, and what was made of it.
"""

from collections.abc import Mapping

# Operators that are not called wrongly, and why: what they refuse is documented nowhere.
_INTERNAL = "an internal operator, whose arguments are documented nowhere"
_SPECIAL = "a method that Python's operators call, which answers NotImplemented instead of raising"
_ASSERTS = "its arguments are checked by assertions of Python code, which no document names"
_MASKED = "a prototype in Python whose arguments are read as they come"
NOT_CALLED: Mapping[str, str] = {
    "_*": _INTERNAL,
    "native_*": _INTERNAL,
    "torch.ops.*": _INTERNAL,
    "grid_sampler_?d": _INTERNAL,
    "max_pool2d_with_indices_backward": _INTERNAL,
    "slice": _INTERNAL,
    "__*__": _SPECIAL,
    "nn.functional.multi_head_attention_forward": _ASSERTS,
    "masked.*": _MASKED,
}

_OTHER_TYPE = "both refuse: of several things that are wrong with the call each side names the one that it meets first"
_ONLY_TORCH = (
    "a gap: torch looks at this argument more closely than the reference, which computes something"
)
_ONLY_OURS = "torch takes an argument unread, or wraps it, where its documentation asks for another"
DEPARTURES: Mapping[str, Mapping[str, str]] = {
    _OTHER_TYPE: {
        "addbmm": "1:without-dims 2:without-dims 2:a-dim-less",
        "as_strided_scatter": "1:another-dim",
        "baddbmm": "1:without-dims 2:without-dims 2:a-dim-less",
        "clamp_max": "1:None",
        "clamp_min": "1:None",
        "combinations": "r:far-below",
        "diagonal_scatter": "1:as-number 1:None 1:as-str",
        "einsum": "0:shorter 0:as-str",
        "expand": "1:as-str",
        "expand_copy": "1:as-str",
        "gather": "2:longer-last",
        "index_fill": "2:another-dim",
        "index_put": "1:as-str 1.0:as-str",
        "linalg.cholesky_ex": "0:without-dims",
        "linalg.householder_product": "1:without-dims 1:a-dim-less",
        "linalg.lu_solve": "1:as-float64 1:without-dims 1:a-dim-less 1:far 1:far-below",
        "lu_solve": "2:as-float64 2:without-dims 2:a-dim-less 2:far 2:far-below",
        "lu_unpack": "0:without-dims 0:a-dim-less",
        "mv": "0:without-dims",
        "nanquantile": "one-too-many",
        "nn.functional.batch_norm": "0:without-dims",
        "nn.functional.batch_norm.without_cudnn": "0:without-dims",
        "nn.functional.bilinear": "2:a-dim-less 3:without-dims 3:a-dim-less",
        "nn.functional.cross_entropy": "0:without-dims 0:a-dim-less",
        "nn.functional.embedding_bag": """
            0:as-int64 0:as-bool 0:without-dims 0:another-dim 0:a-dim-less 1:as-float64 1:longer-last 1:far
            1:far-below per_sample_weights:longer-last
        """,
        "nn.functional.fractional_max_pool2d": "0:without-dims",
        "nn.functional.fractional_max_pool3d": "0:without-dims",
        "nn.functional.grid_sample": "0:without-dims 1:without-dims",
        "nn.functional.linear_cross_entropy": "0:another-dim 1:without-dims 1:a-dim-less",
        "nn.functional.linear_cross_entropy.chunked": """
            0:as-int64 0:as-bool 0:as-complex 0:another-dim 1:without-dims 1:a-dim-less
        """,
        "nn.functional.linear_cross_entropy.chunked_none": """
            0:as-int64 0:as-bool 0:as-complex 0:another-dim 1:without-dims 1:a-dim-less
        """,
        "nn.functional.max_unpool1d": "0:without-dims",
        "nn.functional.max_unpool1d.grad": "0:without-dims",
        "nn.functional.max_unpool2d": "0:without-dims",
        "nn.functional.max_unpool2d.grad": "0:without-dims",
        "nn.functional.max_unpool3d": "0:without-dims",
        "nn.functional.max_unpool3d.grad": "0:without-dims",
        "nn.functional.multi_margin_loss": "one-too-many",
        "nn.functional.normalize": "p:as-str",
        "nn.functional.one_hot": "one-too-many unknown-keyword",
        "nn.functional.rms_norm": "0:without-dims 0:a-dim-less",
        "nn.functional.softplus": "threshold:as-str",
        "normal": "1:as-str",
        "ormqr": "1:without-dims 1:a-dim-less 1:longer-last",
        "pca_lowrank": "0:a-dim-less q:far q:far-below",
        "quantile": "one-too-many",
        "rot90": "0:without-dims",
        "scatter": "3:a-dim-less",
        "scatter_add": "3:a-dim-less",
        "scatter_reduce.amax": "3:a-dim-less",
        "scatter_reduce.amin": "3:a-dim-less",
        "scatter_reduce.mean": "3:a-dim-less",
        "scatter_reduce.prod": "3:a-dim-less",
        "scatter_reduce.sum": "3:a-dim-less",
        "select_scatter": "1:as-number 1:None 1:as-str",
        "sum_to_size": "1:as-str one-too-many",
        "svd_lowrank": "0:a-dim-less",
        "take_along_dim": "1:as-float64",
        "to": "3:as-str 4:as-str one-too-many",
    },
    _ONLY_TORCH: {
        "cartesian_prod": "0:as-str",
        "clamp": "1:as-number 2:as-number",
        "cumulative_trapezoid": "0:a-dim-less 1:another-dim 1:None",
        "einsum": "one-too-many",
        "index_put": """
            1:shorter 1.0:without-dims 1.0:a-dim-less 1.0:as-number 1.0:None 2:another-dim 2:as-number
            2:None
        """,
        "istft": "0:as-bool 0:as-float64 0:longer-first",
        "linalg.lu_solve": "1:as-bool",
        "linalg.tensorinv": "0:without-dims",
        "lu_solve": "2:as-bool",
        "lu_unpack": "0:longer-first",
        "max.binary": "1:None",
        "meshgrid.list_of_tensors": "0:shorter",
        "min.binary": "1:None",
        "nn.functional.binary_cross_entropy_with_logits": "1:as-int64",
        "nn.functional.cosine_similarity": "0:as-complex 1:as-complex",
        "nn.functional.embedding_bag": """
            0:as-complex 1:another-dim offsets:as-float64 per_sample_weights:as-int64
            per_sample_weights:as-bool per_sample_weights:as-float32 per_sample_weights:without-dims
            per_sample_weights:another-dim per_sample_weights:a-dim-less
        """,
        "nn.functional.gaussian_nll_loss": "2:as-int64 2:as-bool 2:None",
        "nn.functional.huber_loss": "0:as-int64 0:as-bool",
        "nn.functional.linear": "1:a-dim-less",
        "nn.functional.linear_cross_entropy": "2:as-bool 2:as-float64",
        "nn.functional.linear_cross_entropy.chunked": "2:as-bool 2:as-float64 2:another-dim",
        "nn.functional.linear_cross_entropy.chunked_none": "2:as-bool 2:as-float64 2:another-dim",
        "nn.functional.max_unpool1d": "*:as-float",
        "nn.functional.max_unpool1d.grad": "*:as-float",
        "nn.functional.max_unpool2d": "*:as-float",
        "nn.functional.max_unpool2d.grad": "*:as-float",
        "nn.functional.max_unpool3d": "*:as-float",
        "nn.functional.max_unpool3d.grad": "*:as-float",
        "nn.functional.pad.circular": "1.0:far 1.1:far",
        "nn.functional.soft_margin_loss": "0:as-int64 1:another-dim",
        "nn.functional.unfold": "2:far-below 4:far-below",
        "norm.nuc": "0:another-dim",
        "normal": "1:as-complex unknown-keyword",
        "normal.number_mean": "unknown-keyword",
        "ormqr": "2:another-dim",
        "scatter": "3:None",
        "take_along_dim": "1:as-bool",
        "trapezoid": "0:a-dim-less 1:another-dim 1:None",
        "trapz": "0:a-dim-less 1:another-dim 1:None",
        "where": "1:as-number",
    },
    _ONLY_OURS: {
        "combinations": "r:far",
        "linalg.solve_triangular": "0:as-complex 1:as-int64 1:as-bool",
        "lu_unpack": "0:another-dim 1:another-dim 1:longer-last",
        "nn.functional.conv3d": "2:as-int64 2:as-bool 2:as-complex 2:as-float32",
        "nn.functional.conv_transpose1d": "2:as-int64 2:as-bool 2:as-float32",
        "nn.functional.conv_transpose2d": "2:as-int64 2:as-bool 2:as-float32",
        "nn.functional.cosine_similarity": "0:as-int64 0:as-bool 1:as-int64 1:as-bool",
        "nn.functional.embedding": "0:as-int64 0:as-bool",
        "nn.functional.embedding_bag": "1:as-bool",
        "nn.functional.fractional_max_pool2d": "1:far-below",
        "nn.functional.fractional_max_pool3d": "1.0:far-below 1.1:far-below 1.2:far-below",
        "nn.functional.gaussian_nll_loss": "1:as-number",
        "nn.functional.instance_norm": """
            running_mean:as-int64 running_mean:as-bool running_mean:as-complex running_mean:as-float32
        """,
        "nn.functional.max_unpool1d": "output_size.0:as-str output_size.1:as-str",
        "nn.functional.max_unpool1d.grad": "output_size.0:as-str output_size.1:as-str",
        "nn.functional.max_unpool2d": "output_size.0:as-str output_size.1:as-str",
        "nn.functional.max_unpool2d.grad": "output_size.0:as-str output_size.1:as-str",
        "nn.functional.max_unpool3d": "output_size.0:as-str output_size.1:as-str",
        "nn.functional.max_unpool3d.grad": "output_size.0:as-str output_size.1:as-str",
        "nn.functional.multilabel_soft_margin_loss": "1:as-number",
        "nn.functional.soft_margin_loss": "0:as-complex 1:as-bool",
        "roll": "2:far 2:far-below",
        "svd_lowrank": "q:far",
        "take_along_dim": "1:far 1:far-below",
    },
}
