"""The store's salt: what makes a hash of an id or an address useless to whoever has only the hash."""

from __future__ import annotations

import hmac
import os
import secrets as random

from sqlalchemy import Connection, select

from pipeline.errors import ConfigError
from pipeline.store import database
from pipeline.store.customer_tables import SECRETS

VARIABLE = "SHENAVA_SALT"
"""Goes before the salt of the store, so that it need not lie beside the hashes."""
LEAST = 16
"""Characters that a salt has at least."""
_SALT, _CHECK = "salt", "salt check"


def salt(connection: Connection) -> bytes:
    """The salt of this store, made at first use, for which `connection` must be in a transaction that writes.

    Raises:
        ConfigError: it is not the one with which this store began: none of its hashes would be found any more.
    """
    given = os.environ.get(VARIABLE)
    if given is not None and len(given) < LEAST:
        raise ConfigError(
            f"{VARIABLE}: needs {LEAST} characters at least; for example the output of openssl rand -hex 32"
        )
    if given is None and _read(connection, _SALT) is None:
        if _read(connection, _CHECK) is not None:
            raise ConfigError(f"{VARIABLE}: this store was begun with a salt from the environment; set it again")
        _keep(connection, _SALT, random.token_hex(32))
    found = given if given is not None else _read(connection, _SALT)
    assert found is not None
    proof = hmac.digest(found.encode(), b"shenava salt", "sha256").hex()
    if _read(connection, _CHECK) is None:
        _keep(connection, _CHECK, proof)
    if _read(connection, _CHECK) != proof:
        raise ConfigError(
            f"{VARIABLE}: not the salt with which this store began; with another one nobody who was forgotten and no "
            "contact would be known again"
        )
    return found.encode()


def _read(connection: Connection, name: str) -> str | None:
    value: str | None = connection.scalar(select(SECRETS.c.value).where(SECRETS.c.name == name))
    return value


def _keep(connection: Connection, name: str, value: str) -> None:
    """Keep it unless there is one; of two writers the first one wins."""
    statement = database.insert(connection, SECRETS).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_nothing())
