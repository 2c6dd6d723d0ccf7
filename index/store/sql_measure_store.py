"""Measures in SQL: what is kept and asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from index.store import sql_measures
from index.store.measures import KeptSummary, Measure, SourceSums
from index.store.records import StoredArticle
from index.store.schema import articles, measures, settings, summaries, unmeasured, vectors
from index.store.sql_writing import listed

_Connected = Callable[[], AbstractContextManager[Connection]]


class SqlMeasureStore:
    """A `MeasureStore` on the connections of a store."""

    def __init__(self, reading: _Connected, writing: _Connected) -> None:
        """Use connections; those for `writing` are transactions that have the write lock."""
        self._reading = reading
        self._writing = writing

    def waiting(self) -> int:
        """The number of articles that are to be measured."""
        with self._reading() as connection:
            return connection.execute(select(func.count()).select_from(unmeasured)).scalar_one()

    def unmeasured(self, limit: int, keys: Sequence[int] | None = None) -> list[int]:
        """Keys of articles that are to be measured; see `MeasureStore.unmeasured`."""
        query = select(unmeasured.c.key).order_by(unmeasured.c.key).limit(limit)
        if keys is not None:
            query = query.where(unmeasured.c.key.in_(listed(keys)))
        with self._reading() as connection:
            return list(connection.execute(query).scalars())

    def put(self, given: Mapping[int, Measure]) -> None:
        """Keep what was measured of articles; see `MeasureStore.put`."""
        with self._writing() as connection:
            present = select(articles.c.key, articles.c.id).where(articles.c.key.in_(listed(given)))
            ids = {row.key: row.id for row in connection.execute(present)}
            rows = [
                {"key": key, "version": one.version, "quality": one.quality, "signs": one.signs}
                for key, one in given.items()
                if key in ids
            ]
            if rows:
                new = upsert(measures)
                values = {name: new.excluded[name] for name in ("version", "quality", "signs")}
                with sql_measures.counted(connection, list(ids.values())):
                    connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=values), rows)
                sql_measures.note(connection)
            connection.execute(delete(unmeasured).where(unmeasured.c.key.in_(listed(given))))

    def pass_over(self, keys: Sequence[int]) -> None:
        """Articles cannot be measured now; see `MeasureStore.pass_over`."""
        with self._writing() as connection:
            connection.execute(delete(unmeasured).where(unmeasured.c.key.in_(listed(keys))))

    def measure_again(self, version: int) -> int:
        """Let articles wait that were measured in another way; see `MeasureStore.measure_again`."""
        embedded = select(vectors.c.key).join(measures, measures.c.key == vectors.c.key)
        others = embedded.where(measures.c.version != version)
        with self._reading() as connection:
            is_needed = connection.execute(others.limit(1)).first() is not None
        if is_needed:
            with self._writing() as connection:
                connection.execute(insert(unmeasured).prefix_with("OR IGNORE").from_select(["key"], others))
        return self.waiting()

    def of(self, keys: Sequence[int]) -> dict[int, Measure]:
        """What was measured of articles; see `MeasureStore.of`."""
        with self._reading() as connection:
            rows = connection.execute(select(measures).where(measures.c.key.in_(listed(keys)))).all()
        return {row.key: Measure(row.version, row.quality, row.signs) for row in rows}

    def sources(self) -> list[SourceSums]:
        """The sums of all known publishers; see `MeasureStore.sources`."""
        # SQLAlchemy touches no row: there may be tens of thousands.
        query = (
            "SELECT source, country, articles, measured, quality FROM sources WHERE articles > 0"
            " ORDER BY source, country"
        )
        with self._reading() as connection:
            return list(map(SourceSums._make, connection.connection.cursor().execute(query)))

    def put_summary(self, stored: StoredArticle, fingerprint: str, summary: KeptSummary) -> bool:
        """Keep the summary of an article; see `MeasureStore.put_summary`."""
        version = select(articles.c.sequence).where(articles.c.key == stored.key)
        model = select(settings.c.value).where(settings.c.name == "fingerprint")
        row = {"version": summary.version, "spans": json.dumps([list(span) for span in summary.spans])}
        with self._writing() as connection:
            present = connection.execute(version).scalar(), connection.execute(model).scalar()
            if present != (stored.sequence, fingerprint):
                return False
            new = upsert(summaries).values(key=stored.key, **row)
            connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=row))
            return True

    def summaries(self, keys: Sequence[int]) -> dict[int, KeptSummary]:
        """The summaries of articles; see `MeasureStore.summaries`."""
        with self._reading() as connection:
            rows = connection.execute(select(summaries).where(summaries.c.key.in_(listed(keys)))).all()
        return {
            row.key: KeptSummary(row.version, [(start, end) for start, end in json.loads(row.spans)]) for row in rows
        }

    def mend(self) -> int:
        """Bring the sums of all publishers in accord with their articles; see `MeasureStore.mend`."""
        with self._writing() as connection:
            return sql_measures.mend(connection)
