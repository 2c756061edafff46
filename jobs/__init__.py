"""The scheduled jobs: thin files that call one service each, and the loops that run them."""
