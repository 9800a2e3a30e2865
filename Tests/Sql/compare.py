#!/usr/bin/env python3
"""Asks the queries of contrib/sql of SQLite and of other engines, and says whether the answers are the same.

    Tests/Sql/compare.py TABLES [ENGINE ...]

TABLES is a folder that `liveprobe correlate --sql` wrote. Each engine but SQLite is asked twice: once it has read the CSV, and
once it has read Parquet. SPARK_MASTER says what Spark runs on: local[2] by default; with local-cluster[2,1,1024] it starts two
workers, as a cluster has.
"""

import os
import pathlib
import sys
import tempfile
import time

from engines import ENGINES, QUERIES, TABLES, Spark, comparable, statements


def parquet(tables, folder):
    """The recipe of docs/fleet.md."""
    import duckdb
    for table in TABLES:
        duckdb.execute(f"COPY (FROM read_csv('{tables}/{table}.csv', header = true, all_varchar = true, quote = '\"', escape = '\"') "
                       f"SELECT * REPLACE (report::BIGINT AS report)) TO '{folder}/{table}.parquet' (COMPRESSION zstd)")


def main():
    tables = pathlib.Path(sys.argv[1]).resolve()
    names = sys.argv[2:] or [name for name in ENGINES if name != "sqlite"]
    failed = asked = 0
    with tempfile.TemporaryDirectory() as box:
        wanted = ENGINES["sqlite"](box)
        wanted.load(tables)
        answers = {query: [comparable(row) for row in wanted.rows(statements(query)[0])] for query in QUERIES}
        parquet(tables, box)
        for name in names:
            for form in ["csv", "parquet"]:
                own = pathlib.Path(box) / f"{name}-{form}"
                own.mkdir()
                engine = ENGINES[name](own, *([os.environ.get("SPARK_MASTER", "local[2]")] if name == "spark" else []))
                engine.load(tables if form == "csv" else box, form)
                for query in QUERIES:
                    start = time.monotonic()
                    rows = [comparable(row) for row in engine.rows(statements(query)[0])]
                    seconds = time.monotonic() - start
                    same = rows == answers[query] and len(rows) > 0
                    asked += 1
                    failed += not same
                    print(f"  {'ok   ' if same else 'FAIL '} {name} {engine.version} of {form}, {query.name}: {len(rows)} rows "
                          f"in {seconds:.1f} s, {len(answers[query])} of SQLite {wanted.version}")
                    for left, right in [pair for pair in zip(answers[query], rows) if pair[0] != pair[1]][:3]:
                        print(f"        SQLite {left}\n        {name} {right}")
                if isinstance(engine, Spark):
                    for kind, table in [("VIEW", view) for view in ["contingency", "host_conditions", "host_known", "telling",
                                                                    "hosts"]] + [("TABLE", table) for table in TABLES]:
                        engine.session.sql(f"DROP {kind} {table}")
                if hasattr(engine, "session") and name == "clickhouse":
                    engine.session.close()
    print(f"{asked - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
