"""Every family of the op table, imported for what it enters in the registry."""

from reference_impl.ops import activation as activation
from reference_impl.ops import comparison as comparison
from reference_impl.ops import complex as complex  # noqa: A004 - the family's name
from reference_impl.ops import creation as creation
from reference_impl.ops import dropout as dropout
from reference_impl.ops import indexing as indexing
from reference_impl.ops import pointwise as pointwise
from reference_impl.ops import power as power
from reference_impl.ops import random as random
from reference_impl.ops import reduction as reduction
from reference_impl.ops import rounding as rounding
from reference_impl.ops import selection as selection
from reference_impl.ops import queries as queries
from reference_impl.ops import shape as shape
