// PostgreSQL tells a changed row's key by the replica identity of the partition that holds it, whatever that
// of the table above is, which it announces. From outside: rows of such partitions come as they are, or the
// status says what to do.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "line/contracts.h"
#include "line/mirrored.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;

// Both of identity FULL, as is the partition that is there; a document of 3 kB that is stored out of line.
constexpr const char* kBook =
    "CREATE TABLE {0} (id int, r text, w text, big text, PRIMARY KEY (id, r)) PARTITION BY LIST (r);"
    "ALTER TABLE {0} ALTER big SET STORAGE EXTERNAL; CREATE TABLE {0}_a PARTITION OF {0} FOR VALUES IN ('a');"
    "ALTER TABLE {0} REPLICA IDENTITY FULL; ALTER TABLE {0}_a REPLICA IDENTITY FULL;"
    "INSERT INTO {0} SELECT i, 'a', 'w' || i, repeat('x', 3000) || i FROM generate_series(1, 5) i;";

class Partitions : public testing::Test {
 protected:
  app::StreamLine stream_of(const std::string& table) {
    for (const app::StreamLine& stream : streams_of(*line_))
      if (stream.name == "public." + table) return stream;
    return {};
  }
  bool has_error(const std::string& table, const std::string& part) {
    return eventually([&] { return stream_of(table).error.find(part) != std::string::npos; },
                      std::chrono::seconds(60));
  }
  bool is_whole(const std::string& table) {
    return eventually(
        [&] {
          const app::StreamLine stream = stream_of(table);
          return stream.state == "running" && stream.error.empty();
        },
        std::chrono::seconds(60));
  }

  std::optional<Mirrored> line_;
};

// A new partition has DEFAULT: its old rows are announced as whole, and have the key alone.
TEST_F(Partitions, OfAFullIdentityAreOfTheDefaultAndTheirRowsLoseNothing) {
  line_.emplace(fmt::format(kBook, "book") + fmt::format(kBook, "kept"));
  change_contracts(line_->project(), [](contract::StreamContract& contract) {
    if (contract.source.table == "kept") contract.on_delete = contract::OnDelete::keep;
  });
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  for (const char* table : {"book", "kept"}) {
    line_->sql(fmt::format("CREATE TABLE {0}_b PARTITION OF {0} FOR VALUES IN ('b')", table));
    line_->sql(
        fmt::format("INSERT INTO {0} SELECT i, 'b', 'w' || i, repeat('y', 3000) || i FROM "
                    "generate_series(11, 15) i",
                    table));
    ASSERT_TRUE(line_->caught_up());
    line_->sql(fmt::format("UPDATE {0} SET id = id + 100; UPDATE {0} SET w = 'later' WHERE id IN (101, 111)",
                           table));
    ASSERT_TRUE(line_->caught_up());
    line_->sql(fmt::format("DELETE FROM {0} WHERE id IN (105, 115)", table));
    line_->sql(
        fmt::format("INSERT INTO {0} VALUES (21, 'b', 'came and went', repeat('z', 3000));"
                    "UPDATE {0} SET id = 22 WHERE id = 21; DELETE FROM {0} WHERE id = 22",
                    table));
  }
  ASSERT_TRUE(line_->caught_up());
  line_->expect_equal("book", "SELECT id, w, length(big) AS bytes FROM {} ORDER BY id");
  EXPECT_EQ(line_->clickhouse().value(
                "SELECT arraySort(groupArray(concat(toString(id), ' ', w, ' ', substring(big, 1, 1), "
                "toString(length(big))))) FROM src.kept WHERE is_deleted AND id > 100"),
            "['105 w5 x3001','115 w15 y3002']");
  EXPECT_EQ(line_->clickhouse().value(
                "SELECT arraySort(groupArray(concat(toString(id), ' ', w, ' ', substring(big, 1, 1), "
                "toString(length(big))))) FROM src.kept WHERE is_deleted AND id = 22"),
            "['22 came and went z3000']");
  for (const char* table : {"book", "kept"}) EXPECT_TRUE(is_whole(table)) << line_->line().status_text();
  EXPECT_EQ(line_->line().say({"quarantine", "list"}).status, 0);
  EXPECT_EQ(line_->line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
