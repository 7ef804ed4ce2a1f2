"""Loads the harness, which owns the pytest options, markers and records of every suite."""

pytest_plugins = ["suites.harness.plugin"]
