// Tables that come into a project, and into the publication, while others are streamed; and that leave it.
#include <gtest/gtest.h>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

class Tables : public testing::Test {
 protected:
  Tables() {
    line.options.snapshot.retry_first = 20ms;
    line.options.snapshot.retry_last = 100ms;
  }
  bool reaches(const std::string& stream, SnapshotState state) {
    return eventually(
        [&] {
          for (const TableStatus& table : line.status().snapshot.tables)
            if (table.stream == stream && table.state == state) return true;
          return false;
        },
        60s);
  }

  TestDatabase database;
  Line line{database};
};

TEST_F(Tables, PublishedWhileATransactionThatChangedThemIsOpen) {
  database.sql(
      "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, v int);"
      "INSERT INTO b VALUES (1, 0)");
  line.start({"a"});
  line.caught_up();
  line.stop();
  line.options.tables.push_back({"public", "b", {}, {}});
  line.restart();
  ASSERT_TRUE(reaches("public.b", SnapshotState::failed)) << "it isn't published";
  postgres::Connection writer({.url = database.url(), .purpose = "writer"});
  writer.run("BEGIN; UPDATE b SET v = 1 WHERE id = 1");
  database.sql("ALTER PUBLICATION p ADD TABLE b");
  // Seen published; and read at once, were it not for the writer.
  ASSERT_TRUE(eventually(
      [&] {
        for (const TableStatus& table : line.status().snapshot.tables)
          if (table.stream == "public.b" && table.state != SnapshotState::failed)
            return !table.blocker.empty() || table.state == SnapshotState::complete;
        return false;
      },
      60s));
  writer.run("COMMIT");
  ASSERT_TRUE(reaches("public.b", SnapshotState::complete));
  database.sql("INSERT INTO b VALUES (2, 2)");
  line.caught_up();
  line.expect_equal("public.b", "id");
}

TEST_F(Tables, ThatLeftTheProjectAreReadAnewWhenTheyComeBack) {
  database.sql(
      "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, v int);"
      "INSERT INTO b VALUES (1, 0), (2, 0)");
  line.start({"a", "b"});
  line.caught_up();
  line.stop();
  const std::vector<StreamedTable> both = line.options.tables;
  line.options.tables.pop_back();
  line.restart();
  database.sql("UPDATE b SET v = 1 WHERE id = 1; DELETE FROM b WHERE id = 2");
  line.caught_up();
  line.stop();
  line.options.tables = both;
  line.restart();
  database.sql("INSERT INTO b VALUES (3, 3)");
  line.caught_up();
  line.expect_equal("public.b", "id");
}

}  // namespace
}  // namespace freshet::capture::test
