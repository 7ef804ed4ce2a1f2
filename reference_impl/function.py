"""Custom Function and its context."""


class Function:
    """placeholder"""
