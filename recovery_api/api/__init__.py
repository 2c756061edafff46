"""The JSON API: schema in, service, schema out."""

from flask import Flask


def register_api(app: Flask) -> None:
    """Add the API to the application. Raises LookupError where a route is missing from the access table."""
    from recovery_api.api.headers import give_requests_an_id
    from recovery_api.api.rate_limits import keep_limits, make_limits

    settings = app.extensions["recovery"].settings if "recovery" in app.extensions else None
    keep_limits(app, make_limits(settings is None or settings.in_production, settings.proxy_hops if settings else 0))
    give_requests_an_id(app)
    _register_resources(app)
    _check_access(app)


def _register_resources(app: Flask) -> None:
    from recovery_api.api import (
        activity_days,
        appointments,
        check_ins,
        devices,
        document,
        enrolment,
        episodes,
        flags,
        holds,
        me,
        messages,
        patients,
        phone_config,
        questionnaires,
        sync,
        texts,
        tokens,
    )

    for module in (
        enrolment, tokens, phone_config, me, check_ins, activity_days, questionnaires, sync, appointments, messages,
        devices, patients, episodes, holds, flags, texts,
    ):  # fmt: skip
        app.register_blueprint(module.resource)
    app.register_blueprint(document.blueprint)


def _check_access(app: Flask) -> None:
    """Raise LookupError where the table of who may call what and the routes differ."""
    from recovery_api.api.headers import PREFIX
    from recovery_api.domain.access import ACCESS

    routed = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"{PREFIX}/"):
            operation = getattr(app.view_functions[rule.endpoint], "operation", None)
            routed.add(operation.name if operation is not None else rule.rule)
    if routed != set(ACCESS):
        raise LookupError(f"The access table and the routes differ in {sorted(routed ^ set(ACCESS))}.")
