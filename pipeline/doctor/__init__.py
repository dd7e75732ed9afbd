"""The check that tonight's run can work: one module a group of checks, and their order."""
