// A database, the line that mirrors it, and both sides compared: by hand, so that a test says what it looked
// at, and finds it without parity's patience.
#pragma once

#include <chrono>
#include <string>

#include "adapter/clickhouse/client.h"
#include "line/line.h"
#include "support/postgres.h"

namespace freshet::test {

// Watermarks and cuts come fast, and large transactions are streamed and spooled early.
extern const char* const kQuick;

class Mirrored {
 public:
  // `settings`: more of pipeline.yaml.
  explicit Mirrored(const std::string& schema, const std::string& settings = kQuick,
                    const std::string& server_url = shared_postgres_url());

  TestDatabase& database() { return database_; }
  Line& line() { return line_; }
  const std::string& project() const { return project_; }
  postgres::Result sql(const std::string& statements) { return database_.sql(statements); }
  clickhouse::Client clickhouse() { return clickhouse::Client(line_.endpoint()); }

  // Starts it; false when the snapshots weren't complete in time.
  bool start();
  // Waits until a cut holds everything that is committed now.
  bool caught_up(std::chrono::seconds timeout = std::chrono::seconds(120));
  // After caught_up(): what the query says is the same on both sides; {} in it is the table, there and in
  // src.
  void expect_equal(const std::string& table, const std::string& query);
  // Likewise, at last: for a reading that begins by itself, of which nobody can tell that it has yet to
  // begin.
  bool becomes_equal(const std::string& table);
  // The whole table; no two rows of one key and version differ in the mirror.
  void expect_equal(const std::string& table);

 private:
  std::string in_source(const std::string& table, const std::string& query);
  std::string in_mirror(const std::string& table, const std::string& query);

  TestDatabase database_;
  TempDir dir_;
  std::string project_;
  Line line_;
};

}  // namespace freshet::test
