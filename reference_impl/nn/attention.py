"""Attention with several heads as a module."""

from __future__ import annotations

from typing import Any

from reference_impl.nn import functional, init
from reference_impl.nn.layers import Linear
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import new_parameter


class NonDynamicallyQuantizableLinear(Linear):
    """A linear map, under the name that texts of modules show for it."""


class MultiheadAttention(Module):
    """Attention of queries to keys and values, in ``num_heads`` heads (Vaswani et al., 2017)."""

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.batch_first, self.add_zero_attn = batch_first, add_zero_attn
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self._add_projections(dtype)
        self.register_parameter(
            "in_proj_bias", new_parameter(3 * embed_dim, dtype=dtype) if bias else None
        )
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            made = new_parameter(1, 1, embed_dim, dtype=dtype) if add_bias_kv else None
            self.register_parameter(name, made)
        self._reset_parameters()

    def _add_projections(self, dtype: Any) -> None:
        n = self.embed_dim
        widths = {"q_proj_weight": n, "k_proj_weight": self.kdim, "v_proj_weight": self.vdim}
        joint = self._qkv_same_embed_dim
        for name, width in widths.items():
            made = None if joint else new_parameter(n, width, dtype=dtype)
            self.register_parameter(name, made)
        whole = new_parameter(3 * n, n, dtype=dtype) if joint else None
        self.register_parameter("in_proj_weight", whole)

    def _reset_parameters(self) -> None:
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
            init.xavier_normal_(self.bias_v)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        swap = self.batch_first and query.dim() == 3
        if swap:
            query, key, value = (x.transpose(1, 0) for x in (query, key, value))
        if is_causal and attn_mask is None:
            raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
        out, weights = functional.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
        )
        return out.transpose(1, 0) if swap else out, weights
