// What the catalogue says of tables, asked from a real server.
#include "capture/catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "support/postgres.h"

namespace freshet::capture {
namespace {

using testing::ElementsAre;

std::vector<std::string> column_names(const TableSchema& table, bool keys_only = false) {
  std::vector<std::string> names;
  for (const Column& column : table.columns)
    if (column.key || !keys_only) names.push_back(column.name);
  return names;
}

TEST(Catalog, ResolvesDomainsEnumsAndArraysOfThem) {
  test::TestDatabase database;
  database.sql(
      "CREATE TYPE mood AS ENUM ('good', 'bad');"
      "CREATE DOMAIN price AS numeric(14,2);"
      "CREATE DOMAIN strict_price AS price CHECK (VALUE > 0);"
      "CREATE TYPE pair AS (a int, b text);"
      "CREATE TABLE t (a strict_price, b mood, c mood[], d price[], e varchar(7)[], f pair, g pair[], h "
      "money)");
  const TableSchema table = describe_table(database.connection(), "public", "t");
  const auto type = [&](std::size_t i) -> const PgType& { return table.columns.at(i).type; };
  EXPECT_EQ(type(0).kind, TypeKind::numeric);
  EXPECT_EQ(type(0).precision, 14);
  EXPECT_EQ(type(0).scale, 2);
  EXPECT_EQ(type(0).name, "numeric(14,2)");
  EXPECT_EQ(type(1).kind, TypeKind::enumeration);
  EXPECT_EQ(type(1).name, "public.mood");
  EXPECT_EQ(type(2).kind, TypeKind::array);
  EXPECT_EQ(type(2).element, TypeKind::enumeration);
  EXPECT_EQ(type(3).element, TypeKind::numeric);
  EXPECT_EQ(type(3).scale, 2);
  EXPECT_EQ(type(4).element, TypeKind::text);
  EXPECT_EQ(type(4).name, "character varying(7)[]");
  EXPECT_EQ(type(5).kind, TypeKind::other);
  EXPECT_FALSE(readable_in_binary(type(6)));
  EXPECT_FALSE(readable_in_binary(type(7)));
}

TEST(Catalog, KnowsTheReplicaIdentityWithoutIncludedColumns) {
  test::TestDatabase database;
  database.sql(
      "CREATE TABLE d (x int, a int, b text NOT NULL, c text NOT NULL, PRIMARY KEY (b, a) INCLUDE (c));"
      "CREATE TABLE i (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX u ON i (b);"
      "ALTER TABLE i REPLICA IDENTITY USING INDEX u;"
      "CREATE TABLE f (a int, b int); ALTER TABLE f REPLICA IDENTITY FULL;"
      "CREATE TABLE n (a int PRIMARY KEY); ALTER TABLE n REPLICA IDENTITY NOTHING");
  const auto keys = [&](const char* table) {
    return column_names(describe_table(database.connection(), "public", table), true);
  };
  EXPECT_THAT(keys("d"), ElementsAre("a", "b"));
  EXPECT_THAT(keys("i"), ElementsAre("b"));
  EXPECT_THAT(keys("f"), ElementsAre("a", "b"));
  EXPECT_THAT(keys("n"), ElementsAre());
  const TableSchema d = describe_table(database.connection(), "public", "d");
  EXPECT_TRUE(d.columns[0].nullable);
  EXPECT_FALSE(d.columns[1].nullable);
}

TEST(Catalog, GivesThePublishedColumnsInTheTablesOrder) {
  test::TestDatabase database;
  database.sql(
      "CREATE SCHEMA \"Odd. one\";"
      "CREATE TABLE \"Odd. one\".\"T\"\"x\" (id int PRIMARY KEY, secret text, g int GENERATED ALWAYS AS (id "
      "+ 1) STORED,"
      " gone int, \"Ü 1\" text);"
      "ALTER TABLE \"Odd. one\".\"T\"\"x\" DROP COLUMN gone;"
      "CREATE TABLE whole (id int PRIMARY KEY, g int GENERATED ALWAYS AS (id + 1) STORED);"
      "CREATE TABLE other (id int);"
      "CREATE PUBLICATION \"P p\" FOR TABLE \"Odd. one\".\"T\"\"x\" (\"Ü 1\", id) WHERE (id > 3), whole");
  const PublishedTable odd = describe_published(database.connection(), "P p", "Odd. one", "T\"x");
  EXPECT_THAT(column_names(odd.schema), ElementsAre("id", "Ü 1"));
  EXPECT_EQ(odd.row_filter, "(id > 3)");
  const PublishedTable whole = describe_published(database.connection(), "P p", "public", "whole");
  EXPECT_THAT(column_names(whole.schema), ElementsAre("id"));
  EXPECT_EQ(whole.row_filter, "");
  EXPECT_THROW(describe_published(database.connection(), "P p", "public", "other"), Error);
}

// Asked without the view, which waits for every table that is locked.
TEST(Catalog, KnowsWhatIsPublishedAsTheServersOwnViewDoes) {
  test::TestDatabase database;
  database.sql(
      "CREATE SCHEMA s; CREATE TABLE plain (id int PRIMARY KEY, v text); CREATE TABLE s.plain (id int);"
      "CREATE UNLOGGED TABLE unlogged (id int); CREATE VIEW seen AS SELECT 1 AS id;"
      "CREATE TABLE root (id int, n int, v text) PARTITION BY LIST (n);"
      "CREATE TABLE leaf PARTITION OF root FOR VALUES IN (1);"
      "CREATE TABLE mid PARTITION OF root FOR VALUES IN (2, 3) PARTITION BY LIST (n);"
      "CREATE TABLE s.deep PARTITION OF mid FOR VALUES IN (2)");
  const char* publications[] = {"FOR ALL TABLES",
                                "FOR TABLES IN SCHEMA s",
                                "FOR TABLES IN SCHEMA public",
                                "FOR TABLES IN SCHEMA s, public",
                                "FOR TABLE plain (id)",
                                "FOR TABLE plain WHERE (id > 3), s.plain",
                                "FOR TABLE root",
                                "FOR TABLE mid",
                                "FOR TABLE s.deep (id, n), leaf",
                                "FOR TABLE root, leaf, TABLES IN SCHEMA s"};
  for (const char* what : publications) {
    for (const char* via_root : {"true", "false"}) {
      database.sql(
          fmt::format("DROP PUBLICATION IF EXISTS p; CREATE PUBLICATION p {} WITH "
                      "(publish_via_partition_root = {})",
                      what, via_root));
      for (const char* table : {"public.plain", "public.unlogged", "public.seen", "public.root",
                                "public.leaf", "public.mid", "s.plain", "s.deep"}) {
        const std::string_view name = table;
        const std::string schema(name.substr(0, name.find('.')));
        const std::string relation(name.substr(name.find('.') + 1));
        const auto view = database.connection().query(
            "SELECT attnames, coalesce(rowfilter, '') FROM pg_publication_tables "
            "WHERE pubname = 'p' AND schemaname = $1 AND tablename = $2",
            {schema, relation});
        std::string ours;
        try {
          const PublishedTable published = describe_published(database.connection(), "p", schema, relation);
          ours =
              fmt::format("{{{}}} {}", fmt::join(column_names(published.schema), ","), published.row_filter);
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::schema) << error.what();
        }
        EXPECT_EQ(ours, view.rows() == 0 ? "" : fmt::format("{} {}", view.text(0, 0), view.text(0, 1)))
            << table << " in a publication " << what << ", via root: " << via_root;
      }
    }
  }
}

TEST(Catalog, NamesWhatIsMissing) {
  test::TestDatabase database;
  database.sql("CREATE TABLE t (a int)");
  EXPECT_THROW(describe_table(database.connection(), "public", "nowhere"), Error);
  try {
    describe_table(database.connection(), "public", "t", {"a", "b"});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::schema);
    EXPECT_EQ(error.message(), "public.t has no column \"b\"");
  }
}

}  // namespace
}  // namespace freshet::capture
