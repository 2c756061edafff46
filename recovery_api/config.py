"""Settings read once from the environment and checked before anything starts."""
