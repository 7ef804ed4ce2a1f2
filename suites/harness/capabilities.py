"""What a test needs of a subject beyond autograd itself; a subject without it is unsupported."""

import pytest

from suites.harness.notes import current_notes


def requires(offered: object, capability: str) -> None:
    """Ends the test as ``unsupported``, naming the capability, where the subject does not offer it.

    Args:
        offered: true where it does.
        capability: in words, as the report shows it: "streams on this device".
    """
    if not offered:
        current_notes().facts["outcome"] = "unsupported"
        pytest.skip(f"the subject has no {capability}")
