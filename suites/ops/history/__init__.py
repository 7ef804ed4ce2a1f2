"""Faults that torch has had, or that are like them, by family of operators, each planted where it stood."""
