"""Calls from the carrier: checked, handed to a service, and answered after the commit."""
