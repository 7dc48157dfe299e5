// Tables that are altered while their changes wait: replayed in the form that the contract has followed to,
// read where a value was never sent, told apart by another index, streamed under another name; and sources
// that show only a part of a table. Each from outside, to parity.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "line/contracts.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// 4 kB that are stored out of line.
constexpr const char* kDoc =
    "CREATE FUNCTION doc(number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT "
    "string_agg(md5((number * 1000 + i)::text), '') FROM generate_series(1, 128) i $$;";

class Altered : public testing::Test {
 protected:
  void begin(const std::string& schema) {
    line_.emplace(schema);
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  }
  app::StreamLine stream_of(const std::string& table) {
    for (const app::StreamLine& stream : streams_of(*line_))
      if (stream.name == "public." + table) return stream;
    return {};
  }
  bool becomes(const std::string& table, const std::string& state) {
    return eventually([&] { return stream_of(table).state == state; }, std::chrono::seconds(60));
  }
  std::string contract_of(const std::string& table) const {
    return line_->project() + "/contracts/" + table + ".yaml";
  }
  void expect_nothing_waits() {
    const Line::Said waits = line_->line().say({"quarantine", "list"});
    EXPECT_EQ(waits.status, 0) << waits.output;
    EXPECT_EQ(line_->line().parity(), 0);
  }

  std::optional<Mirrored> line_;
};

// The last values of rows that came and went meanwhile are in no reading: what waits is all that has them.
TEST_F(Altered, ColumnsUnderOtherNamesAreReplayedWhenTheContractFollows) {
  line_.emplace(
      "CREATE TABLE kept (id bigint PRIMARY KEY, v text, n int); INSERT INTO kept SELECT i, 'v' || i, i FROM "
      "generate_series(1, 100) i");
  change_contracts(line_->project(),
                   [](contract::StreamContract& contract) { contract.on_delete = contract::OnDelete::keep; });
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql("ALTER TABLE kept RENAME v TO w");
  line_->sql(
      "INSERT INTO kept VALUES (101, 'came and went', 1), (102, 'came', 2); UPDATE kept SET w = 'last' WHERE "
      "id "
      "IN (1, 101); DELETE FROM kept WHERE id IN (1, 2, 101)");
  ASSERT_TRUE(becomes("kept", "quarantined")) << line_->line().status_text();

  line_->line().stop();
  follow_tables(*line_);
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(becomes("kept", "stopped")) << line_->line().status_text();
  EXPECT_EQ(alter_mirrors(*line_), 1);
  line_->line().stop();
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(becomes("kept", "running")) << line_->line().status_text();
  EXPECT_EQ(line_->clickhouse().value(
                "SELECT arraySort(groupArray(concat(toString(id), ' ', w))) FROM src.kept WHERE "
                "is_deleted AND id != 2"),
            "['1 last','101 last']");
  EXPECT_EQ(line_->clickhouse().value("SELECT [countIf(is_deleted), countIf(NOT is_deleted)] FROM src.kept"),
            "[3,99]");
  expect_nothing_waits();
}

// It sends no key while it has none, and neither then nor later the document.
TEST_F(Altered, WithoutReplicaIdentityUnsentDocumentsAreReadAgain) {
  begin(
      std::string(kDoc) +
      "CREATE TABLE nothing (id bigint PRIMARY KEY, v text, n int); ALTER TABLE nothing ALTER v SET STORAGE "
      "EXTERNAL; INSERT INTO nothing SELECT i, doc(i), i FROM generate_series(1, 20) i");
  line_->sql("UPDATE nothing SET n = -n WHERE id <= 5; UPDATE nothing SET v = doc(-id) WHERE id = 6");
  line_->expect_equal("nothing");
  line_->sql("ALTER TABLE nothing REPLICA IDENTITY NOTHING");
  line_->sql("INSERT INTO nothing VALUES (21, doc(21), 1), (22, 'short', 1)");
  for (const char* refused : {"UPDATE nothing SET n = 0 WHERE id = 21", "DELETE FROM nothing WHERE id = 1"})
    EXPECT_THROW(line_->sql(refused), Error);
  ASSERT_TRUE(becomes("nothing", "quarantined")) << line_->line().status_text();
  line_->sql("ALTER TABLE nothing REPLICA IDENTITY DEFAULT");
  line_->sql(
      "UPDATE nothing SET n = 0 WHERE id IN (1, 21); UPDATE nothing SET v = doc(-id) WHERE id IN (2, 22);"
      "UPDATE nothing SET id = 1000 + id WHERE id IN (3, 21); DELETE FROM nothing WHERE id = 4;"
      "UPDATE nothing SET n = 2 WHERE id > 1000");
  ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
  EXPECT_EQ(line_->line().say({"snapshot", "nothing"}).status, 0);
  ASSERT_TRUE(becomes("nothing", "running")) << line_->line().status_text();
  line_->expect_equal("nothing");
  expect_nothing_waits();
}

TEST_F(Altered, ATableUnderAnotherNameIsMirroredWhenTheContractFollows) {
  begin(
      "CREATE TABLE named (id bigint PRIMARY KEY, v text, n int); INSERT INTO named SELECT i, 'v', i FROM "
      "generate_series(1, 100) i");
  line_->sql("UPDATE named SET n = -n WHERE id < 10");
  line_->expect_equal("named");
  line_->sql("ALTER TABLE named RENAME TO renamed");
  line_->sql("UPDATE renamed SET v = 'after' WHERE id > 50; DELETE FROM renamed WHERE id < 20");
  EXPECT_TRUE(
      eventually([&] { return stream_of("named").error.find("there is no table") != std::string::npos; },
                 std::chrono::seconds(60)))
      << line_->line().status_text();
  line_->line().stop();
  change_contracts(line_->project(),
                   [](contract::StreamContract& contract) { contract.source.table = "renamed"; });
  line_->sql("INSERT INTO renamed VALUES (101, 'while away', 1)");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql("UPDATE renamed SET n = 0 WHERE id = 101; UPDATE renamed SET id = 102 WHERE id = 30");
  ASSERT_TRUE(becomes("renamed", "running")) << line_->line().status_text();
  ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
  EXPECT_EQ(
      line_->clickhouse().value(
          "SELECT arrayStringConcat(arraySort(groupArray(concat(toString(id), v, toString(n)))), ',') FROM "
          "src.named"),
      line_->sql("SELECT string_agg(id || v || n, ',' ORDER BY (id || v || n) COLLATE \"C\") FROM renamed")
          .text(0, 0));
  expect_nothing_waits();
}

// As docs/runbook/snapshot-again.md starts everything over.
TEST_F(Altered, AnotherIndexThatTellsRowsApartIsTheKeyAfterANewStart) {
  begin(
      "CREATE TABLE indexed (id bigint PRIMARY KEY, v text, n int NOT NULL UNIQUE); INSERT INTO indexed "
      "SELECT i, 'v', -i FROM generate_series(1, 100) i");
  line_->sql("ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_n_key");
  line_->sql("UPDATE indexed SET v = 'waits' WHERE id = 1; DELETE FROM indexed WHERE id = 2");
  ASSERT_TRUE(becomes("indexed", "quarantined")) << line_->line().status_text();
  EXPECT_THAT(stream_of("indexed").error, HasSubstr("had the key (id) and has (n)"));
  line_->line().stop();
  follow_tables(*line_);
  line_->sql("SELECT pg_drop_replication_slot('" + slot_for(line_->database().url()) + "')");
  for (const char* part : {"journal", "store"})
    fs::rename(line_->line().data() + "/" + part, line_->project() + "/" + part);
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql(
      "UPDATE indexed SET id = id + 1000 WHERE id < 10; UPDATE indexed SET n = n - 1000 WHERE id BETWEEN 20 "
      "AND "
      "30; DELETE FROM indexed WHERE id > 1005");
  line_->expect_equal("indexed", "SELECT id, v, n FROM {} ORDER BY n");
  EXPECT_EQ(stream_of("indexed").state, "running");
  expect_nothing_waits();
}

// Nothing has the document of a row that came with its partition, until that is read.
TEST_F(Altered, UnsentDocumentsOfAPartitionThatIsAttachedWaitForItsReading) {
  begin(std::string(kDoc) +
        "CREATE TABLE parted (id bigint, v text, n int, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
        "ALTER TABLE parted ALTER v SET STORAGE EXTERNAL;"
        "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
        "INSERT INTO parted SELECT i, doc(i), 1 FROM generate_series(1, 20) i");
  line_->sql(
      "CREATE TABLE other (LIKE parted INCLUDING ALL, extra int); ALTER TABLE other DROP extra;"
      "INSERT INTO other SELECT i, doc(i), 2 FROM generate_series(101, 120) i");
  line_->line().kill();  // the changes come before the first look
  line_->sql(
      "ALTER TABLE parted ATTACH PARTITION other FOR VALUES IN (2); UPDATE parted SET id = id + 1000 WHERE "
      "id IN "
      "(1, 101); UPDATE parted SET n = 1 WHERE id = 102; DELETE FROM parted WHERE id = 103;"
      "UPDATE parted SET v = 'sent' WHERE id = 104; UPDATE parted SET id = 2104 WHERE id = 104");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql("UPDATE parted SET id = id + 5000 WHERE id IN (1101, 110)");
  ASSERT_TRUE(becomes("parted", "running")) << line_->line().status_text();
  line_->expect_equal("parted");
  expect_nothing_waits();
}

// Its rows are the other's from then on; the publication takes it no second time.
TEST_F(Altered, ATableThatBecomesAPartitionOfAnotherSaysSoUntilItIsDetached) {
  begin(
      "CREATE TABLE parted (id bigint, v text, n int, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
      "CREATE TABLE other (LIKE parted INCLUDING ALL);"
      "INSERT INTO other SELECT i, 'v', 2 FROM generate_series(1, 20) i");
  line_->sql(
      "ALTER TABLE parted ATTACH PARTITION other FOR VALUES IN (2); UPDATE parted SET v = 'w' WHERE id < 5");
  ASSERT_TRUE(eventually([&] { return !stream_of("other").error.empty(); }, std::chrono::seconds(60)));
  EXPECT_THAT(stream_of("other").error, HasSubstr("is a partition of \"public\".\"parted\" now"));
  const std::string hint = stream_of("other").hint;
  const std::size_t statement = hint.find("ALTER TABLE");
  ASSERT_NE(statement, std::string::npos) << hint;
  EXPECT_TRUE(line_->becomes_equal("parted")) << line_->line().status_text();
  line_->sql(hint.substr(statement));
  line_->sql("UPDATE other SET v = 'x' WHERE id > 10; DELETE FROM other WHERE id = 1");
  EXPECT_TRUE(eventually([&] { return stream_of("other").error.empty(); }, std::chrono::seconds(60)));
  EXPECT_TRUE(line_->becomes_equal("other")) << line_->line().status_text();
  EXPECT_TRUE(line_->becomes_equal("parted")) << line_->line().status_text();
  expect_nothing_waits();
}

// Between two looks: nobody sees it attached. The table above has no trace of it: there it takes a word.
TEST_F(Altered, ATableThatIsAnothersPartitionForATransactionIsReadAgain) {
  begin(
      "CREATE TABLE parted (id bigint, v text, n int, PRIMARY KEY (id, n)) PARTITION BY LIST (n);"
      "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);"
      "INSERT INTO parted SELECT i, 'v', 1 FROM generate_series(1, 100) i;"
      "CREATE TABLE other (LIKE parted INCLUDING ALL);"
      "INSERT INTO other SELECT i, 'v', 2 FROM generate_series(1, 20) i");
  line_->sql(
      "BEGIN; ALTER TABLE parted ATTACH PARTITION other FOR VALUES IN (2);"
      "UPDATE parted SET v = 'w' WHERE id < 5 AND n = 2; DELETE FROM parted WHERE id = 20 AND n = 2;"
      "ALTER TABLE parted DETACH PARTITION other; COMMIT");
  EXPECT_TRUE(line_->becomes_equal("other")) << line_->line().status_text();
  EXPECT_THAT(line_->line().log_tail(), HasSubstr("it was a partition of another table"));
  EXPECT_EQ(line_->line().say({"snapshot", "parted"}).status, 0);
  ASSERT_TRUE(eventually([&] { return line_->line().parity() == 0; }, std::chrono::seconds(60)));
  expect_nothing_waits();
}

// What its owner publishes is all that is mirrored, from the first reading on.
TEST(OwnPublication, OfSomeColumnsIsMirroredAsItIs) {
  Mirrored line(
      std::string(kDoc) +
      "CREATE TABLE listed (id bigint PRIMARY KEY, v text, secret text, n int);"
      "ALTER TABLE listed ALTER v SET STORAGE EXTERNAL; ALTER TABLE listed ALTER secret SET STORAGE "
      "EXTERNAL;"
      "CREATE TABLE whole (id bigint PRIMARY KEY, v text, n int);"
      "CREATE PUBLICATION freshet FOR TABLE listed (n, id, v), whole WITH (publish_via_partition_root);"
      "INSERT INTO listed SELECT i, doc(i), doc(-i), i FROM generate_series(1, 50) i;"
      "INSERT INTO whole SELECT i, 'v', i FROM generate_series(1, 50) i");
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("listed");
  line.sql(
      "UPDATE listed SET secret = 'changed' WHERE id < 10; UPDATE listed SET n = 0 WHERE id < 20;"
      "UPDATE listed SET id = 100 + id WHERE id < 5; DELETE FROM listed WHERE id = 30; INSERT INTO listed "
      "VALUES "
      "(200, doc(200), 'never', 1); INSERT INTO whole VALUES (51, 'new', 1)");
  line.expect_equal("listed");
  line.expect_equal("whole");
  EXPECT_EQ(line.line().parity(), 0);
  EXPECT_EQ(line.clickhouse().value(
                "SELECT count() FROM system.columns WHERE table LIKE 'listed%' AND name = 'secret'"),
            "0");
}

// Its policies would hide rows from Freshet's role: nothing is read, and the status has the statement.
TEST(RowLevelSecurity, OfATableIsNamedUntilTheRoleMayReadAllRows) {
  Mirrored line(
      "CREATE TABLE hidden (id bigint PRIMARY KEY, v text, n int); INSERT INTO hidden SELECT i, 'v', i FROM "
      "generate_series(1, 100) i; CREATE TABLE fine (LIKE hidden INCLUDING ALL);"
      "INSERT INTO fine SELECT * FROM hidden");
  const std::string role = "reader_" + line.database().name();
  line.sql("CREATE ROLE " + role + " LOGIN REPLICATION; GRANT SELECT ON hidden, fine TO " + role +
           "; GRANT ALL ON DATABASE " + line.database().name() + " TO " + role);
  std::string url = line.database().url();
  url.replace(url.find("postgres@"), 8, role);
  line.line().set_source(url);
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  line.expect_equal("hidden");
  line.sql("ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; CREATE POLICY low ON hidden USING (id < 10)");
  line.sql("INSERT INTO hidden VALUES (101, 'in the stream', 1)");
  line.line().stop();
  line.line().start();
  const std::string statement = "ALTER ROLE \"" + role + "\" BYPASSRLS";
  EXPECT_TRUE(eventually([&] { return line.line().status_text().find(statement) != std::string::npos; },
                         std::chrono::seconds(60)))
      << line.line().status_text() << line.line().log_tail();
  line.sql(statement);
  line.line().stop();
  ASSERT_TRUE(line.start()) << line.line().log_tail();
  EXPECT_EQ(line.line().say({"snapshot", "hidden"}).status, 0);
  ASSERT_TRUE(line.line().wait_until_loaded()) << line.line().status_text();
  line.expect_equal("hidden");
  line.expect_equal("fine");
  EXPECT_EQ(line.line().parity(), 0);
  EXPECT_EQ(line.line().stop(), 0);
  line.sql("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

}  // namespace
}  // namespace freshet::test
