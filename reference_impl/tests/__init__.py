"""Tests of the reference's internals; they need no torch."""
