"""Every family of the op table, imported for what it enters in the registry."""

# ruff: noqa: PLC0414 - an import "as itself" says that it is for its effect

from reference_impl.ops import activation as activation
from reference_impl.ops import comparison as comparison
from reference_impl.ops import complex as complex
from reference_impl.ops import creation as creation
from reference_impl.ops import ctc as ctc
from reference_impl.ops import cumulative as cumulative
from reference_impl.ops import diagonals as diagonals
from reference_impl.ops import distances as distances
from reference_impl.ops import dropout as dropout
from reference_impl.ops import einsum as einsum
from reference_impl.ops import extrema as extrema
from reference_impl.ops import factorizations as factorizations
from reference_impl.ops import fft as fft
from reference_impl.ops import gather as gather
from reference_impl.ops import indexing as indexing
from reference_impl.ops import joining as joining
from reference_impl.ops import linalg as linalg
from reference_impl.ops import loss as loss
from reference_impl.ops import loss_classes as loss_classes
from reference_impl.ops import masking as masking
from reference_impl.ops import matmul as matmul
from reference_impl.ops import multivariate as multivariate
from reference_impl.ops import norms as norms
from reference_impl.ops import pointwise as pointwise
from reference_impl.ops import power as power
from reference_impl.ops import queries as queries
from reference_impl.ops import random as random
from reference_impl.ops import rearranging as rearranging
from reference_impl.ops import reduction as reduction
from reference_impl.ops import rounding as rounding
from reference_impl.ops import segments as segments
from reference_impl.ops import selection as selection
from reference_impl.ops import shape as shape
from reference_impl.ops import softmax as softmax
from reference_impl.ops import solves as solves
from reference_impl.ops import sorting as sorting
from reference_impl.ops import special as special
from reference_impl.ops import spectra as spectra
from reference_impl.ops import splitting as splitting
from reference_impl.ops import statistics as statistics
from reference_impl.ops import strided as strided
from reference_impl.ops import convolution as convolution
from reference_impl.ops import resampling as resampling
