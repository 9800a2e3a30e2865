#!/usr/bin/env python3
"""Asks the queries of contrib/sql of SQLite and of Apache Spark, and says whether the answers are the same.

    Tests/Sql/engines.py TABLES [MASTER]

TABLES is a folder that `liveprobe correlate --sql` wrote, MASTER what Spark runs on: local[2] by default; with
local-cluster[2,1,1024] it starts two workers, as a cluster has.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time

from pyspark.sql import SparkSession

SQL = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "sql"
TABLES = ["reports", "known", "conditions"]
QUERIES = sorted(path for path in SQL.glob("*.sql") if path.name != "schema.sql")


def sqlite(tables, query):
    """The rows of one query, each a list, as SQLite's own program gives them."""
    loads = [f".import --csv --skip 1 '{tables}/{table}.csv' {table}" for table in TABLES]
    commands = [f".read '{SQL}/schema.sql'", *loads, ".mode json", f".read '{query}'"]
    said = subprocess.run(["sqlite3", "-bail", ":memory:", *commands], check=True, capture_output=True, text=True)
    return [list(row.values()) for row in json.loads(said.stdout or "[]")]


def statements(path):
    """The statements of a file; no text of ours has a semicolon but at a statement's end."""
    lines = [line.split("--")[0] for line in path.read_text().splitlines()]
    return [text for text in "\n".join(lines).split(";") if text.strip()]


def load(spark, tables):
    for statement in statements(SQL / "schema.sql"):
        spark.sql(statement)
    for table in TABLES:
        rows = spark.read.csv(f"{tables}/{table}.csv", header=True, escape='"', schema=spark.table(table).schema)
        rows.write.insertInto(table)


def comparable(row):
    """Numbers as numbers, rounded where two engines may round the last bits otherwise."""
    return [round(float(value), 5) if isinstance(value, (int, float)) or hasattr(value, "as_tuple") else value
            for value in row]


def main():
    tables = pathlib.Path(sys.argv[1]).resolve()
    master = sys.argv[2] if len(sys.argv) > 2 else "local[2]"
    failed = 0
    with tempfile.TemporaryDirectory() as box:
        spark = (SparkSession.builder.master(master).appName("liveprobe").config("spark.ui.enabled", "false")
                 .config("spark.sql.warehouse.dir", box).config("spark.sql.shuffle.partitions", "4")
                 .config("spark.log.level", "ERROR")
                 .config("spark.ui.showConsoleProgress", "false").getOrCreate())
        load(spark, tables)
        for query in QUERIES:
            (statement,) = statements(query)
            start = time.monotonic()
            one = [comparable(row) for row in sqlite(tables, query)]
            middle = time.monotonic()
            other = [comparable(row) for row in spark.sql(statement).collect()]
            end = time.monotonic()
            same = one == other and len(one) > 0
            failed += not same
            print(f"  {'ok   ' if same else 'FAIL '} {query.name}: {len(one)} rows of SQLite in {middle - start:.1f} s, "
                  f"{len(other)} of Spark {spark.version} in {end - middle:.1f} s")
            for left, right in [pair for pair in zip(one, other) if pair[0] != pair[1]][:3]:
                print(f"        SQLite {left}\n        Spark  {right}")
        spark.stop()
    print(f"{len(QUERIES) - failed} passed, {failed} failed, on {master}")
    sys.exit(1 if failed else 0)


main()
