"""torch.utils.data: data sets and the batches drawn from them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = [
    "BatchSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "SequentialSampler",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
]
T = TypeVar("T")


class Dataset:
    """Examples by number."""

    def __class_getitem__(cls, _item: Any) -> type:
        return cls

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Examples one after the other."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError


class TensorDataset(Dataset):
    """Rows of tensors of the same length."""

    def __init__(self, *tensors: Tensor) -> None:
        if any(t.shape[0] != tensors[0].shape[0] for t in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(t[index] for t in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


class Subset(Dataset):
    """Some examples of a data set."""

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset):
    """Data sets behind one another."""

    def __init__(self, datasets: Any) -> None:
        self.datasets = list(datasets)
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        at = index + len(self) if index < 0 else index
        for dataset, end in zip(self.datasets, self.cumulative_sizes, strict=True):
            if at < end:
                return dataset[at - end + len(dataset)]
        raise IndexError(index)


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Disjoint subsets, drawn at random; lengths that sum to 1 are parts of the whole."""
    sizes = [int(n) for n in lengths]
    if abs(sum(lengths) - 1) < 1e-9:
        sizes = [int(part * len(dataset)) for part in lengths]
        for i in range(len(dataset) - sum(sizes)):
            sizes[i % len(sizes)] += 1
    if sum(sizes) != len(dataset):
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = OPS["randperm"](len(dataset), generator=generator).tolist()
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - n : end]) for n, end in zip(sizes, ends, strict=True)]


class SequentialSampler:
    """All numbers in order."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(SequentialSampler):
    """All numbers in random order, or draws with replacement."""

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        super().__init__(data_source)
        self.replacement, self.generator = replacement, generator
        self.num_samples = len(data_source) if num_samples is None else num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        if self.replacement:
            drawn = OPS["randint"](n, (self.num_samples,), generator=self.generator)
        else:
            drawn = OPS["randperm"](n, generator=self.generator)[: self.num_samples]
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler:
    """Numbers in batches."""

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + bool(rest and not self.drop_last)


def default_collate(batch: list[Any]) -> Any:
    """Examples as one: tensors stacked, numbers as tensors, and so inside of sequences and mappings.

    Raises:
        TypeError: the examples are something else.
    """
    first = batch[0]
    for kinds, collate in _COLLATED:
        if isinstance(first, kinds):
            return collate(batch)
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first)}"
    )


def _collated_sequence(batch: list[Any]) -> Any:
    made = [default_collate(list(x)) for x in zip(*batch, strict=True)]
    return type(batch[0])(*made) if hasattr(batch[0], "_fields") else made


_COLLATED: tuple[tuple[Any, Callable[[list[Any]], Any]], ...] = (
    (Tensor, lambda batch: OPS["stack"](batch, 0)),
    (np.ndarray, lambda batch: OPS["stack"]([OPS["as_tensor"](x) for x in batch], 0)),
    (float, lambda batch: OPS["tensor"](batch, dtype=OPS["dtype_of"](np.float64))),
    ((bool, int, np.number), lambda batch: OPS["tensor"](batch)),
    ((str, bytes), lambda batch: batch),
    (Mapping, lambda batch: {key: default_collate([x[key] for x in batch]) for key in batch[0]}),
    (Sequence, _collated_sequence),
)


class DataLoader:
    """Batches of a data set, in order or shuffled."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool = False,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        *,
        generator: Any = None,
        **_options: Any,
    ) -> None:
        _ = num_workers, pin_memory
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.collate_fn = collate_fn or (default_collate if batch_size else lambda x: x)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        self.sampler = sampler
        if sampler is None and not isinstance(dataset, IterableDataset):
            chosen = RandomSampler(dataset, generator=generator) if shuffle else None
            self.sampler = chosen or SequentialSampler(dataset)
        self.batch_sampler = batch_sampler
        if batch_sampler is None and batch_size and self.sampler is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)

    def __iter__(self) -> Iterator[Any]:
        if self.batch_sampler is not None:
            for numbers in self.batch_sampler:
                yield self.collate_fn([self.dataset[i] for i in numbers])
        elif self.sampler is not None:
            yield from (self.collate_fn(self.dataset[i]) for i in self.sampler)
        else:
            examples = iter(self.dataset)
            while batch := list(itertools.islice(examples, self.batch_size or 1)):
                yield self.collate_fn(batch if self.batch_size else batch[0])

    def __len__(self) -> int:
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.utils.data", name, __all__)
