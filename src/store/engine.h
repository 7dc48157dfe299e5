// The embedded engine behind RAII types: nothing else in Freshet touches libchdb's C interface.
// Threads: an Engine may be shared; a Connection (and what it made) is used by one thread at a time.
// Statements of different connections run in parallel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/chdb.h"
#include "store/clickhouse_error.h"

namespace freshet::store {

// Values of {name:Type} placeholders, in ClickHouse's escaped text form.
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Statistics {
  std::uint64_t read_rows = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t written_rows = 0;  // by materialized views, too
  std::uint64_t written_bytes = 0;
  std::uint64_t result_rows = 0;
  std::uint64_t result_bytes = 0;
  std::uint64_t elapsed_ns = 0;
};

class Result {
 public:
  explicit Result(chdb_result* result) : result_(result) {}
  std::string_view bytes() const;
  Statistics statistics() const;

 private:
  struct Destroy {
    void operator()(chdb_result* result) const { chdb_destroy_query_result(result); }
  };
  std::unique_ptr<chdb_result, Destroy> result_;
};

// An INSERT whose data comes in pieces, cut anywhere. Destroyed before finish() it inserts no further block;
// blocks already written stay (one block: about a million rows or 256 MB).
class InsertStream {
 public:
  explicit InsertStream(chdb_insert_stream* stream) : stream_(stream) {}
  void append(std::string_view bytes);  // blocks while the engine is behind
  Statistics finish();

 private:
  struct Destroy {
    void operator()(chdb_insert_stream* stream) const { chdb_destroy_insert_stream(stream); }
  };
  std::unique_ptr<chdb_insert_stream, Destroy> stream_;
};

struct Analysis {
  chdb_query_class kind;
  std::uint32_t statements;  // 0 when it doesn't parse
};

class Connection {
 public:
  explicit Connection(chdb_connection** connection) : connection_(connection) {}

  // ClickHouseError when the statement fails; partial rows of it may then come before the next result
  // (clear_leftovers).
  Result query(std::string_view sql, std::string_view format = "TabSeparated",
               const Parameters& parameters = {});
  InsertStream insert(std::string_view head, std::string_view format, const Parameters& parameters);
  Analysis analyze(std::string_view sql);

  // After a failure, before the next statement on this connection: runs a statement whose result is thrown
  // away, because the rows that the failed one had produced come out with it.
  void clear_leftovers();

 private:
  struct Close {
    void operator()(chdb_connection** connection) const { chdb_close_conn(connection); }
  };
  std::unique_ptr<chdb_connection*, Close> connection_;
};

struct EngineOptions {
  std::string data_path;    // absolute
  std::string config_file;  // absolute
};

class Engine {
 public:
  // Opens the data, which takes a moment per table. Error{capacity, config} when it can't.
  explicit Engine(const EngineOptions& options);

  Connection connect() const;
  // Ends the statement that runs under this query id, if any, soon after.
  void kill(std::string_view query_id) const;

  const std::string& version() const { return version_; }
  const std::string& timezone() const { return timezone_; }
  const std::string& display_name() const { return display_name_; }
  // What one query may take, in bytes.
  std::uint64_t query_memory() const { return query_memory_; }

 private:
  std::string path_argument_;
  std::string config_argument_;
  Connection anchor_;  // the last connection closed would stop the engine
  std::string version_;
  std::string timezone_;
  std::string display_name_;
  std::uint64_t query_memory_;
};

// 'text' as an SQL string literal.
std::string string_literal(std::string_view text);

}  // namespace freshet::store
