"""Faults that torch has had, by family of operators, each planted again where it stood."""
