"""What outlives a gateway: keys, usage, and what may be spent beyond it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.database import Database, Row, connect
from headway.serving.gateway.accounts.keys import KeyRecord
from headway.serving.gateway.accounts.ledger import Spent
from headway.serving.gateway.accounts.migrations import migrate
from headway.serving.gateway.accounts.pending import Pending
from headway.serving.gateway.accounts.purse import Moment

_ADD_USAGE = """
INSERT INTO headway_usage (hour, tenant, account, model,
    requests, prompt_tokens, cached_tokens, output_tokens, cost)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hour, tenant, account, model) DO UPDATE SET
    requests = headway_usage.requests + excluded.requests,
    prompt_tokens = headway_usage.prompt_tokens + excluded.prompt_tokens,
    cached_tokens = headway_usage.cached_tokens + excluded.cached_tokens,
    output_tokens = headway_usage.output_tokens + excluded.output_tokens,
    cost = headway_usage.cost + excluded.cost
"""

_SET_COVER = """
INSERT INTO headway_covers (node, tenant, account, hour, cost) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (node, tenant, account) DO UPDATE SET hour = excluded.hour, cost = excluded.cost
"""

UNKNOWN = "(not known)"
"""In place of the model of what was perhaps spent before a gateway died."""

_KEY_COLUMNS = "id, account, tenant, digest, bounds, label, created_s, expires_s, revoked_s"


class Store:
    """Tables in a database; see `headway.serving.gateway.accounts.migrations`.

    Parameters
    ----------
    database
        A connection, which is migrated.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        migrate(database)

    @classmethod
    def at(cls, url: str, *, wait_s: float = 2.0, is_synced: bool = False) -> Store:
        """Return the store at an address, see `connect`."""
        return cls(connect(url, wait_s=wait_s, is_synced=is_synced))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    # of the gateway that writes

    def write(self, node: str, batch: int, pending: Pending) -> None:
        """Write entries in one transaction; a batch that has been written is not written again.

        Parameters
        ----------
        node
            Who writes.
        batch
            One more than that of its last one.
        pending
            The entries.

        Raises
        ------
        StoreError
            If nothing was written, or if nobody can say: then try the same batch again.
        """
        database = self.database
        with database.transaction():
            new = database.execute(
                "INSERT INTO headway_nodes (name, batch) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET batch = excluded.batch "
                "WHERE headway_nodes.batch < excluded.batch RETURNING batch",
                (node, batch),
            )
            if not new:
                return
            if pending.covers:
                covers = sorted(pending.covers.values())
                database.many(_SET_COVER, [(node, *one) for one in covers])
            if pending.used:
                # In one order everywhere, so that two writers never wait for each other in a ring.
                database.many(
                    _ADD_USAGE, [(*place, *sums) for place, sums in sorted(pending.used.items())]
                )

    def batch(self, node: str) -> int:
        """Return the number of a node's last batch."""
        found = self.database.execute("SELECT batch FROM headway_nodes WHERE name = ?", (node,))
        return int(found[0][0]) if found else 0

    def recover(self, node: str, *, counts: bool) -> int:
        """Close the covers that a node left when it died, and return how many there were.

        Parameters
        ----------
        node
            Whose.
        counts
            Whether they count as spent, so that nothing spent is ever forgotten; otherwise they
            count for nothing.
        """
        database = self.database
        with database.transaction():
            rows = database.execute(
                "SELECT hour, tenant, account, cost FROM headway_covers "
                "WHERE node = ? AND cost > 0",
                (node,),
            )
            if counts and rows:
                used = [(*place, UNKNOWN, 0, 0, 0, 0, cost) for *place, cost in rows]
                database.many(_ADD_USAGE, used)
            database.execute("DELETE FROM headway_covers WHERE node = ?", (node,))
        return len(rows)

    def spent(self, moment: Moment) -> list[Spent]:
        """Return what was spent in the day and month that are on."""
        rows = self.database.execute(
            "SELECT tenant, account, SUM(CASE WHEN hour >= ? THEN cost ELSE 0 END), SUM(cost) "
            "FROM headway_usage WHERE hour >= ? GROUP BY tenant, account",
            (moment.day * 24, moment.start_of_month()),
        )
        return [
            Spent(tenant, account, int(day), int(month)) for tenant, account, day, month in rows
        ]

    # of keys

    def revision(self) -> int:
        """Return a number that grows when keys change."""
        found = self.database.execute("SELECT value FROM headway_meta WHERE name = 'keys'")
        return int(found[0][0])

    def key_records(self) -> list[KeyRecord]:
        """Return all keys, the oldest first."""
        rows = self.database.execute(
            f"SELECT {_KEY_COLUMNS} FROM headway_keys ORDER BY created_s, id"  # noqa: S608
        )
        return [_key(row) for row in rows]

    def numbers(self) -> dict[str, int]:
        """Return the numbers of tenants, from 1 on."""
        rows = self.database.execute("SELECT name, number FROM headway_tenants")
        return {str(name): int(number) for name, number in rows}

    def know_tenants(self, names: Iterable[str]) -> None:
        """Give numbers to tenants that have none."""
        with self.database.transaction():
            self._turn()  # which has other writers wait
            known = self.numbers()
            last = max(known.values(), default=0)
            new = sorted(set(names) - set(known))
            self.database.many(
                "INSERT INTO headway_tenants (number, name) VALUES (?, ?)",
                [(last + 1 + place, name) for place, name in enumerate(new)],
            )

    def add_key(self, record: KeyRecord) -> None:
        """Keep a new key."""
        self.know_tenants([record.tenant])
        values = _values(record)
        with self.database.transaction():
            self._turn()
            self.database.execute(
                f"INSERT INTO headway_keys ({_KEY_COLUMNS}) "  # noqa: S608
                f"VALUES ({', '.join('?' * len(values))})",
                values,
            )

    def end_key(self, id: str, *, at_s: int, is_revoked: bool) -> None:  # noqa: A002
        """Have a key refused from a moment on; one that ends earlier stays as it is.

        Parameters
        ----------
        id
            Of the key.
        at_s
            The moment, in seconds since 1970.
        is_revoked
            Whether that is told as revoked; as expired otherwise.
        """
        column = "revoked_s" if is_revoked else "expires_s"
        with self.database.transaction():
            self._turn()
            self.database.execute(
                f"UPDATE headway_keys SET {column} = ? "  # noqa: S608
                f"WHERE id = ? AND ({column} IS NULL OR {column} > ?)",
                (at_s, id, at_s),
            )

    def _turn(self) -> None:
        self.database.execute("UPDATE headway_meta SET value = value + 1 WHERE name = 'keys'")


def _key(row: Row) -> KeyRecord:
    names = _KEY_COLUMNS.split(", ")
    values = dict(zip(names, row, strict=True))
    values["bounds"] = msgspec.json.decode(values["bounds"], type=Bounds)
    return KeyRecord(**values)


def _values(record: KeyRecord) -> list[object]:
    values = {name: getattr(record, name) for name in _KEY_COLUMNS.split(", ")}
    values["bounds"] = msgspec.json.encode(record.bounds).decode()
    return list(values.values())
