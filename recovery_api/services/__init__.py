"""The use cases, one a file: each loads what a rule needs, asks the rule, and writes what it says."""
