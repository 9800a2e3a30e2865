#!/usr/bin/env python3
"""Measures engines with many reports: what loading and each query takes of processors, and how large the tables are.

    Tests/Sql/scale.py TABLES HOURS [ENGINE ...]

TABLES is a folder that `liveprobe correlate --sql` wrote of one report of each host. Each report is there once for each hour, with
a number and a time of its own. A line of a table of Markdown is printed for each engine. Seconds are those of processors, of all
together, so that other work on the machine counts little.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from engines import ENGINES, QUERIES, TABLES, statements

ASKED = ["silent", "kernel-builds", "module-builds", "findings", "seen", "ranking"]


def multiply(tables, hours, box, forms):
    """Writes the tables for all hours, as Parquet and, if it is wanted, as CSV; gives the number of rows and the sizes in bytes."""
    import duckdb
    duckdb.execute(f"SET temp_directory = '{box}/spilled'")
    columns = {
        "reports": "report + hour * (SELECT MAX(report) FROM base) AS report, host, cohort, kind, "
                   "strftime(taken_at::TIMESTAMP + to_hours(hour), '%Y-%m-%dT%H:%M:%SZ') AS taken_at, source",
        "known": "report + hour * (SELECT MAX(report) FROM base) AS report, kind",
        "conditions": "report + hour * (SELECT MAX(report) FROM base) AS report, kind, name",
    }
    rows = 0
    sizes = dict.fromkeys(forms, 0)
    for table in TABLES:
        duckdb.execute(f"CREATE OR REPLACE TABLE base AS FROM read_csv('{tables}/{table}.csv', header = true, quote = '\"', "
                       "escape = '\"', all_varchar = true) SELECT * REPLACE (report::BIGINT AS report)")
        query = f"SELECT {columns[table]} FROM base, range({hours}) hours(hour)"
        duckdb.execute(f"COPY ({query}) TO '{box}/{table}.parquet' (COMPRESSION zstd)")
        if "csv" in forms:
            duckdb.execute(f"COPY (FROM '{box}/{table}.parquet') TO '{box}/{table}.csv' (HEADER, FORCE_QUOTE *)")
        rows += duckdb.execute(f"SELECT COUNT(*) FROM '{box}/{table}.parquet'").fetchone()[0]
        for form in sizes:
            sizes[form] += os.path.getsize(f"{box}/{table}.{form}")
    return rows, sizes


def children():
    """The processes that this one started and that live: Java's, of Spark."""
    found, parents = [], [os.getpid()]
    while parents:
        said = subprocess.run(["pgrep", "-P", ",".join(map(str, parents))], capture_output=True, text=True).stdout.split()
        parents = [int(pid) for pid in said if os.path.exists(f"/proc/{pid}/stat") and int(pid) not in found]
        found += parents
    return found


def seconds_of_processors():
    total = sum(os.times()[:4])
    for pid in children():
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return total


def measure(name, box):
    """Prints what one engine takes; in a process of its own, whose memory is its own."""
    own = pathlib.Path(box) / name
    own.mkdir()
    start = seconds_of_processors()
    engine = ENGINES[name](own)
    engine.load(box, "csv" if name == "sqlite" else "parquet")
    loaded = seconds_of_processors() - start
    size = sum(path.stat().st_size for path in own.rglob("*") if path.is_file() and "spilled" not in path.parts)
    seconds = []
    for query in ASKED:
        (path,) = [path for path in QUERIES if path.stem == query]
        start = seconds_of_processors()
        engine.rows(statements(path)[0])
        seconds.append(f"{seconds_of_processors() - start:.1f}")
    # SQLite's own program is gone by now; it needs little.
    said = [line.split()[1] for pid in [os.getpid(), *children()] for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM")]
    most = "–" if name == "sqlite" else f"{max(map(int, said)) / 1e3:.0f}"
    print(f"| {name} {engine.version} | {loaded:.0f} | {size / 1e6:.0f} | {' | '.join(seconds)} | {most} |", flush=True)
    os._exit(0)


def main():
    if sys.argv[1] == "--measure":
        return measure(*sys.argv[2:])
    tables, hours = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as box:
        engines = sys.argv[3:] or ENGINES
        # SQLite's own program reads no Parquet.
        rows, sizes = multiply(tables, hours, box, ["parquet", "csv"] if "sqlite" in engines else ["parquet"])
        print(f"{hours} hours, {rows} rows, " + ", ".join(f"{size / 1e6:.0f} MB as {form}" for form, size in sizes.items()) + "\n")
        print(f"| engine | load, s | size, MB | {', s | '.join(ASKED)}, s | memory, MB |")
        print("|" + "---|" * (4 + len(ASKED)), flush=True)
        for name in engines:
            subprocess.run([sys.executable, __file__, "--measure", name, box], check=False)


main()
