"""Tests of the reports: against recorded sample files, and in a real browser."""
