// A database of hundreds of tables: what each of them costs at a start, in memory and in parity must stay
// small.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "line/mirrored.h"

namespace freshet::test {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr int kTables = 500;
constexpr const char* kSettings = "intervals: {heartbeat: 1s, canary: 10s}\n";
constexpr std::uint64_t kResidentMax = std::uint64_t{512} << 20;

class Stopwatch {
 public:
  void lap(const std::string& what) {
    const auto now = std::chrono::steady_clock::now();
    std::cout << kTables << " tables: " << what << " took " << Seconds(now - since_).count() << " s"
              << std::endl;
    since_ = now;
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

TEST(ManyTables, ComeUpAndStayEqual) {
  Stopwatch watch;
  const auto each = [](const std::string& statement) {
    return fmt::format("DO $$ BEGIN FOR i IN 1..{} LOOP EXECUTE format('{}', i); END LOOP; END $$;", kTables,
                       statement);
  };
  Mirrored line(each("CREATE TABLE t%1$s (id int PRIMARY KEY, v text, n bigint)") +
                    each("INSERT INTO t%1$s VALUES (1, ''a'', %1$s), (2, ''b'', 2)"),
                kSettings);
  watch.lap("init");
  line.line().start();
  ASSERT_TRUE(line.line().wait_until_loaded(std::chrono::seconds(300))) << line.line().log_tail();
  watch.lap("coming up");
  line.sql(each("INSERT INTO t%1$s VALUES (3, ''c'', 3); UPDATE t%1$s SET n = -n WHERE id = 1"));
  ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
  watch.lap("a change of all");
  const std::uint64_t peak = line.line().peak_bytes("up");
  std::cout << "capture and load took at most " << (peak >> 20) << " MiB" << std::endl;
  EXPECT_LT(peak, kResidentMax);
  EXPECT_EQ(line.line().stop(), 0);
  line.sql(each("DELETE FROM t%1$s WHERE id = 2"));
  line.line().start();
  ASSERT_TRUE(line.caught_up()) << line.line().log_tail();
  watch.lap("a start again");
  EXPECT_EQ(line.line().parity(), 0);
  watch.lap("parity");
}

}  // namespace
}  // namespace freshet::test
