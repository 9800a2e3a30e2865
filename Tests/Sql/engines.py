"""The engines that the queries of contrib/sql are tried on: each loads the tables, and gives the rows of a query."""

import json
import pathlib
import subprocess

SQL = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "sql"
TABLES = ["reports", "known", "conditions"]
QUERIES = sorted(path for path in SQL.glob("*.sql") if path.name != "schema.sql")


def statements(path):
    """The statements of a file; no text of ours has a semicolon but at a statement's end."""
    lines = [line.split("--")[0] for line in path.read_text().splitlines()]
    return [text for text in "\n".join(lines).split(";") if text.strip()]


def comparable(row):
    """Numbers as numbers, rounded where two engines may round the last bits otherwise."""
    return [round(float(value), 5) if isinstance(value, (int, float)) or hasattr(value, "as_tuple") else value
            for value in row]


class SQLite:
    """SQLite's own program: one file on one machine."""

    def __init__(self, box):
        self.file = pathlib.Path(box) / "fleet.db"
        self.version = subprocess.run(["sqlite3", "--version"], check=True, capture_output=True, text=True).stdout.split()[0]

    def run(self, *commands):
        return subprocess.run(
            ["sqlite3", "-bail", self.file, *commands], check=True, capture_output=True, text=True).stdout

    def load(self, tables, form="csv"):
        loads = [f".import --csv --skip 1 '{tables}/{table}.csv' {table}" for table in TABLES]
        self.run(f".read '{SQL}/schema.sql'", *loads)

    def rows(self, statement):
        return [list(row.values()) for row in json.loads(self.run(".mode json", statement) or "[]")]


class DuckDB:
    """One file on one machine, by columns."""

    def __init__(self, box):
        import duckdb
        self.version = duckdb.__version__
        self.database = duckdb.connect(str(pathlib.Path(box) / "fleet.duckdb"))
        self.database.execute(f"SET temp_directory = '{box}/spilled'")

    def load(self, tables, form="csv"):
        for statement in statements(SQL / "schema.sql"):
            self.database.execute(statement)
        options = "(HEADER, QUOTE '\"', ESCAPE '\"')" if form == "csv" else "(FORMAT parquet)"
        for table in TABLES:
            self.database.execute(f"COPY {table} FROM '{tables}/{table}.{form}' {options}")
        self.database.execute("CHECKPOINT")

    def rows(self, statement):
        return self.database.execute(statement).fetchall()


class ClickHouse:
    """ClickHouse in one process, as clickhouse-local is."""

    # A name is a column's before it is an alias, as in all other engines; and a table without a key is one all the same.
    SETTINGS = ["prefer_column_name_to_alias = 1", "create_table_empty_primary_key_by_default = 1"]

    def __init__(self, box):
        from chdb import session
        self.session = session.Session(str(pathlib.Path(box) / "clickhouse"))
        for setting in self.SETTINGS:
            self.session.query(f"SET {setting}")
        self.session.query("CREATE DATABASE IF NOT EXISTS fleet")
        self.session.query("USE fleet")
        self.version = self.rows("SELECT version()")[0][0]

    def load(self, tables, form="csv"):
        for statement in statements(SQL / "schema.sql"):
            self.session.query(statement)
        name = {"csv": "CSVWithNames", "parquet": "Parquet"}[form]
        for table in TABLES:
            self.session.query(f"INSERT INTO {table} SELECT * FROM file('{tables}/{table}.{form}', {name})")

    def rows(self, statement):
        said = str(self.session.query(statement, "JSONCompact"))
        return [[int(value) if kind["type"].startswith(("Int64", "UInt64")) else value for kind, value in zip(answer["meta"], row)]
                for answer in [json.loads(said)] for row in answer["data"]]


class Spark:
    """Apache Spark: the tables may lie in an object store, and the work on many machines."""

    def __init__(self, box, master="local[2]"):
        from pyspark.sql import SparkSession
        builder = SparkSession.builder.master(master).appName("liveprobe").config("spark.ui.enabled", "false")
        for key, value in {
            "spark.sql.warehouse.dir": f"{box}/warehouse", "spark.sql.shuffle.partitions": "4", "spark.log.level": "ERROR",
            "spark.ui.showConsoleProgress": "false", "spark.driver.memory": "4g", "spark.local.dir": f"{box}/spilled",
            # Reports of many hours that say the same are small as Parquet, and large in memory.
            "spark.sql.autoBroadcastJoinThreshold": "-1",
        }.items():
            builder = builder.config(key, value)
        self.session = builder.getOrCreate()
        self.version = self.session.version

    def load(self, tables, form="csv"):
        for statement in statements(SQL / "schema.sql"):
            self.session.sql(statement)
        for table in TABLES:
            path = f"{tables}/{table}.{form}"
            rows = (self.session.read.csv(path, header=True, escape='"', schema=self.session.table(table).schema)
                    if form == "csv" else self.session.read.parquet(path))
            rows.write.insertInto(table)

    def rows(self, statement):
        return self.session.sql(statement).collect()


ENGINES = {"sqlite": SQLite, "duckdb": DuckDB, "clickhouse": ClickHouse, "spark": Spark}
