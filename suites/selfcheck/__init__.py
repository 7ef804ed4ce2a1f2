"""Tests of the harness: comparisons, clauses, records, planted faults."""
