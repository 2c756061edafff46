"""Recovery tracking after vertebroplasty: answers in, flags out, and a person who acts."""
