"""How it is checked: columns, cases, comparisons, witnesses and the records a run leaves."""
