"""The command line: `flask --app wsgi COMMAND`."""

from flask import Flask


def register_commands(app: Flask) -> None:
    """Add every command to the application's own."""
    from recovery_api.cli.carrier import carrier
    from recovery_api.cli.clinics import clinic, staff
    from recovery_api.cli.demo import demo
    from recovery_api.cli.doctor import doctor
    from recovery_api.cli.escalation import flags, ladder, rota
    from recovery_api.cli.export_command import export
    from recovery_api.cli.import_command import import_group
    from recovery_api.cli.messages import messages
    from recovery_api.cli.openapi import openapi
    from recovery_api.cli.play import know_migrations
    from recovery_api.cli.protocol import protocol
    from recovery_api.cli.replies import replies
    from recovery_api.cli.rules import rules
    from recovery_api.cli.seed_test import seed_test
    from recovery_api.cli.serve import serve
    from recovery_api.cli.simulate import simulate
    from recovery_api.cli.simulator import simulator

    for command in (
        carrier,
        clinic,
        demo,
        doctor,
        messages,
        openapi,
        replies,
        rules,
        seed_test,
        serve,
        simulator,
        staff,
    ):
        app.cli.add_command(command)
    know_migrations(app)
    for command in (export, import_group):
        app.cli.add_command(command)
    for command in (flags, ladder, protocol, simulate, rota):
        app.cli.add_command(command)
