#include "adapters/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <system_error>

namespace pluv::adapters {
namespace {

// Another process that writes (a tool) is waited for this long.
constexpr int kBusyMs = 5'000;

ErrorCode error_code(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY: return ErrorCode::unavailable;
    case SQLITE_TOOBIG: return ErrorCode::limit;
    default: return ErrorCode::internal;
  }
}

Error described(const std::string& path, sqlite3* connection) {
  const int code = sqlite3_extended_errcode(connection);
  std::string message = path + ": " + sqlite3_errmsg(connection);
  const int system_code = sqlite3_system_errno(connection);
  const int kind = code & 0xff;
  // Elsewhere the system's number is an old one.
  if (system_code != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN)) {
    message += " (" + std::generic_category().message(system_code) + ")";
  }
  return {error_code(code), std::move(message)};
}

// The path as an URI (sqlite.org/uri.html).
std::string still_uri(const std::string& path) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    } else {
      out.push_back(c);
    }
  }
  return out + "?immutable=1";
}

}  // namespace

bool make_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  ::close(descriptor);
  return true;
}

Error sqlite_error(const std::string& path, int code) {
  return {error_code(code), path + ": " + sqlite3_errstr(code)};
}

Error sqlite_error(sqlite3* connection) {
  const char* path = sqlite3_db_filename(connection, "main");
  return described(path == nullptr ? "" : path, connection);
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* handle) const noexcept {
  sqlite3_finalize(handle);
}

SqliteQuery::~SqliteQuery() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);  // what was bound is borrowed
}

SqliteQuery& SqliteQuery::integer(std::int64_t value) {
  const int code = sqlite3_bind_int64(handle_, ++bound_, value);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
  return *this;
}

SqliteQuery& SqliteQuery::text(std::string_view value) {
  const int code = sqlite3_bind_text64(handle_, ++bound_, value.data(), value.size(), SQLITE_STATIC,
                                       SQLITE_UTF8);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
  return *this;
}

SqliteQuery& SqliteQuery::blob(std::string_view value) {
  // A null pointer would bind NULL, not the empty blob.
  const char* data = value.empty() ? "" : value.data();
  const int code = sqlite3_bind_blob64(handle_, ++bound_, data, value.size(), SQLITE_STATIC);
  if (bind_code_ == SQLITE_OK) bind_code_ = code;
  return *this;
}

Result<bool> SqliteQuery::row() {
  if (bind_code_ != SQLITE_OK) return sqlite_error(sqlite3_db_handle(handle_));
  switch (sqlite3_step(handle_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: return sqlite_error(sqlite3_db_handle(handle_));
  }
}

Result<void> SqliteQuery::run() {
  auto stepped = row();
  if (!stepped) return std::move(stepped).error();
  return {};
}

std::int64_t SqliteQuery::integer_at(int column) const {
  return sqlite3_column_int64(handle_, column);
}

std::string_view SqliteQuery::bytes_at(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

void SqliteDatabase::Close::operator()(sqlite3* handle) const noexcept {
  sqlite3_close_v2(handle);  // v2: a statement that outlives the connection is no error
}

Result<SqliteDatabase> SqliteDatabase::open(const std::string& path, Access access) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Access::read: flags |= SQLITE_OPEN_READONLY; break;
    case Access::read_still: flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI; break;
    case Access::write: flags |= SQLITE_OPEN_READWRITE; break;
    case Access::create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
  }
  sqlite3* handle = nullptr;
  const std::string name = access == Access::read_still ? still_uri(path) : path;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  SqliteDatabase database(handle);                         // closed even when opening failed
  if (handle == nullptr) return sqlite_error(path, code);  // no memory
  if (code != SQLITE_OK) return described(path, handle);
  sqlite3_busy_timeout(handle, kBusyMs);
  const bool writes = access == Access::write || access == Access::create;
  if (writes && sqlite3_db_readonly(handle, "main") == 1) {
    // SQLite falls back to reading by itself.
    return sqlite_error(path, SQLITE_READONLY);
  }
  return database;
}

Result<void> SqliteDatabase::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return sqlite_error(handle_.get());
}

Result<std::int64_t> SqliteDatabase::integer(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  SqliteQuery query(*statement);
  auto row = query.row();
  if (!row) return std::move(row).error();
  return *row ? query.integer_at(0) : 0;
}

Result<SqliteStatement> SqliteDatabase::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return sqlite_error(handle_.get());
  return SqliteStatement(statement);
}

Result<std::vector<SqliteStatement>> SqliteDatabase::prepare_all(
    std::span<const char* const> texts) {
  std::vector<SqliteStatement> statements;
  statements.reserve(texts.size());
  for (const char* text : texts) {
    auto statement = prepare(text);
    if (!statement) return std::move(statement).error();
    statements.push_back(std::move(statement).value());
  }
  return statements;
}

Result<void> SqliteDatabase::sync_log() {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                       static_cast<void*>(&file));
  if (file == nullptr || file->pMethods == nullptr) return {};  // nothing was written yet
  const int code = file->pMethods->xSync(file, SQLITE_SYNC_FULL);
  if (code == SQLITE_OK) return {};
  return sqlite_error(path(), code);
}

bool SqliteDatabase::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

std::string SqliteDatabase::path() const { return sqlite3_db_filename(handle_.get(), "main"); }

}  // namespace pluv::adapters
