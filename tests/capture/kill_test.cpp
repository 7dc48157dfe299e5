// kill -9 at every named point, again and again: what the journal holds in the end is what the source holds.
#include <gtest/gtest.h>

#include "capture/slot.h"
#include "journal/embedded.h"
#include "journal_view.h"
#include "support/files.h"
#include "support/postgres.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;
using freshet::test::Process;
using freshet::test::TempDir;
using freshet::test::TestDatabase;

constexpr int kKilled = 128 + 9;

class Kill : public testing::TestWithParam<const char*> {
 protected:
  Kill() {
    database.sql(
        "CREATE TABLE t (id int PRIMARY KEY, v text);"
        "INSERT INTO t SELECT i, 'snapshot ' || repeat('x', 100) FROM generate_series(1, 3000) i;"
        "ALTER DATABASE " +
        database.name() + " SET logical_decoding_work_mem = '64kB'");
  }

  // The runner's exit status: to what is committed now, or killed at `point`.
  int run(const std::string& crash_at) {
    const std::string slot = "s_" + database.name();
    freshet::test::ProcessOptions options;
    options.arguments = {freshet::test::built("capture_runner"),
                         database.url(),
                         data.path(),
                         slot,
                         "embedded",
                         to_string(insert_lsn(database.connection())),
                         "t"};
    if (!crash_at.empty()) options.environment = {"FRESHET_CRASH_AT=" + crash_at};
    options.output = data.path() + "/log";
    return Process(options).wait(120s);
  }

  // Some of each: small and streamed transactions, aborted parts, deletes, keys that move.
  void write(int round) {
    const std::string from = std::to_string(10'000 * (round + 1));
    database.sql("BEGIN; INSERT INTO t SELECT " + from +
                 " + i, repeat('y', 200) FROM generate_series(1, 1500) i; "
                 "SAVEPOINT a; INSERT INTO t SELECT " +
                 from +
                 " + i, 'aborted' FROM generate_series(5000, 7000) i; "
                 "ROLLBACK TO a; DELETE FROM t WHERE id % 7 = 0; COMMIT");
    for (int i = 0; i < 20; ++i) {
      database.sql("UPDATE t SET v = 'round " + std::to_string(round) +
                   "' WHERE id % 20 = " + std::to_string(i));
    }
    database.sql("UPDATE t SET id = id + 5000 WHERE id BETWEEN " + from + " AND " + from + " + 100");
  }

  TestDatabase database;
  TempDir data;
};

TEST_P(Kill, LosesNothingAndTearsNothing) {
  int killed = 0;
  for (int round = 0; round < 4; ++round) {
    write(round);
    killed += run(GetParam() + std::string(":") + std::to_string(1 + round * 3)) == kKilled;
  }
  EXPECT_GE(killed, 1) << "the point was never reached";
  write(4);
  ASSERT_EQ(run(""), 0);

  journal::EmbeddedOptions options;
  options.directory = data.path() + "/journal";
  const auto reader = journal::open_reader(options);
  JournalView view(*reader);
  view.read();
  std::map<std::string, std::string> expected;
  const auto result = database.sql("SELECT id || '|', v FROM t");
  for (int row = 0; row < result.rows(); ++row)
    expected[std::string(result.text(row, 0))] = std::string(result.text(row, 1));
  std::map<std::string, std::string> found;
  for (const auto& [key, row] : view.rows("public.t")) found[key] = row.at("v").value_or("NULL");
  EXPECT_EQ(found.size(), expected.size());
  EXPECT_TRUE(found == expected);
}

INSTANTIATE_TEST_SUITE_P(At, Kill,
                         testing::Values("slot_made", "received", "spooled", "noting", "noted", "journalled",
                                         "confirmed"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace freshet::capture::test
