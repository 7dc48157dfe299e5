// A full disk, of the journal or of ClickHouse: nothing is confirmed that isn't kept, the status names the
// folder, and all goes on by itself once there is room.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/line_status_json.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

// ENOSPC; ClickHouse's own word for it; EFBIG, where the size of files is limited instead (small_disk.h).
const auto kFull =
    AnyOf(HasSubstr("No space left"), HasSubstr("not enough space"), HasSubstr("File too large"));

constexpr const char* kTable =
    "CREATE TABLE rows (id bigint PRIMARY KEY, v text, n bigint);"
    "INSERT INTO rows SELECT i, 'before', i FROM generate_series(1, 1000) i";

app::LineStatus status_of(Mirrored& line) {
  return app::line_status_from_json(line.line().status_json());
}

std::string error_of(Mirrored& line, const std::string& stage) try {
  for (const app::StageLine& one : status_of(line).stages)
    if (one.name == stage && !one.error.empty()) return one.error + "\n" + one.hint;
  return "";
} catch (const Error&) {
  return "";  // nothing answers at this moment
}

std::string confirmed(Mirrored& line) {
  return std::string(line.sql("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
                              slot_for(line.database().url()) + "'")
                         .text(0, 0));
}

// Changes whose bytes don't pack well: about 20 MB.
void change_much(Mirrored& line) {
  line.sql(
      "INSERT INTO rows SELECT i, (SELECT string_agg(md5((i * 100 + j)::text), '') FROM "
      "generate_series(1, 30) j), i FROM generate_series(1001, 21000) i");
  line.sql("UPDATE rows SET n = -n WHERE id % 3 = 0");
  line.sql("DELETE FROM rows WHERE id % 7 = 0");
}

void expect_capture_to_wait_and_go_on(Mirrored& line, const std::string& folder) {
  line.line().give_disk(folder, 256 << 20);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("rows");
  line.line().fill_disk(folder);
  change_much(line);
  const std::string now(line.sql("SELECT pg_current_wal_insert_lsn()").text(0, 0));
  ASSERT_TRUE(eventually([&] { return !error_of(line, "capture").empty(); }, 60s)) << line.line().log_tail();
  EXPECT_THAT(error_of(line, "capture"), AllOf(HasSubstr(line.line().data() + "/" + folder), kFull,
                                               HasSubstr("KiB free"), HasSubstr("disk-full.md")));
  EXPECT_EQ(line.sql("SELECT '" + confirmed(line) + "'::pg_lsn < '" + now + "'::pg_lsn").text(0, 0), "t");
  EXPECT_EQ(line.clickhouse().value("SELECT count() FROM src.rows"), "1000");
  EXPECT_TRUE(line.line().running());

  line.line().free_disk(folder);
  line.expect_equal("rows");
  EXPECT_EQ(line.line().parity(), 0);
}

TEST(DiskFull, OfTheJournalHoldsCaptureUntilThereIsRoom) {
  Mirrored line(kTable, "intervals: {heartbeat: 200ms, canary: 1s}\n");
  expect_capture_to_wait_and_go_on(line, "journal");
}

TEST(DiskFull, OfTheSpoolHoldsCaptureUntilThereIsRoom) {
  Mirrored line(kTable);
  expect_capture_to_wait_and_go_on(line, "spool");
}

TEST(DiskFull, OfClickHouseHoldsLoadWhileTheJournalGrows) {
  Mirrored line(kTable);
  line.line().give_disk("store", 512 << 20);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("rows");
  line.line().fill_disk("store");
  const std::uint64_t before = status_of(line).journal.bytes;
  change_much(line);
  ASSERT_TRUE(eventually([&] { return !error_of(line, "load").empty(); }, 60s)) << line.line().log_tail();
  EXPECT_THAT(error_of(line, "load"), AllOf(HasSubstr("ClickHouse refused"), kFull, HasSubstr("disk")));
  // What comes is kept meanwhile, and confirmed to PostgreSQL.
  EXPECT_TRUE(eventually([&] { return status_of(line).journal.bytes > before + (10 << 20); }, 60s));
  EXPECT_EQ(error_of(line, "capture"), "");

  line.line().free_disk("store");
  line.expect_equal("rows");
  EXPECT_EQ(line.line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
