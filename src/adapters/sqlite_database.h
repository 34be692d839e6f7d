// A connection to an SQLite file and the statements prepared on it: RAII and Results over SQLite's
// C interface, for sqlite_store.h. A connection and its statements belong to one thread at a time.
// Every error message begins with the file's path and holds SQLite's own words.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pluv::adapters {

// What went wrong last on a connection. unavailable: it may pass (a full disk, no rights, another
// process's lock); internal: it will not (corruption); limit: too large for SQLite.
[[nodiscard]] Error sqlite_error(sqlite3* connection);
// The same of a result code that did not come with a message.
[[nodiscard]] Error sqlite_error(const std::string& path, int code);

class SqliteStatement {
 public:
  explicit SqliteStatement(sqlite3_stmt* handle) noexcept : handle_(handle) {}
  [[nodiscard]] sqlite3_stmt* handle() const noexcept { return handle_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// One run of a statement, reset at the end of its scope. What is bound is borrowed until then.
class SqliteQuery {
 public:
  explicit SqliteQuery(const SqliteStatement& statement) noexcept : handle_(statement.handle()) {}
  ~SqliteQuery();
  SqliteQuery(const SqliteQuery&) = delete;
  SqliteQuery& operator=(const SqliteQuery&) = delete;

  // Binds the next parameter. A failure shows at the next row().
  SqliteQuery& integer(std::int64_t value);
  SqliteQuery& text(std::string_view value);
  SqliteQuery& blob(std::string_view value);

  // Steps; true when there is a row.
  [[nodiscard]] Result<bool> row();
  // Steps once, for a statement that answers no rows.
  [[nodiscard]] Result<void> run();

  // Columns of the current row, from 0. Bytes are borrowed until the next row().
  [[nodiscard]] std::int64_t integer_at(int column) const;
  [[nodiscard]] std::string_view bytes_at(int column) const;

 private:
  sqlite3_stmt* handle_;
  int bound_ = 0;
  int bind_code_ = 0;  // the first failure of a bind
};

// Makes an empty file that only its owner may read, as what documents are kept in should be; SQLite
// would let everybody. False: there is one already, or it cannot be made (SQLite will say why).
bool make_private_file(const std::string& path);

class SqliteDatabase {
 public:
  // still: read a file that nobody can write, in a folder where SQLite can put nothing beside it.
  enum class Access : std::uint8_t { read, read_still, write, create };

  [[nodiscard]] static Result<SqliteDatabase> open(const std::string& path, Access access);

  // Carries out one or more statements.
  [[nodiscard]] Result<void> execute(const char* sql);
  // The first column of the first row; 0 when there is no row.
  [[nodiscard]] Result<std::int64_t> integer(const char* sql);
  // Kept prepared for the connection's life.
  [[nodiscard]] Result<SqliteStatement> prepare(const char* sql);
  // All of them, in their order, or the first error.
  [[nodiscard]] Result<std::vector<SqliteStatement>> prepare_all(
      std::span<const char* const> texts);
  // Syncs the write-ahead log: all that was committed is on the disk then.
  [[nodiscard]] Result<void> sync_log();
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] std::string path() const;  // absolute
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
  // Its statements are gone by then. Nothing else may be called afterwards.
  void close() noexcept { handle_.reset(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  explicit SqliteDatabase(sqlite3* handle) noexcept : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace pluv::adapters
