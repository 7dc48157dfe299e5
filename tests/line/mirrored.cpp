#include "line/mirrored.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace freshet::test {
namespace {

constexpr const char* kRows = "SELECT id, v, n FROM {} ORDER BY id";

std::string prepared(TestDatabase& database, const TempDir& dir, const std::string& schema,
                     const std::string& settings) {
  database.sql(schema);
  database.sql("ALTER DATABASE " + database.name() + " SET logical_decoding_work_mem = '64kB'");
  return init_project(dir, database.url(), settings);
}

std::string lines(const postgres::Result& result) {
  std::string text;
  for (int row = 0; row < result.rows(); ++row) {
    for (int column = 0; column < result.columns(); ++column) {
      const auto value = result.value(row, column);
      text += (column == 0 ? "" : "\t") + (value ? std::string(*value) : "\\N");
    }
    text += '\n';
  }
  return text;
}

}  // namespace

const char* const kQuick = R"(
intervals: {heartbeat: 200ms, canary: 1s}
limits: {capture_memory: 1MiB}
)";

Mirrored::Mirrored(const std::string& schema, const std::string& settings, const std::string& server_url)
    : database_(server_url),
      project_(prepared(database_, dir_, schema, settings)),
      line_(project_, database_.url()) {}

bool Mirrored::start() {
  line_.start();
  return line_.wait_until_loaded();
}

bool Mirrored::caught_up(std::chrono::seconds timeout) {
  const std::string now(sql("SELECT pg_current_wal_insert_lsn() - '0/0'").text(0, 0));
  return eventually(
      [&] {
        if (!line_.clickhouse()) return false;
        try {
          return clickhouse().value("SELECT max(commit_lsn) >= " + now + " FROM freshet.cuts") == "1";
        } catch (const Error&) {
          return false;  // it may be starting
        }
      },
      timeout);
}

std::string Mirrored::in_source(const std::string& table, const std::string& query) {
  return lines(sql(fmt::format(fmt::runtime(query), table)));
}

std::string Mirrored::in_mirror(const std::string& table, const std::string& query) {
  return clickhouse().select(fmt::format(fmt::runtime(query), "src." + table));
}

bool Mirrored::becomes_equal(const std::string& table) {
  const std::string source = in_source(table, kRows);
  return eventually([&] { return in_mirror(table, kRows) == source; }, std::chrono::seconds(60));
}

void Mirrored::expect_equal(const std::string& table, const std::string& query) {
  ASSERT_TRUE(caught_up()) << line_.log_tail();
  const std::string source = in_source(table, query);
  const std::string mirror = in_mirror(table, query);
  // Whole tables in a test's output help nobody.
  EXPECT_TRUE(source == mirror) << table << ":\n"
                                << source.substr(0, 2'000) << "\nbut the mirror:\n"
                                << mirror.substr(0, 2'000);
}

void Mirrored::expect_equal(const std::string& table) {
  expect_equal(table, kRows);
  EXPECT_EQ(
      clickhouse().value(fmt::format("SELECT count() FROM (SELECT id, _version FROM raw.{} GROUP BY id, "
                                     "_version HAVING uniqExact(v, n, _deleted) > 1)",
                                     table)),
      "0")
      << table << ": rows of one key and version differ";
}

}  // namespace freshet::test
