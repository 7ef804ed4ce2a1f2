"""The op table: one row per op, in families."""
