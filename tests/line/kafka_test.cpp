// The line with its journal in Kafka, from outside: the roles on machines that share nothing but the cluster,
// a broker that goes and comes back, topics that somebody has touched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "line/line.h"
#include "line/writers.h"
#include "support/kafka.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class OnKafka : public testing::Test {
 protected:
  std::string project(const std::string& brokers) {
    return init_project(dir_, database_.url(),
                        "intervals: {heartbeat: 200ms, canary: 1s}\nkafka: {brokers: \"" + brokers +
                            "\", prefix: " + prefix_ + ", partitions: 3}\n");
  }
  // Has a cut that holds everything that is committed now.
  bool catches_up(const Line& line) {
    const std::string now(database_.sql("SELECT pg_current_wal_insert_lsn() - '0/0'").text(0, 0));
    return eventually(
        [&] {
          try {
            return clickhouse::Client(line.endpoint())
                       .value("SELECT max(commit_lsn) >= " + now + " FROM freshet.cuts") == "1";
          } catch (const Error&) {
            return false;  // it may be starting
          }
        },
        180s);
  }
  static void write(const TestDatabase& database, std::uint64_t transactions) {
    const Writers writers(database.url(), 2, 1);
    eventually([&] { return writers.transactions() > transactions; }, 60s);
  }

  TempDir dir_;
  TestDatabase database_;
  const std::string prefix_ = unique_topic_prefix();
};

TEST_F(OnKafka, RolesThatShareNothingElseGoOnAfterKills) {
  database_.sql(kBankSchema);
  const std::string at = project(shared_kafka());
  Line capture(at, database_.url());
  Line load(at, database_.url());
  capture.start("capture", "");
  load.start("load", "");
  write(database_, 200);
  capture.kill();
  capture.start("capture", "");
  write(database_, 200);
  load.kill();
  load.start("load", "");
  write(database_, 200);
  ASSERT_TRUE(catches_up(load)) << load.log_tail() << capture.log_tail();
  EXPECT_TRUE(eventually([&] { return load.parity() == 0; }, 180s)) << load.log_tail();
  EXPECT_THAT(load.status_text(), HasSubstr("journal in Kafka, " + shared_kafka()));
  EXPECT_EQ(capture.stop(), 0) << capture.log_tail();
  EXPECT_EQ(load.stop(), 0) << load.log_tail();
}

// What load can't mend by itself it asks of capture, wherever that runs.
TEST_F(OnKafka, KeysAreReadAgainByACaptureOfAnotherMachine) {
  database_.sql(
      "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) "
      "i");
  const std::string at = project(shared_kafka());
  Line capture(at, database_.url());
  Line load(at, database_.url());
  capture.start("capture", "");
  load.start("load", "");
  ASSERT_TRUE(eventually([&] { return load.parity() == 0; }, 120s)) << load.log_tail();
  clickhouse::Client(load.endpoint())
      .execute("ALTER TABLE raw.t DELETE WHERE id IN (1, 2, 3) SETTINGS mutations_sync = 2");
  EXPECT_EQ(load.parity(), 1);
  const Line::Said said = load.say({"parity", at, "--repair", "--yes"});
  EXPECT_EQ(said.status, 0) << said.output << load.log_tail() << capture.log_tail();
  EXPECT_EQ(load.parity(), 0);
}

TEST_F(OnKafka, GoesOnWhenTheBrokerIsBack) {
  database_.sql(kBankSchema);
  KafkaBroker broker;
  broker.start();
  Line line(project(broker.brokers()), database_.url());
  line.start();
  ASSERT_TRUE(line.wait_until_loaded()) << line.log_tail();
  for (int time = 0; time < 2; ++time) {
    broker.kill();
    write(database_, 150);
    EXPECT_TRUE(line.running()) << line.log_tail();
    broker.start();
    write(database_, 50);
  }
  ASSERT_TRUE(catches_up(line)) << line.log_tail();
  EXPECT_TRUE(eventually([&] { return line.parity() == 0; }, 180s)) << line.log_tail();
  EXPECT_EQ(line.stop(), 0) << line.log_tail();
}

TEST_F(OnKafka, TopicsThatWereMadeAgainAreRefusedWithTheWayOut) {
  database_.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
  Line line(project(shared_kafka()), database_.url());
  line.start();
  ASSERT_TRUE(line.wait_until_loaded()) << line.log_tail();
  ASSERT_EQ(line.stop(), 0);
  delete_topic(shared_kafka(), prefix_ + ".public.t");
  line.start();
  EXPECT_TRUE(eventually(
      [&] {
        const std::string status = line.status_text();
        return status.find(prefix_ + ".public.t") != std::string::npos &&
               status.find("docs/runbook/snapshot-again.md") != std::string::npos;
      },
      60s))
      << line.status_text();
}

}  // namespace
}  // namespace freshet::test
