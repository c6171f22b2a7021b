"""The tables of the store, version by version."""

from __future__ import annotations

from collections.abc import Sequence

from headway.serving.gateway.accounts.database import Database, StoreError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE headway_tenants (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE
        )""",
        """CREATE TABLE headway_keys (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL,
            tenant TEXT NOT NULL,
            digest TEXT NOT NULL,
            bounds TEXT NOT NULL,
            label TEXT NOT NULL,
            created_s BIGINT NOT NULL,
            expires_s BIGINT,
            revoked_s BIGINT
        )""",
        # What counts as spent when a gateway that has died starts again.
        """CREATE TABLE headway_covers (
            node TEXT NOT NULL,
            tenant TEXT NOT NULL,
            account TEXT NOT NULL,
            hour BIGINT NOT NULL,
            cost BIGINT NOT NULL,
            PRIMARY KEY (node, tenant, account)
        )/* packed */""",
        # What was used, summed by hour; money in billionths.
        """CREATE TABLE headway_usage (
            hour BIGINT NOT NULL,
            tenant TEXT NOT NULL,
            account TEXT NOT NULL,
            model TEXT NOT NULL,
            requests BIGINT NOT NULL,
            prompt_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            cost BIGINT NOT NULL,
            PRIMARY KEY (hour, tenant, account, model)
        )/* packed */""",
        # The number of the last transaction of each writer, by which it knows what was written.
        "CREATE TABLE headway_nodes (name TEXT PRIMARY KEY, batch BIGINT NOT NULL)",
        "INSERT INTO headway_meta (name, value) VALUES ('keys', 0)",
    ),
)
"""What leads from each version to the next; once released, an entry does not change."""


def migrate(database: Database, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring the tables to the newest version; each step is done wholly or not at all.

    Parameters
    ----------
    database
        An empty one, or one of an earlier version.
    migrations
        What leads from each version to the next.

    Raises
    ------
    StoreError
        If it is of a later version than is known here.
    """
    database.execute(
        "CREATE TABLE IF NOT EXISTS headway_meta (name TEXT PRIMARY KEY, value BIGINT NOT NULL)"
    )
    while (version := _version(database)) < len(migrations):
        with database.transaction():
            if _version(database) != version:
                continue  # somebody else was faster
            for statement in migrations[version]:
                database.execute(statement)
            database.execute(
                "INSERT INTO headway_meta (name, value) VALUES ('schema', ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (version + 1,),
            )
    if version > len(migrations):
        raise StoreError(
            f"the store has tables of version {version}; this Headway knows up to {len(migrations)}"
        )


def _version(database: Database) -> int:
    found = database.execute("SELECT value FROM headway_meta WHERE name = 'schema'")
    return int(found[0][0]) if found else 0
