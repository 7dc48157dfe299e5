// PostgreSQL tells a changed row's key by the replica identity of the partition that holds it, whatever that
// of the table above is, which it announces. From outside: rows of such partitions come as they are, or the
// status says what to do. So it does of a table whose key nothing makes a key any more.
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

// A change of their key reaches nobody, and one of the index says nothing of the key.
TEST_F(Partitions, OfAnotherIdentityAreNamedAndReadAgainOnceTheyHaveTheKeys) {
  line_.emplace(
      "CREATE TABLE shelf (id int, r text, n int NOT NULL, v text, PRIMARY KEY (id, r)) PARTITION BY LIST "
      "(r);"
      "CREATE TABLE shelf_a PARTITION OF shelf FOR VALUES IN ('a');"
      "CREATE TABLE \"Shelf b\" PARTITION OF shelf FOR VALUES IN ('b');"
      "CREATE UNIQUE INDEX ON shelf_a (n); CREATE UNIQUE INDEX of_b ON \"Shelf b\" (n);"
      "INSERT INTO shelf SELECT i, CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END, i, 'v' FROM generate_series(1, "
      "20) i");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql(
      "ALTER TABLE shelf_a REPLICA IDENTITY USING INDEX shelf_a_n_idx;"
      "ALTER TABLE \"Shelf b\" REPLICA IDENTITY USING INDEX of_b");
  ASSERT_TRUE(has_error("shelf", "2 of the partitions of public.shelf (public.Shelf b, public.shelf_a) have"))
      << line_->line().status_text();
  const std::string mending = stream_of("shelf").hint;
  EXPECT_EQ(mending,
            "ALTER TABLE \"public\".\"Shelf b\" REPLICA IDENTITY DEFAULT; "
            "ALTER TABLE \"public\".\"shelf_a\" REPLICA IDENTITY DEFAULT");
  line_->sql(
      "UPDATE shelf SET id = id + 100 WHERE id <= 4; UPDATE shelf SET v = 'later' WHERE id = 6;"
      "UPDATE shelf SET n = -n WHERE id = 7; UPDATE shelf SET n = -n, id = 108 WHERE id = 8;"
      "DELETE FROM shelf WHERE id IN (9, 10)");
  ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
  line_->sql(mending);
  line_->sql("UPDATE shelf SET id = id + 100 WHERE id = 5");
  EXPECT_TRUE(is_whole("shelf")) << line_->line().status_text();
  line_->expect_equal("shelf", "SELECT id, r, n, v FROM {} ORDER BY id");
  EXPECT_EQ(line_->line().say({"quarantine", "list"}).status, 0);
  EXPECT_EQ(line_->line().parity(), 0);
}

// As the root's index, which a partition made later has, but not as its identity.
TEST_F(Partitions, MadeLaterTakeTheRootsIndexByWhatTheStatusSays) {
  line_.emplace(
      "CREATE TABLE desk (id int NOT NULL, r text NOT NULL, v text) PARTITION BY LIST (r);"
      "CREATE TABLE desk_a PARTITION OF desk FOR VALUES IN ('a');"
      "CREATE UNIQUE INDEX desk_key ON desk (id, r); ALTER TABLE desk REPLICA IDENTITY USING INDEX desk_key;"
      "ALTER TABLE desk_a REPLICA IDENTITY USING INDEX desk_a_id_r_idx;"
      "INSERT INTO desk SELECT i, 'a', 'v' FROM generate_series(1, 5) i");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql("CREATE TABLE desk_b PARTITION OF desk FOR VALUES IN ('b')");
  line_->sql("INSERT INTO desk SELECT i, 'b', 'v' FROM generate_series(11, 15) i");
  EXPECT_THROW(line_->sql("UPDATE desk SET id = 111 WHERE id = 11"), Error);
  ASSERT_TRUE(has_error("desk", "1 of the partitions of public.desk (public.desk_b) have"))
      << line_->line().status_text();
  line_->sql(stream_of("desk").hint);
  line_->sql("UPDATE desk SET id = 111 WHERE id = 11; DELETE FROM desk WHERE id = 12");
  EXPECT_TRUE(is_whole("desk")) << line_->line().status_text();
  line_->expect_equal("desk", "SELECT id, r, v FROM {} ORDER BY id");
  EXPECT_EQ(line_->line().parity(), 0);
}

// Nothing else keeps rows of a FULL identity from having one key.
TEST_F(Partitions, AndTablesOfAFullIdentityNeedTheirKeyToBeUnique) {
  std::string schema;
  for (const char* table : {"twice", "other", "lost"})
    schema += fmt::format(
        "CREATE TABLE {0} (id bigint PRIMARY KEY, v text, n int); ALTER TABLE {0} REPLICA IDENTITY FULL;"
        "INSERT INTO {0} SELECT i, 'v', i FROM generate_series(1, 20) i;",
        table);
  line_.emplace(schema);
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql("ALTER TABLE twice DROP CONSTRAINT twice_pkey");
  line_->sql("ALTER TABLE other DROP CONSTRAINT other_pkey, ADD PRIMARY KEY (n)");
  line_->sql("ALTER TABLE lost DROP COLUMN id");
  for (const char* table : {"twice", "other", "lost"})
    ASSERT_TRUE(has_error(table, "no unique index makes (\"id\") its key")) << line_->line().status_text();
  EXPECT_THAT(stream_of("lost").hint, HasSubstr("the table has no column \"id\""));
  line_->sql(
      "INSERT INTO twice VALUES (1, 'once more', 100), (2, 'and', 101); DELETE FROM twice WHERE n IN (1, "
      "101);"
      "INSERT INTO other VALUES (1, 'once more', 100), (2, 'and', 101); DELETE FROM other WHERE n IN (1, "
      "101)");
  ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
  EXPECT_EQ(stream_of("twice").hint, "ALTER TABLE \"public\".\"twice\" ADD PRIMARY KEY (\"id\")");
  for (const char* table : {"twice", "other"}) {
    line_->sql(stream_of(table).hint);
    EXPECT_TRUE(is_whole(table)) << line_->line().status_text();
    line_->expect_equal(table);
  }
}

// Of a table without a primary key no other identity is left.
TEST_F(Partitions, AndTablesWhoseIndexIsDroppedGetItBackByWhatTheStatusSays) {
  line_.emplace(
      "CREATE TABLE indexed (id bigint NOT NULL, v text, n int); CREATE UNIQUE INDEX i ON indexed (id);"
      "ALTER TABLE indexed REPLICA IDENTITY USING INDEX i;"
      "INSERT INTO indexed SELECT i, 'v', i FROM generate_series(1, 20) i");
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  line_->sql("DROP INDEX i");
  const std::string mending =
      "CREATE UNIQUE INDEX \"indexed_identity\" ON \"public\".\"indexed\" (\"id\"); ALTER TABLE "
      "\"public\".\"indexed\" REPLICA IDENTITY USING INDEX \"indexed_identity\"";
  EXPECT_TRUE(eventually([&] { return stream_of("indexed").hint == mending; }, std::chrono::seconds(60)))
      << line_->line().status_text();
  line_->sql("INSERT INTO indexed VALUES (21, 'new', 1)");
  EXPECT_TRUE(
      eventually([&] { return stream_of("indexed").state == "quarantined"; }, std::chrono::seconds(60)));
  EXPECT_EQ(stream_of("indexed").hint, mending + ", then freshet snapshot public.indexed");
  line_->sql(mending);
  line_->sql("UPDATE indexed SET n = 2 WHERE id = 21; DELETE FROM indexed WHERE id = 1");
  EXPECT_EQ(line_->line().say({"snapshot", "indexed"}).status, 0);
  EXPECT_TRUE(is_whole("indexed")) << line_->line().status_text();
  line_->expect_equal("indexed");
  EXPECT_EQ(line_->line().parity(), 0);
}

}  // namespace
}  // namespace freshet::test
