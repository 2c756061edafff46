"""The pure rules of the field: no clock, no input or output, no framework."""
