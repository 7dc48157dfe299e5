// Whatever a transaction holds and however much waits: capture and load stay within their memory.
//
//   FRESHET_LARGE_MB=4096 build/dev/tests/line/line_memory_test
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "line/mirrored.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

// Of the process with capture, and of the one with load; ClickHouse is a third one.
constexpr std::uint64_t kResidentMax = std::uint64_t{512} << 20;

bool start_apart(Mirrored& line) {
  line.line().start("capture", "");
  line.line().start("load", "");
  return line.line().wait_until_loaded();
}

bool says(Mirrored& line, const std::string& query, const std::string& answer) {
  return eventually(
      [&] {
        try {
          return line.clickhouse().value(query) == answer;
        } catch (const Error&) {
          return false;  // it may be starting
        }
      },
      15min);
}

bool mirrored_are(Mirrored& line, std::uint64_t rows) {
  return says(line, "SELECT count() FROM src.big", std::to_string(rows));
}

void expect_bounded(Mirrored& line, const std::string& what) {
  for (const char* role : {"capture", "load"}) {
    const std::uint64_t peak = line.line().peak_bytes(role);
    std::cout << what << ": " << role << " took at most " << (peak >> 20) << " MiB" << std::endl;
    EXPECT_LT(peak, kResidentMax) << role;
  }
}

TEST(Memory, IsBoundedWhateverATransactionHolds) {
  const char* asked = std::getenv("FRESHET_LARGE_MB");
  const std::uint64_t megabytes = asked == nullptr ? 1024 : std::stoull(asked);
  Mirrored line("CREATE TABLE big (id bigint PRIMARY KEY, v text, n bigint)", "");
  ASSERT_TRUE(start_apart(line)) << line.line().log_tail();
  // About a kilobyte a row, streamed while it goes on; what is undone is in it, too.
  const auto fill = [&](std::uint64_t from, std::uint64_t to) {
    return fmt::format(
        "INSERT INTO big SELECT i, repeat(md5(i::text), 30), i FROM generate_series({} + 1, {}) i;",
        from * megabytes, to * megabytes);
  };
  line.database().connection().run("BEGIN;" + fill(0, 500) + "SAVEPOINT a;" + fill(500, 750) +
                                       "ROLLBACK TO a;" + fill(750, 1250) + "COMMIT",
                                   15min);
  ASSERT_TRUE(mirrored_are(line, megabytes * 1000)) << line.line().log_tail();
  expect_bounded(line, fmt::format("{} MB in one transaction", megabytes));
  line.expect_equal("big", "SELECT count(*), sum(id), sum(n), sum(length(v)) FROM {}");
}

TEST(Memory, IsBoundedWhateverWaitsForLoad) {
  constexpr std::uint64_t kRows = 500'000;
  Mirrored line("CREATE TABLE big (id bigint PRIMARY KEY, v text, n bigint)", "");
  ASSERT_TRUE(start_apart(line)) << line.line().log_tail();
  EXPECT_EQ(line.line().stop("load"), 0);
  // A million changes: every row, and each of them once more; in transactions of 10,000.
  for (std::uint64_t to = 10'000; to <= kRows; to += 10'000) {
    line.sql(fmt::format("INSERT INTO big SELECT i, md5(i::text), i FROM generate_series({}, {}) i",
                         to - 9'999, to));
    line.sql(fmt::format("UPDATE big SET n = -n WHERE id BETWEEN {} AND {}", to - 9'999, to));
  }
  line.line().start("load", "");
  ASSERT_TRUE(mirrored_are(line, kRows)) << line.line().log_tail();
  line.expect_equal("big", "SELECT count(*), sum(id), sum(n), sum(length(v)) FROM {}");
  expect_bounded(line, "a backlog of a million changes");
}

// A change of a few bytes to a row of 100 KB: PostgreSQL doesn't send the 100 KB again, and load fills them
// in. A batch of such changes is small, what it lacks isn't.
TEST(Memory, IsBoundedWhateverIsFilledIn) {
  Mirrored line(
      "CREATE TABLE big (id bigint PRIMARY KEY, v text, n bigint);"
      "ALTER TABLE big ALTER v SET STORAGE EXTERNAL;"
      "INSERT INTO big SELECT i, repeat(md5(i::text), 3200), 0 FROM generate_series(1, 2500) i",
      "");
  ASSERT_TRUE(start_apart(line)) << line.line().log_tail();
  line.sql("UPDATE big SET n = n + 1");
  ASSERT_TRUE(says(line, "SELECT sum(n) FROM src.big", "2500")) << line.line().log_tail();
  // The same row again and again: each of its versions has the whole of it.
  line.sql(
      "DO $$ BEGIN FOR i IN 1..2500 LOOP UPDATE big SET n = n + 1 WHERE id = 1; END LOOP; END $$;"
      "UPDATE big SET id = -id WHERE id > 1000");
  ASSERT_TRUE(says(line, "SELECT sum(n) FROM src.big", "5000")) << line.line().log_tail();
  line.expect_equal("big", "SELECT count(*), sum(id), sum(n), sum(length(v)) FROM {}");
  expect_bounded(line, "values filled in");
}

TEST(Memory, IsBoundedWhateverARowHolds) {
  Mirrored line(
      "CREATE TABLE big (id bigint PRIMARY KEY, v text, n bigint);"
      "ALTER TABLE big ALTER v SET STORAGE EXTERNAL",
      "");
  ASSERT_TRUE(start_apart(line)) << line.line().log_tail();
  line.sql("INSERT INTO big SELECT i, repeat(md5(i::text), 1024 * 1024), 0 FROM generate_series(1, 8) i");
  ASSERT_TRUE(says(line, "SELECT count() FROM src.big", "8")) << line.line().log_tail();
  line.sql("UPDATE big SET n = 1");
  ASSERT_TRUE(says(line, "SELECT sum(n) FROM src.big", "8")) << line.line().log_tail();
  line.expect_equal("big", "SELECT count(*), sum(id), sum(n), sum(length(v)) FROM {}");
  expect_bounded(line, "rows of 32 MiB");
}

}  // namespace
}  // namespace freshet::test
