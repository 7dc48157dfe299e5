// From live databases to contracts: the reference schema, and one that nobody designed.
#include "contract/introspect.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "adapter/postgres/connection.h"
#include "capture/catalog.h"
#include "contract/diff.h"
#include "contract/project.h"
#include "generator/schema.h"
#include "support/postgres.h"

namespace freshet::contract {
namespace {

std::string reference_project() {
  const char* top = std::getenv("FRESHET_SOURCE_DIR");  // ctest sets it
  return std::string(top == nullptr ? "." : top) + "/projects/adshop";
}

// One line per column, to compare and to read.
std::string shape(const StreamContract& contract) {
  std::string text = to_string(contract.source) + (contract.mode == Mode::periodic ? " periodic\n" : "\n");
  for (const auto& column : contract.columns) {
    text += "  " + column.name + " " + column.type.name + " " +
            std::string(freshet::to_string(column.type.kind)) + (column.nullable ? "" : " required") + " " +
            std::to_string(column.key_position) + "\n";
  }
  return text;
}

Draft draft_of(test::TestDatabase& database, const std::string& publication = "freshet") {
  return draft_contracts(read_catalogue(database.connection(), {}, publication), publication);
}

TEST(Introspect, TheReferenceProjectIsWhatItsDatabaseGives) {
  test::TestDatabase database;
  adshop::create_schema(database.connection());
  const Draft draft = draft_of(database);
  EXPECT_EQ(draft.publication_sql, "");
  std::map<std::string, std::string> drafted;
  for (const auto& contract : draft.contracts) drafted[contract.source.table] = shape(contract);
  EXPECT_EQ(drafted.size(), 27u);
  for (const auto& contract : load_contracts(reference_project())) {
    EXPECT_EQ(shape(contract), drafted[contract.source.table]) << contract.file;
  }
  EXPECT_EQ(load_project(reference_project()).name, "adshop");
}

// What the stream will say of the table, judged by the contract that was drafted from the same database.
void expect_kept(test::TestDatabase& database, const StreamContract& contract) {
  const TableSchema streamed =
      contract.mode == Mode::periodic
          ? capture::describe_table(database.connection(), contract.source.schema, contract.source.table)
          : capture::describe_published(database.connection(), "freshet", contract.source.schema,
                                        contract.source.table)
                .schema;
  for (const auto& finding : diff(contract, streamed)) ADD_FAILURE() << finding.text;
}

TEST(Introspect, TheReferenceStreamsKeepTheirContracts) {
  test::TestDatabase database;
  adshop::create_schema(database.connection());
  database.sql("SET search_path = ''");
  for (const auto& contract : load_contracts(reference_project())) expect_kept(database, contract);
}

constexpr const char* kOddSchema = R"sql(
CREATE SCHEMA "Odd.Schema ""q""";
CREATE SCHEMA other;
CREATE TYPE other."Mood" AS ENUM ('fine', 'not so');
CREATE DOMAIN other.price AS numeric(10,2) CHECK (VALUE >= 0);
CREATE DOMAIN other.net_price AS other.price;
CREATE TABLE "Odd.Schema ""q"""."größe / table" (
    "Key One" int NOT NULL, "select" uuid NOT NULL, "Mixed.Case" text, mood other."Mood", moods other."Mood"[],
    amount other.net_price NOT NULL, amounts other.price[], wide numeric, short varchar(20), "at" timestamptz(3),
    place point, api_key text,
    double_amount numeric GENERATED ALWAYS AS (wide * 2) STORED,
    PRIMARY KEY ("select", "Key One"));
COMMENT ON TABLE "Odd.Schema ""q"""."größe / table" IS 'Sizes: "all" of them';
CREATE TABLE other.same (id bigint PRIMARY KEY);
CREATE TABLE public.same (id bigint PRIMARY KEY);
CREATE TABLE other.keyless (a int);
CREATE TABLE other.indexed (a int NOT NULL, b text NOT NULL);
CREATE UNIQUE INDEX "indexed key" ON other.indexed (b);
CREATE TABLE other.by_index (a int NOT NULL, b text NOT NULL);
CREATE UNIQUE INDEX by_index_b ON other.by_index (b) INCLUDE (a);
ALTER TABLE other.by_index REPLICA IDENTITY USING INDEX by_index_b;
CREATE TABLE other.float_key (x float8 PRIMARY KEY);
CREATE TABLE other.late_key (id int PRIMARY KEY DEFERRABLE);
CREATE UNLOGGED TABLE other.scratch (id int PRIMARY KEY);
CREATE TABLE other.parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE other.parts_1 PARTITION OF other.parts DEFAULT;
CREATE TABLE other.spare (a int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE other."Spare 1" PARTITION OF other.spare DEFAULT PARTITION BY RANGE (at);
CREATE TABLE other.spare_1_1 PARTITION OF other."Spare 1" DEFAULT;
CREATE UNIQUE INDEX spare_key ON other.spare (a, at);
CREATE TABLE other.split (id int, at date, n int NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE other.split_1 PARTITION OF other.split DEFAULT;
CREATE UNIQUE INDEX split_1_n ON other.split_1 (n);
ALTER TABLE other.split_1 REPLICA IDENTITY USING INDEX split_1_n;
CREATE VIEW other.view AS SELECT 1;
)sql";

class OddDatabase : public testing::Test {
 protected:
  OddDatabase() {
    database_.sql(kOddSchema);
    draft_ = draft_of(database_);
  }

  const StreamContract& contract(const std::string& table) {
    for (const auto& contract : draft_.contracts) {
      if (contract.source.table == table) return contract;
    }
    throw std::runtime_error("no contract for " + table);
  }

  std::string statement_for(const std::string& table) {
    for (const auto& remark : draft_.remarks) {
      if (remark.table.table == table && remark.left_out) return remark.statement;
    }
    return "none";
  }

  test::TestDatabase database_;
  Draft draft_;
};

TEST_F(OddDatabase, ColumnsAreNamedAsTheyAre) {
  EXPECT_EQ(shape(contract("größe / table")),
            "Odd.Schema \"q\".größe / table\n"
            "  Key One integer int4 required 2\n"
            "  select uuid uuid required 1\n"
            "  Mixed.Case text text 0\n"
            "  mood other.\"Mood\" enum 0\n"
            "  moods other.\"Mood\"[] array 0\n"
            "  amount numeric(10,2) numeric required 0\n"
            "  amounts other.price[] array 0\n"
            "  wide numeric numeric 0\n"
            "  short character varying(20) text 0\n"
            "  at timestamp(3) with time zone timestamptz 0\n"
            "  place point other 0\n");
  const PgType amounts = contract("größe / table").find("amounts")->type;
  EXPECT_EQ(amounts.element, TypeKind::numeric);
  EXPECT_EQ(amounts.precision, 10);
  EXPECT_EQ(contract("größe / table").find("moods")->type.element, TypeKind::enumeration);
}

TEST_F(OddDatabase, TablesThatCannotBeMirroredComeWithTheirStatement) {
  EXPECT_EQ(
      statement_for("keyless"),
      "ALTER TABLE \"other\".\"keyless\" ADD COLUMN \"id\" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
  EXPECT_EQ(statement_for("indexed"),
            "ALTER TABLE \"other\".\"indexed\" REPLICA IDENTITY USING INDEX \"indexed key\"");
  EXPECT_EQ(statement_for("scratch"), "ALTER TABLE \"other\".\"scratch\" SET LOGGED");
  EXPECT_EQ(statement_for("split"), "ALTER TABLE \"other\".\"split_1\" REPLICA IDENTITY DEFAULT");
  EXPECT_EQ(statement_for("spare"),
            "ALTER TABLE \"other\".\"spare_1_1\" REPLICA IDENTITY USING INDEX \"spare_1_1_a_at_idx\"; "
            "ALTER TABLE \"other\".\"spare\" REPLICA IDENTITY USING INDEX \"spare_key\"");
  EXPECT_NE(statement_for("float_key"), "none");
  EXPECT_NE(statement_for("late_key"), "none");
}

TEST_F(OddDatabase, TheProposedStatementsMendWhatTheyName) {
  for (const char* table : {"keyless", "indexed", "scratch", "spare", "split", "float_key"})
    database_.sql(statement_for(table));
  draft_ = draft_of(database_);
  EXPECT_EQ(contract("spare").key().size(), 2u);
  EXPECT_EQ(contract("split").key().size(), 2u);
  database_.sql(
      "CREATE PUBLICATION of_parts FOR TABLE other.spare WITH (publish_via_partition_root = true);"
      "INSERT INTO other.spare VALUES (1, now()); UPDATE other.spare SET a = 2; DELETE FROM other.spare");
  EXPECT_EQ(contract("keyless").key().at(0)->name, "id");
  EXPECT_EQ(contract("indexed").key().at(0)->name, "b");
  EXPECT_EQ(contract("scratch").key().at(0)->name, "id");
  EXPECT_EQ(contract("float_key").key().at(0)->name, "id");
}

TEST_F(OddDatabase, TablesOfOneNameGetMirrorsOfTheirOwn) {
  std::map<std::string, std::string> mirrors;
  for (const auto& contract : draft_.contracts) mirrors[to_string(contract.source)] = contract.mirror;
  EXPECT_EQ(mirrors["other.same"], "other__same");
  EXPECT_EQ(mirrors["public.same"], "public__same");
  EXPECT_EQ(mirrors["other.parts"], "parts");
  EXPECT_FALSE(mirrors.contains("other.parts_1"));
  EXPECT_FALSE(mirrors.contains("other.view"));
}

TEST(Introspect, NamesTypesAlikeWhereTheDatabaseQuotesAllNames) {
  test::TestDatabase database;
  database.sql("CREATE TABLE t (code text PRIMARY KEY, doc xml, day date[])");
  const Draft plain = draft_of(database);
  database.sql("ALTER DATABASE " + database.name() + " SET quote_all_identifiers = on");
  postgres::Connection session({.url = database.url(), .purpose = "test"});
  const Draft quoting = draft_contracts(read_catalogue(session, {}, "freshet"), "freshet");
  ASSERT_EQ(quoting.contracts.size(), 1u);
  EXPECT_EQ(shape(quoting.contracts[0]), shape(plain.contracts[0]));
}

TEST_F(OddDatabase, AnIndexAsIdentityIsTheKey) {
  ASSERT_EQ(contract("by_index").key().size(), 1u);
  EXPECT_EQ(contract("by_index").key()[0]->name, "b");
}

TEST_F(OddDatabase, ThePublicationLeavesTheSecretOutAndIsThenFollowed) {
  database_.sql(draft_.publication_sql);
  const Draft again = draft_of(database_);
  EXPECT_EQ(again.publication_sql, "");
  ASSERT_EQ(again.contracts.size(), draft_.contracts.size());
  for (std::size_t i = 0; i < again.contracts.size(); ++i) {
    EXPECT_EQ(shape(again.contracts[i]), shape(draft_.contracts[i]));
    EXPECT_EQ(again.contracts[i].find("api_key"), nullptr);
    expect_kept(database_, again.contracts[i]);
  }
}

TEST_F(OddDatabase, TheWrittenProjectReadsBackTheSame) {
  test::TempDir folder;
  const std::string dir = folder.path() + "/project";
  write_project(dir, draft_, {.name = "odd", .source_url = database_.url()});
  EXPECT_EQ(load_project(dir).source.url.name(), database_.url());
  std::map<TableName, std::string> shapes;
  for (const auto& contract : load_contracts(dir))
    shapes[contract.source] = shape(contract) + contract.mirror;
  EXPECT_EQ(shapes.size(), draft_.contracts.size());
  for (const auto& contract : draft_.contracts) {
    EXPECT_EQ(shapes[contract.source], shape(contract) + contract.mirror);
  }
  EXPECT_THROW(write_project(dir, draft_, {.name = "odd", .source_url = "postgres://h/db"}), Error)
      << "a second init may not overwrite what was reviewed";
}

}  // namespace
}  // namespace freshet::contract
