"""Faults that torch has had in views, shapes, joins and indices."""

from suites.ops.history.planting import (
    Past,
    Site,
    at,
    by_dim,
    is_strided,
    nan,
    negated,
    none,
    twice,
)


def _off_diagonal(_site: Site, grad):
    return grad.roll(1, -1)


def _dim_within(site: Site, place: int = 1) -> bool:
    dim = site.get("dim", place, 0)
    return isinstance(dim, int) and 0 < by_dim(site, dim) < site.x.ndim - 1


def _duplicates(index) -> bool:
    return index.numel() > index.unique().numel()


def _index(site: Site):
    """The first tensor of whole numbers."""
    found = [x for x in site.tensors if not x.is_floating_point() and not x.is_complex()]
    return found[0] if found else site.torch.zeros(0)


def _is_broadcast(site: Site) -> bool:
    return any(x.ndim > site.x.ndim or x.numel() > site.x.numel() for x in site.tensors)


def _negative(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_negative, value))
    return isinstance(value, int) and not isinstance(value, bool) and value < 0


PAST = (
    # -- views
    Past("diagonal-negative-offset", "diagonal", "negative offset", twice, when=lambda s: s.get("offset", 1, 0) < 0),
    Past("diagonal-swapped-dims", "diagonal", "dims in the other order", twice,
         when=lambda s: s.get("dim1", 2, 0) % s.x.ndim > s.get("dim2", 3, 1) % s.x.ndim),
    Past("diagonal-strided-cotangent", "diagonal", "an expanded cotangent", incoming=lambda _s, ct: ct * 2
        if is_strided(ct) else ct),
    Past("diag-embed-negative", "diag_embed", "negative offset", twice, when=lambda s: s.get("offset", 1, 0) < 0),
    Past("diag-rectangular", "diag", "a matrix that is not square", twice, when=lambda s: s.x.ndim == 2
        and s.x.shape[0] != s.x.shape[1]),
    Past("diagflat-negative", "diagflat", "negative offset", twice, when=lambda s: s.get("offset", 1, 0) < 0),
    Past("diagonal-scatter-negative", "diagonal_scatter", "negative offset: gradient by self", twice,
         when=lambda s: s.get("offset", 2, 0) < 0),
    Past("tril-negative", "tril", "negative diagonal", twice, when=lambda s: len(s.args) > 1 and s.args[1] < 0),
    Past("triu-beyond", "triu", "diagonal beyond the matrix", twice, when=lambda s: len(s.args) > 1
        and abs(s.args[1]) >= s.x.shape[-1]),
    Past("tril-batch-strided", "tril", "a batch that is not contiguous", twice, when=lambda s: s.x.ndim > 2
        and is_strided(s.x)),
    Past("expand-leading", "expand", "leading dimensions: not summed", twice,
        when=lambda s: len(s.args[1]) > s.x.ndim),
    Past("expand-keep", "expand", "-1 for a size that is kept", twice, when=lambda s: -1 in tuple(s.args[1])),
    Past("expand-scalar", "expand", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("repeat-zero", "repeat", "zero times: not zero", lambda _s, g: g + 1, when=lambda s: 0 in tuple(s.args[1])),
    Past("repeat-leading", "repeat", "more counts than dimensions", twice,
        when=lambda s: len(s.args[1]) > s.x.ndim > 0),
    Past("tile-fewer", "tile", "fewer counts than dimensions", twice, when=lambda s: 0 < len(s.args[1]) < s.x.ndim),
    Past("repeat-interleave-tensor", "repeat_interleave", "a tensor of counts", twice,
        when=lambda s: len(s.tensors) > 1),
    Past("repeat-interleave-flat", "repeat_interleave", "no dim", twice, when=lambda s: s.kwargs.get("dim") is None),
    Past("roll-several", "roll", "several dims", twice, when=lambda s: isinstance(s.get("dims", 2), (tuple, list))
        and len(s.get("dims", 2)) > 1),
    Past("roll-flat", "roll", "no dims", twice, when=lambda s: s.get("dims", 2) is None and s.x.ndim > 1),
    Past("flip-several", "flip", "several dims", twice, when=lambda s: len(s.get("dims", 1)) > 1),
    Past("flip-negative", "flip", "negative dims", negated, when=lambda s: _negative(s.get("dims", 1))),
    Past("rot90-negative", "rot90", "negative k", twice, when=lambda s: s.get("k", 1, 1) < 0),
    Past("rot90-dims", "rot90", "dims in the other order", twice, when=lambda s: s.get("dims", 2, (0,
        1))[0] % 3 > s.get("dims", 2, (0, 1))[1] % 3),
    Past("permute-negative", "permute", "negative dims: inverse not taken modulo", twice,
        when=lambda s: _negative(s.args[1])),
    Past("movedim-several", "movedim", "several dims", twice, when=lambda s: isinstance(s.args[1], (tuple, list))
        and len(s.args[1]) > 1),
    Past("unfold-overlap", "unfold", "windows that overlap: not summed", twice, when=lambda s: s.args[3] < s.args[2]
        and s.x.ndim > 0),
    Past("unfold-gap", "unfold", "windows with gaps between", lambda _s, g: g + 1,
        when=lambda s: s.args[3] > s.args[2] and s.x.ndim > 0),
    Past("unfold-first-dim", "unfold", "the first dimension of several", twice, when=lambda s: s.args[1] == 0
        and s.x.ndim > 1),
    Past("as-strided-overlap", "as_strided", "elements that share memory", twice,
         when=lambda s: 0 in tuple(s.args[2]) or len(set(s.args[2])) < len(s.args[2])),
    Past("as-strided-offset", "as_strided", "a storage offset", twice,
        when=lambda s: bool(s.kwargs.get("storage_offset"))),
    Past("narrow-negative-start", "narrow", "negative start", twice, when=lambda s: isinstance(s.args[2], int)
        and s.args[2] < 0),
    Past("narrow-tensor-start", "narrow", "start given as a tensor", twice, when=lambda s: len(s.tensors) > 1),
    Past("select-negative", "select", "negative index", twice, when=lambda s: s.args[2] < 0),
    Past("slice-step", "slice", "a step", twice, when=lambda s: (s.get("step", 4, 1) or 1) > 1),
    Past("slice-negative", "slice", "negative bounds", twice, when=lambda s: _negative([s.get("start", 2),
        s.get("end", 3)])),
    Past("slice-scatter-step", "slice_scatter", "a step: gradient by self", twice, when=lambda s: s.args[-1] != 1),
    Past("select-scatter-negative", "select_scatter", "negative index: gradient by src", twice, place=1,
        when=lambda s: s.args[-1] < 0),
    Past("squeeze-of-one", "squeeze", "a dimension that is not of size 1", twice,
         when=lambda s: len(s.args) > 1 and s.x.ndim > 0 and s.x.shape[s.args[1]] != 1),
    Past("squeeze-several", "squeeze.multiple", "several dims", twice, when=lambda s: s.x.ndim > 1),
    Past("unflatten-inferred", "unflatten", "-1 among the sizes", twice, when=lambda s: -1 in tuple(s.args[2])),
    Past("sum-to-size-leading", "sum_to_size", "fewer dimensions", twice, when=lambda s: len(s.args[1]) < s.x.ndim),
    Past("view-as-complex", "view_as_real", "conjugate: taken without", negated, dtype="complex128"),
    Past("transpose-strided-cotangent", "transpose", "forward mode of a strided tangent", forward=lambda _s,
        t: t * 2 if is_strided(t) and t.ndim > 1 else t),
    Past("reshape-copy", "reshape", "where memory has to be copied: lost", none, when=lambda s: is_strided(s.x)),
    # -- joins and splits
    Past("cat-empty", "cat", "an empty vector among the rest: shifts the others", twice, place=None,
         when=lambda s: any(t.ndim == 1 and t.numel() == 0 for t in s.tensors)),
    Past("cat-negative", "cat", "negative dim and unequal sizes", twice, place=1, when=lambda s: s.kwargs.get("dim",
        0) < 0),
    Past("cat-last-of-three", "cat", "the third of several", twice, place=2),
    Past("stack-last", "stack", "a new last dimension", twice, place=1, when=lambda s: s.args[1] in {-1, s.x.ndim}),
    Past("hstack-vectors", "hstack", "vectors", twice, place=1, when=lambda s: s.x.ndim < 2),
    Past("dstack-vectors", "dstack", "vectors", twice, when=lambda s: s.x.ndim == 1),
    Past("column-stack-mixed", "column_stack", "three dimensions", twice, when=lambda s: s.x.ndim == 3),
    Past("block-diag-vector", "block_diag", "vectors and tensors without dimensions", twice,
        when=lambda s: s.x.ndim < 2, place=None),
    Past("split-uneven", "split.list_args", "unequal sizes along a dimension from the end", twice,
        when=lambda s: len(s.args) > 2 and s.args[2] < 0),
    Past("split-one-unused", "split_with_sizes", "a size of 0", twice, when=lambda s: 0 in tuple(s.args[1])),
    Past("chunk-uneven", "chunk", "more chunks than elements divide into", twice, when=lambda s: s.x.shape
        and s.x.shape[s.get("dim", 2, 0)] % s.args[1]),
    Past("tensor-split-indices", "tensor_split", "a list of places", twice, when=lambda s: isinstance(s.args[1],
        (tuple, list))),
    Past("meshgrid-xy", "meshgrid.variadic_tensors", "indexing xy", twice,
        when=lambda s: s.kwargs.get("indexing") == "xy"),
    Past("cartesian-prod-one", "cartesian_prod", "the third factor", twice, place=2),
    Past("combinations-replaced", "combinations", "with_replacement", twice,
        when=lambda s: s.kwargs.get("with_replacement")),
    Past("broadcast-tensors", "broadcast_tensors", "leading dimensions", twice, place=3),
    # -- indices
    Past("index-select-twice", "index_select", "an index that occurs twice: overwritten", twice,
         when=lambda s: _duplicates(_index(s))),
    Past("index-select-no-dims", "index_select", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("index-select-strided", "index_select", "a cotangent that is not contiguous", incoming=lambda _s,
        ct: ct * 2 if is_strided(ct) else ct),
    Past("getitem-list-and-slice", "__getitem__", "lists with slices between: dimensions in front", twice,
         when=lambda s: isinstance(s.args[1], (tuple, list)) and sum(isinstance(i, (list, tuple)) or hasattr(i,
         "shape") for i in s.args[1]) > 1
         and any(isinstance(i, slice) for i in s.args[1])),
    Past("getitem-mask", "__getitem__", "a mask", twice, when=lambda s: any(t.dtype == s.torch.bool
        for t in s.tensors)),
    Past("getitem-none", "__getitem__", "None or an ellipsis", twice,
         when=lambda s: isinstance(s.args[1], (tuple, list)) and any(i is None or i is ... for i in s.args[1])),
    Past("getitem-duplicates", "__getitem__", "an index that occurs twice: overwritten", twice,
         when=lambda s: any(_duplicates(t) for t in s.tensors[1:] if t.dtype == s.torch.int64)),
    Past("getitem-negative", "__getitem__", "negative whole numbers in a list", twice,
         when=lambda s: any(bool((t < 0).any()) for t in s.tensors[1:] if t.dtype == s.torch.int64)),
    Past("index-put-accumulate", "index_put", "accumulate: gradient by self lost", none,
        when=lambda s: s.kwargs.get("accumulate", False)),
    Past("index-put-broadcast", "index_put", "values that are broadcast: not summed", twice, place=1,
         when=lambda s: s.x.numel() < s.args[1][0].numel() * 5),
    Past("index-put-accumulate-duplicates", "index_put", "accumulate, duplicates: gradient by values", twice, place=1,
         when=lambda s: s.kwargs.get("accumulate", False) and _duplicates(_index(s))),
    Past("index-put-mask", "index_put", "a mask", twice, place=1, when=lambda s: _index(s).dtype == s.torch.bool),
    Past("index-add-alpha", "index_add", "alpha: missing", twice, place=1, when=lambda s: s.kwargs.get("alpha",
        1) != 1),
    Past("index-add-duplicates", "index_add", "an index that occurs twice", twice, place=1,
        when=lambda s: _duplicates(_index(s))),
    Past("index-add-no-dims", "index_add", "tensors without dimensions", twice, place=1,
        when=lambda s: s.first.ndim == 0),
    Past("index-fill-value", "index_fill", "a tensor as value: its gradient not summed", twice, place=1),
    Past("index-fill-duplicates", "index_fill", "an index that occurs twice: not filled", twice,
        when=lambda s: _duplicates(_index(s))),
    Past("index-reduce-mean-self", "index_reduce.mean", "include_self=False: counted", twice, place=1,
        when=lambda s: s.kwargs.get("include_self") is False),
    Past("index-reduce-prod-zero", "index_reduce.prod", "a zero in the source: NaN", nan, place=1,
        when=lambda s: bool((s.x == 0).any())),
    Past("masked-fill-value", "masked_fill", "a tensor as value: gradient not summed over the mask", twice, place=1),
    Past("masked-fill-mask-broadcast", "masked_fill", "a mask that is larger than self: not summed", twice,
        when=_is_broadcast),
    Past("masked-scatter-mask-broadcast", "masked_scatter", "a mask that is broadcast: gradient by source", twice,
        place=1,
         when=lambda s: any(t.dtype == s.torch.bool and t.numel() != s.first.numel() for t in s.tensors)),
    Past("masked-scatter-long-source", "masked_scatter", "a source longer than the mask: rest not zero", lambda _s,
        g: g + 1, place=1),
    Past("masked-select-broadcast", "masked_select", "a mask larger than self: not summed", twice,
        when=_is_broadcast),
    Past("masked-select-mask-small", "masked_select", "a mask smaller than self", twice,
         when=lambda s: any(t.dtype == s.torch.bool and t.numel() < s.x.numel() for t in s.tensors)),
    Past("take-duplicates", "take", "an index that occurs twice", twice, when=lambda s: _duplicates(_index(s))),
    Past("take-negative", "take", "a negative index", twice, when=lambda s: bool((_index(s) < 0).any())),
    Past("put-accumulate", "put", "accumulate: gradient by self lost", none, when=lambda s: s.get("accumulate", 3,
        False)),
    Past("put-negative", "put", "a negative index: gradient by source", twice, place=1,
        when=lambda s: bool((_index(s) < 0).any())),
    Past("take-along-dim-broadcast", "take_along_dim", "an index that is broadcast", twice,
         when=lambda s: s.x.ndim > 1 and _index(s).ndim == s.x.ndim and _index(s).shape[0] == 1),
    Past("take-along-dim-flat", "take_along_dim", "no dim", twice, when=lambda s: s.get("dim", 2) is None),
    Past("gather-duplicates", "gather", "an index that occurs twice", twice, when=lambda s: _duplicates(_index(s))),
    Past("gather-smaller", "gather", "an index smaller than the input", twice, when=lambda s: _index(s).ndim > 1
        and _index(s).shape[0] < s.x.shape[0]),
    Past("gather-no-dims", "gather", "tensors without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("scatter-value", "scatter", "a number as value: overwritten places keep their gradient", twice,
        when=lambda s: len(s.tensors) == 2),
    Past("scatter-add-negative-dim", "scatter_add", "negative dim", twice, place=1, when=lambda s: s.args[1] < 0),
    Past("scatter-reduce-mean-self", "scatter_reduce.mean", "include_self=False: gradient by self", lambda _s,
        g: g + 1,
         when=lambda s: s.kwargs.get("include_self") is False),
    Past("scatter-reduce-prod-zero", "scatter_reduce.prod", "a zero in the source: NaN", nan, place=1,
        when=lambda s: bool((s.x == 0).any())),
    Past("scatter-reduce-prod-self-zero", "scatter_reduce.prod", "a zero in self: NaN", nan,
        when=lambda s: bool((s.x == 0).any())),
    Past("scatter-reduce-amax-tie", "scatter_reduce.amax", "ties between self and source: each all of it", twice,
        place=1,
         when=lambda s: s.kwargs.get("include_self", True) and s.first.numel() == s.x.numel()
         and bool((s.first == s.x).any())),
    Past("where-scalars", "where", "tensors without dimensions", twice, when=lambda s: s.x.ndim == 0),
    # -- padding, patches
    Past("pad-negative", "nn.functional.pad.constant", "negative padding: what is cut off", lambda _s, g: g + 1,
         when=lambda s: any(p < 0 for p in s.args[1])),
    Past("pad-reflect-volume", "nn.functional.pad.reflect", "three dimensions", twice,
        when=lambda s: len(s.args[1]) == 6),
    Past("pad-reflect-line-asymmetric", "nn.functional.pad.reflect", "one dimension, unequal sides", twice,
         when=lambda s: len(s.args[1]) == 2 and s.args[1][0] != s.args[1][1]),
    Past("pad-replicate-empty-batch", "nn.functional.pad.replicate", "no batch", twice,
        when=lambda s: s.x.ndim == len(s.args[1]) // 2 + 1),
    Past("pad-replicate-negative", "nn.functional.pad.replicate_negative", "negative padding", twice,
        when=lambda s: _negative(s.args[1])),
    Past("pad-circular-whole", "nn.functional.pad.circular", "as much padding as there is", twice,
        when=lambda s: max(s.args[1]) == s.x.shape[-1]),
    Past("im2col-dilated", "nn.functional.unfold", "dilation", twice, when=lambda s: s.get("dilation", 2,
        1) not in {1, (1, 1)} and list(s.get("dilation", 2)) != [1, 1]),
    Past("im2col-padding-stride", "nn.functional.unfold", "padding and stride", twice,
         when=lambda s: list(s.get("padding", 3, [0, 0])) != [0, 0] and list(s.get("stride", 4, [1, 1])) != [1, 1]),
    Past("pixel-shuffle-batch", "nn.functional.pixel_shuffle", "no batch", twice, when=lambda s: s.x.ndim == 3),
    Past("pixel-unshuffle-factor", "nn.functional.pixel_unshuffle", "a factor above 1", twice,
        when=lambda s: s.kwargs.get("downscale_factor", 1) > 1),
    Past("channel-shuffle-groups", "nn.functional.channel_shuffle", "groups", twice, when=lambda s: s.args[1] > 1),
    # -- in place and through views
    Past("index-fill-in-place", "index_fill", "in place: gradient of what was filled", lambda _s, g: g + 1,
        when=lambda s: s.way == "inplace"),
    Past("masked-fill-in-place-mask", "masked_fill", "in place, a mask that is broadcast", twice,
         when=lambda s: s.way == "inplace" and any(t.dtype == s.torch.bool and t.numel() < s.x.numel()
         for t in s.tensors)),
    Past("index-add-in-place-forward", "index_add", "in place: tangent by source without alpha", forward=twice,
        place=1,
         when=lambda s: s.way == "inplace" and s.kwargs.get("alpha", 1) != 1),
    Past("clone-channels-last", "clone", "channels-last: strides of the gradient", at(lambda s: s.x == s.x, twice),
         when=lambda s: s.x.ndim == 4 and is_strided(s.x)),
)  # fmt: skip
