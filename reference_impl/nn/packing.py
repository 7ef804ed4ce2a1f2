"""Sequences of different lengths: padded to one tensor, or packed without padding."""

from __future__ import annotations

from typing import Any, NamedTuple

from reference_impl import dtypes
from reference_impl.registry import OPS


class PackedSequence(NamedTuple):
    """Entries of all sequences, time step by time step, the longest sequence first.

    ``batch_sizes`` counts the sequences that are still running at each step; the indices say how the batch was sorted.
    """

    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with converted data."""
        return self._replace(data=self.data.to(*args, **kwargs))


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes this one."""
    return None if permutation is None else OPS["argsort"](permutation)


def pack_padded_sequence(
    input: Any,
    lengths: Any,
    batch_first: bool = False,
    enforce_sorted: bool = True,
) -> PackedSequence:
    """Pack padded sequences, (time, batch, ...) or with the batch first.

    Raises:
        RuntimeError: the lengths do not fall although they were said to, or one is not positive, or there are too many.
    """
    lengths = OPS["as_tensor"](lengths, dtype=dtypes.int64)
    x = input.transpose(0, 1) if batch_first else input
    order = None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        x = x.index_select(1, order)
    each = lengths.tolist()
    if len(each) != x.shape[1]:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(each)} (batch_size={x.shape[1]})"
        )
    if each != sorted(each, reverse=True):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    if each[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    sizes = [sum(n > t for n in each) for t in range(each[0])]
    data = OPS["cat"]([x[t, :n] for t, n in enumerate(sizes)])
    return PackedSequence(data, OPS["tensor"](sizes), order, invert_permutation(order))


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Any, Any]:
    """The padded sequences, in the batch's first order, and their lengths.

    Raises:
        ValueError: ``total_length`` is too short.
    """
    sizes = sequence.batch_sizes.tolist()
    longest, batch = len(sizes), sizes[0]
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    rows = [_filled(x, batch, padding_value) for x in sequence.data.split(sizes)]
    rows += [rows[0].new_full(rows[0].shape, padding_value)] * ((total_length or longest) - longest)
    out = OPS["stack"](rows)
    lengths = OPS["tensor"]([sum(n > i for n in sizes) for i in range(batch)])
    order, along = sequence.unsorted_indices, 0 if batch_first else 1
    out = out.transpose(0, 1) if batch_first else out
    if order is not None:
        out, lengths = out.index_select(along, order), lengths[order]
    return out, lengths


def _filled(x: Any, batch: int, value: float) -> Any:
    """``x`` with rows of padding behind it, up to the whole batch."""
    missing = batch - x.shape[0]
    return OPS["cat"]([x, x.new_full((missing, *x.shape[1:]), value)]) if missing else x


def pad_sequence(
    sequences: Any,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:
    """Sequences of different lengths as one tensor, (time, batch, ...) or with the batch first.

    Raises:
        ValueError: ``padding_side`` is neither "left" nor "right".
    """
    if padding_side not in ("left", "right"):
        raise ValueError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    each = list(sequences)
    longest = max(x.shape[0] for x in each)
    rows = []
    for x in each:
        padding = x.new_full((longest - x.shape[0], *x.shape[1:]), padding_value)
        rows.append(OPS["cat"]([x, padding] if padding_side == "right" else [padding, x]))
    return OPS["stack"](rows, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The sequences without their padding."""
    x = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(n)] for row, n in zip(x, lengths, strict=True)]


def pack_sequence(sequences: Any, enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences of different lengths."""
    each = list(sequences)
    lengths = OPS["tensor"]([x.shape[0] for x in each])
    return pack_padded_sequence(pad_sequence(each), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The sequences that were packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
