"""The patient's web check-in: plain forms, one question a screen, for a phone without an app."""
