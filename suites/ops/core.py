"""The operators that programs about autograd use: what the quick tier runs."""

CORE = tuple(
    """
    add sub mul div.no_rounding_mode neg pow reciprocal sqrt rsqrt square abs sign exp exp2 expm1 log log1p log2
    sin cos tan asin acos atan atan2 sinh cosh tanh sigmoid erf lgamma maximum minimum clamp where lerp addcmul
    addcdiv hypot logaddexp floor round fmod remainder __radd__ __rsub__ __rmul__ __rdiv__ __rpow__ rsub sum
    mean prod var std amax amin max.reduction_no_dim max.reduction_with_dim min.reduction_with_dim median
    logsumexp linalg.vector_norm norm cumsum cumprod aminmax view reshape transpose permute t T
    unsqueeze squeeze expand flatten unflatten repeat flip roll tile narrow select diagonal unbind chunk split
    stack cat hstack movedim broadcast_to as_strided tril triu diag __getitem__ index_select gather scatter
    scatter_add index_add index_put masked_fill masked_select take select_scatter sort topk cummax mm matmul bmm
    mv dot outer addmm einsum tensordot linalg.multi_dot kron linalg.inv linalg.det linalg.solve linalg.cholesky
    linalg.qr nn.functional.relu nn.functional.leaky_relu nn.functional.gelu nn.functional.silu
    nn.functional.softplus nn.functional.elu nn.functional.hardtanh softmax log_softmax nn.functional.linear
    nn.functional.conv2d nn.functional.max_pool2d nn.functional.avg_pool2d nn.functional.layer_norm
    nn.functional.batch_norm nn.functional.mse_loss nn.functional.l1_loss nn.functional.cross_entropy
    nn.functional.nll_loss nn.functional.binary_cross_entropy nn.functional.smooth_l1_loss
    nn.functional.embedding clone contiguous zero_ fill real conj
    """.split()  # noqa: SIM905 - a table of a hundred names reads better so
)
