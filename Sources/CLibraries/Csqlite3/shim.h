// SQLite: the database of rpm (Debian: libsqlite3-dev). To be opened read-only and immutable: it is not ours.
#pragma once
#include <sqlite3.h>

// sqlite3_db_config takes variable arguments, and so is beyond Swift. Makes the connection distrust the database's own
// schema; returns SQLITE_OK or an error.
static inline int csqlite3_distrust_schema(sqlite3 *database) {
  int status = sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
  if (status != SQLITE_OK) return status;
  status = sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
  if (status != SQLITE_OK) return status;
  status = sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, (int *)0);
  if (status != SQLITE_OK) return status;
  return sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)0);
}

// SQLITE_TRANSIENT is a macro with a cast, and so beyond Swift. Binds a copy of `text`; returns SQLITE_OK or an error.
static inline int csqlite3_bind_text(sqlite3_stmt *statement, int index, const char *text) {
  return sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT);
}
