"""Recovery tracking after vertebroplasty: answers in, flags out, and a person who acts."""

import gc

# Nearly all that a process makes at its start stays: looking for rubbish in it all the time costs a sixth of the start.
gc.set_threshold(50_000, 20, 50)
