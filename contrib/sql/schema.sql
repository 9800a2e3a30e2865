-- The tables that `liveprobe correlate --sql FOLDER` writes, one file each: reports.csv, known.csv, conditions.csv. No value is
-- missing. The views count by hosts, as `liveprobe correlate` does.
--
-- Runs unchanged on SQLite (3.35 or newer, with its mathematical functions), DuckDB, ClickHouse (docs/fleet.md says with which settings)
-- and Apache Spark (3.4 or newer).

-- A report each.
CREATE TABLE reports (
  report   BIGINT,         -- its number
  host     VARCHAR(2000),  -- the host's name for itself; of a report that has none, where it was read
  cohort   VARCHAR(20),    -- what the report says of its host: affected, healthy or undecided
  kind     VARCHAR(20),    -- scan or crash
  taken_at VARCHAR(20),    -- when, in RFC 3339 (UTC); empty if it does not say
  source   VARCHAR(2000)   -- where it was read
);

-- What a report speaks of at all: a host whose reports say nothing of modules does not lack any.
CREATE TABLE known (
  report BIGINT,
  kind   VARCHAR(20)       -- implant-code, implant-strings, implant-family, implant-offsets, module-build, module,
                           -- kernel-build, kernel-release, distribution, taint, death (what a kernel died of),
                           -- signature (its kind and first functions), finding
);

-- What a report's host has.
CREATE TABLE conditions (
  report BIGINT,
  kind   VARCHAR(20),      -- as in known
  name   VARCHAR(2000)     -- in words that are the same on every host
);

-- What a host is: affected if one of its reports says so; else undecided if one says so; else healthy.
CREATE VIEW hosts AS
SELECT host,
       CASE
         WHEN SUM(CASE WHEN cohort = 'affected' THEN 1 ELSE 0 END) > 0 THEN 'affected'
         WHEN SUM(CASE WHEN cohort = 'undecided' THEN 1 ELSE 0 END) > 0 THEN 'undecided'
         ELSE 'healthy'
       END AS cohort
FROM reports
GROUP BY host;

-- The reports that describe a host: those that say of it what it is.
CREATE VIEW telling AS
SELECT r.report, r.host, r.cohort
FROM reports r
JOIN hosts h ON h.host = r.host AND h.cohort = r.cohort
WHERE h.cohort <> 'undecided';

-- What is known of a host at all.
CREATE VIEW host_known AS
SELECT DISTINCT t.host, t.cohort, k.kind
FROM telling t
JOIN known k ON k.report = t.report;

-- What a host has.
CREATE VIEW host_conditions AS
SELECT DISTINCT t.host, t.cohort, c.kind, c.name
FROM telling t
JOIN conditions c ON c.report = t.report;

-- For each condition: how many hosts of either group have it, and how many lack it.
CREATE VIEW contingency AS
SELECT c.kind, c.name, c.affected_with, k.affected - c.affected_with AS affected_without,
       c.healthy_with, k.healthy - c.healthy_with AS healthy_without
FROM (
  SELECT kind, name,
         SUM(CASE WHEN cohort = 'affected' THEN 1 ELSE 0 END) AS affected_with,
         SUM(CASE WHEN cohort = 'healthy' THEN 1 ELSE 0 END) AS healthy_with
  FROM host_conditions
  GROUP BY kind, name
) c
JOIN (
  SELECT kind,
         SUM(CASE WHEN cohort = 'affected' THEN 1 ELSE 0 END) AS affected,
         SUM(CASE WHEN cohort = 'healthy' THEN 1 ELSE 0 END) AS healthy
  FROM host_known
  GROUP BY kind
) k ON k.kind = c.kind;
