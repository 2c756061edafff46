"""The fake carrier, the made-up clinic and the demo's phone page. None of it starts in production."""
