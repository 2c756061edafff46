"""The application's database role: how it gets its login, and proof that it owns nothing."""

from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

APPLICATION_ROLE = "recovery_app"

_POWERS = text("""
SELECT r.rolsuper OR r.rolbypassrls AS bypasses,
       EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                 AND pg_has_role(r.oid, c.relowner, 'USAGE')) AS owns
FROM pg_roles r WHERE r.rolname = current_user
""")


def give_the_application_its_login(connection: Connection, application_url: str) -> None:
    """Set the password of the application's role to the one in its address, where the address names that role."""
    if not application_url:
        return
    url = make_url(application_url)
    if url.username != APPLICATION_ROLE or not url.password:
        return
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
        sql.Identifier(APPLICATION_ROLE), sql.Literal(str(url.password))
    )
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute(statement)
        driver.commit()


def why_the_role_is_unfit(connection: Connection) -> str | None:
    """Why the connected role must not run the application, or None where it may."""
    powers = connection.execute(_POWERS).one()
    if powers.bypasses:
        return "the role in DATABASE_URL can bypass row-level security; use recovery_app"
    if powers.owns:
        return "the role in DATABASE_URL owns the tables; use recovery_app, and give the owner in DATABASE_ADMIN_URL"
    return None
