// Transactions far larger than what may be kept of them in memory pass in bounded memory.
//
//   FRESHET_LARGE_MB=1024 build/dev/tests/line/line_memory_test
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "line/mirrored.h"

namespace freshet::test {
namespace {

// Of the process with capture, journal and load; ClickHouse is another one.
constexpr std::uint64_t kResidentMax = std::uint64_t{512} << 20;

TEST(Memory, IsBoundedWhateverATransactionHolds) {
  const char* asked = std::getenv("FRESHET_LARGE_MB");
  const std::uint64_t megabytes = asked == nullptr ? 256 : std::stoull(asked);
  Mirrored line("CREATE TABLE big (id bigint PRIMARY KEY, v text, n bigint)");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  std::atomic<std::uint64_t> most = 0;
  std::jthread watching([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      most = std::max<std::uint64_t>(most, line.line().resident_bytes());
      pause_between_looks();
    }
  });
  // About a kilobyte a row, streamed while it goes on; half of it is undone.
  const auto fill = [&](const char* from, const char* to) {
    return fmt::format(
        "INSERT INTO big SELECT i, repeat(md5(i::text), 30), i FROM generate_series({0} * {2} + 1, "
        "{1} * {2}) i;",
        from, to, megabytes * 500);
  };
  line.database().connection().run("BEGIN;" + fill("0", "1") + "SAVEPOINT a;" + fill("1", "2") +
                                       "ROLLBACK TO a;" + fill("2", "3") + "COMMIT",
                                   std::chrono::minutes(10));
  ASSERT_TRUE(eventually(
      [&] {
        return line.clickhouse().value("SELECT count() FROM src.big") == std::to_string(megabytes * 1000);
      },
      std::chrono::minutes(10)))
      << line.line().log_tail();
  watching.request_stop();
  watching.join();
  std::cout << megabytes << " MB in one transaction: resident at most " << (most >> 20) << " MiB"
            << std::endl;
  EXPECT_LT(most, kResidentMax);
  line.expect_equal("big", "SELECT count(*), sum(id), sum(n), sum(length(v)) FROM {}");
}

}  // namespace
}  // namespace freshet::test
