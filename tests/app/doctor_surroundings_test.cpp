// What surrounds the line: the machine's ports and disk, ClickHouse's rights, the source's standbys and its
// patience.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "adapter/postgres/replication.h"
#include "doctor_report.h"
#include "support/files.h"
#include "support/store.h"

namespace freshet::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

constexpr const char* kItem = "CREATE TABLE item (id bigint PRIMARY KEY)";

void add_to(const Installation& line, const std::string& settings) {
  std::ofstream(line.project() + "/pipeline.yaml", std::ios::app) << settings << '\n';
}

// Leaves a journal that was begun, and nothing that runs on it.
void run_once(const Installation& line) {
  const auto up = line.start();
  line.endpoints(*up);
  ASSERT_TRUE(line.wait_until_loaded()) << line.output();
}

TEST(DoctorOfTheMachine, NamesAPortThatIsTakenAndADiskThatIsSmall) {
  TestDatabase database;
  const Installation line(database, kItem);
  const std::string taken = "127.0.0.1:" + shared_store_url().substr(shared_store_url().rfind(':') + 1);
  edit_file(line.project() + "/pipeline.yaml", "127.0.0.1:0", taken);
  add_to(line, "journal: {size_limit: 1000TiB}");
  const Ended found = doctor(line);
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, AllOf(ContainsRegex("error +port of " + taken),
                                  HasSubstr("the journal may grow by 1099511.6 GB"),
                                  HasSubstr("lower journal.size_limit in pipeline.yaml")));
}

TEST(DoctorOfTheMachine, NamesTheRightsThatAUserOfClickHouseLacks) {
  const TestStore store({}, {"FRESHET_STORE_PASSWORD=o", "FRESHET_STORE_READER_PASSWORD=r"});
  TestDatabase database;
  const Installation line(database, kItem);
  add_to(line, "clickhouse: {url: '" + store.url() + "', user: reader, password: '${READER}'}");
  const Ended found = doctor(line, {}, {"READER=r"});
  EXPECT_EQ(found.status, 1) << found.output;
  EXPECT_THAT(found.output, HasSubstr("GRANT INSERT ON *.* TO `reader`"));
  EXPECT_EQ(doctor(line, {}, {"READER=wrong"}).status, 3);
}

TEST(DoctorOfTheSource, NamesAStandbyThatIsMissing) {
  PostgresServer server;
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  EXPECT_EQ(doctor(line).status, 0);
  database.sql("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
  database.sql("SELECT pg_reload_conf()");
  Ended found;
  EXPECT_TRUE(eventually([&] { return (found = doctor(line)).status == 1; })) << found.output;
  const std::string mending = "ALTER SYSTEM SET synchronous_standby_names = ''";
  EXPECT_THAT(found.output, AllOf(HasSubstr("no such standby is connected"), HasSubstr(mending)));
  database.sql(mending);
  database.sql("SELECT pg_reload_conf()");
  EXPECT_TRUE(eventually([&] { return (found = doctor(line)).status == 0; })) << found.output;
}

TEST(DoctorOfTheSource, SaysThatASlotIsNearItsLossAndThatItIsLost) {
  PostgresServer server({"max_slot_wal_keep_size = 32MB", "min_wal_size = 32MB", "max_wal_size = 32MB"});
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  run_once(line);
  EXPECT_THAT(doctor(line).output, HasSubstr("max_slot_wal_keep_size is 32MB"));
  const auto write_a_segment = [&] {
    database.sql("SELECT pg_logical_emit_message(false, 'x', 'x')");
    database.sql("SELECT pg_switch_wal()");
  };
  for (int segments = 0; segments < 2; ++segments) write_a_segment();
  EXPECT_THAT(doctor(line).output, HasSubstr("raise max_slot_wal_keep_size: docs/runbook/wal-retained.md"));
  for (int segments = 0; segments < 4; ++segments) write_a_segment();
  database.sql("CHECKPOINT");
  const Ended lost = doctor(line);
  EXPECT_EQ(lost.status, 1);
  EXPECT_THAT(lost.output, AllOf(HasSubstr("lost its WAL"), HasSubstr("another-source.md")));
}

TEST(DoctorOfTheSource, SaysThatTheSlotWasMadeAgain) {
  TestDatabase database;
  const Installation line(database, kItem);
  run_once(line);
  EXPECT_EQ(doctor(line).status, 0);
  database.sql("SELECT pg_drop_replication_slot('" + database.name() + "')");
  database.sql("INSERT INTO item VALUES (1)");
  database.sql("SELECT pg_create_logical_replication_slot('" + database.name() + "', 'pgoutput')");
  const Ended found = doctor(line);
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, AllOf(HasSubstr("it was made again"), HasSubstr("--accept-source")));
}

// The journal has what its source has never written.
TEST(DoctorOfTheSource, SaysThatACopyOfItsVolumeWasRestored) {
  PostgresServer server;
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  run_once(line);
  const auto copy = [](const std::string& from, const std::string& to) {
    return std::system(("rm -rf " + to + " && cp -a " + from + " " + to).c_str());
  };
  const std::string saved = server.data() + ".saved";
  server.stop();
  ASSERT_EQ(copy(server.data(), saved), 0);
  server.start();
  postgres::Connection({.url = database.url(), .purpose = "freshet test"})
      .run("INSERT INTO item SELECT generate_series(1, 1000)");
  run_once(line);
  EXPECT_EQ(doctor(line).status, 0);
  server.stop();
  ASSERT_EQ(copy(saved, server.data()), 0);
  server.start();
  const Ended found = doctor(line);
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, AllOf(HasSubstr("an older state was restored"), HasSubstr("--accept-source")));
}

// Before the first start that makes one; after it, what is committed meanwhile can't be streamed.
TEST(DoctorOfTheSource, SaysThatThePublicationIsGone) {
  TestDatabase database;
  const Installation line(database, kItem);
  EXPECT_EQ(doctor(line).status, 0);
  run_once(line);
  database.sql("DROP PUBLICATION freshet");
  const Ended found = doctor(line, {"--json"});
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(mend_of(found.output, "there is no publication"), HasSubstr("CREATE PUBLICATION"));
}

TEST(DoctorOfTheSource, NamesWhoHasTheSlot) {
  TestDatabase database, other;
  const Installation line(database, kItem);
  run_once(line);
  EXPECT_EQ(doctor(line).output.find("is being read"), std::string::npos);
  {
    postgres::Replication reader({.url = database.url(), .purpose = "another line"});
    reader.start(database.name(), Lsn(), {{"proto_version", "1"}, {"publication_names", "freshet"}});
    const Ended found = doctor(line, {"--json"});
    EXPECT_EQ(found.status, 1);
    const std::string mending = mend_of(found.output, "somebody else's line");
    const auto who = database.sql(mending.substr(0, mending.find(';')));
    ASSERT_EQ(who.rows(), 1) << mending;
    EXPECT_EQ(who.text(0, 2), "another line");
  }
  const std::string slot = "'" + database.name() + "'";
  ASSERT_TRUE(eventually([&] {
    return database.sql("SELECT 1 FROM pg_replication_slots WHERE NOT active AND slot_name = " + slot)
               .rows() == 1;
  }));
  database.sql("SELECT pg_drop_replication_slot(" + slot + ")");
  other.sql("SELECT pg_create_logical_replication_slot(" + slot + ", 'pgoutput')");
  const Ended found = doctor(line, {"--json"});
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(mend_of(found.output, "belongs to database " + other.name() + ", plugin pgoutput"),
              AllOf(HasSubstr("source.slot in pipeline.yaml"), HasSubstr("another-source.md")));
}

// The server's WAL goes on 16 GB further, as if as much had been written.
TEST(DoctorOfTheSource, SaysThatASlotKeepsMuchWal) {
  PostgresServer server;
  TestDatabase database(server.url());
  const Installation line(database, kItem);
  run_once(line);
  EXPECT_EQ(doctor(line).status, 0);
  server.stop();
  server.go_on_at("000000010000000400000000");
  const Ended found = doctor(line, {"--json"});
  EXPECT_EQ(found.status, 1);
  EXPECT_EQ(mend_of(found.output, "MB of WAL for it"), "start the line: docs/runbook/wal-retained.md");
}

// The source's clock_timestamp() tells another time: that of this database alone, as the machine's clock is
// everybody's.
TEST(DoctorOfTheSource, SaysThatTheClocksAreApart) {
  TestDatabase database;
  const Installation line(database, kItem);
  EXPECT_EQ(mend_of(doctor(line, {"--json"}).output, "the clocks of the source"), "");
  database.sql(
      "ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO true_clock_timestamp;"
      "CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT "
      "pg_catalog.true_clock_timestamp() - interval ''1 hour'''");
  const Ended found = doctor(line, {"--json"});
  EXPECT_EQ(found.status, 1);
  EXPECT_THAT(found.output, ContainsRegex("are 3[56][0-9][0-9] s apart"));
  EXPECT_THAT(mend_of(found.output, "the clocks of the source"), HasSubstr("timedatectl set-ntp true"));
}

}  // namespace
}  // namespace freshet::test
