#include "contract/introspect.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "contract/project.h"

namespace freshet::contract {
namespace {

CatalogueColumn column(std::string name, std::string_view type, int key_position = 0) {
  CatalogueColumn column;
  column.name = std::move(name);
  column.type = builtin_type(type);
  column.key_position = key_position;
  column.nullable = key_position == 0;
  return column;
}

CatalogueTable table(std::string schema, std::string name, std::vector<CatalogueColumn> columns) {
  CatalogueTable table;
  table.name = {std::move(schema), std::move(name)};
  table.columns = std::move(columns);
  return table;
}

Draft draft(std::vector<CatalogueTable> tables, bool publication_exists = false) {
  Catalogue catalogue;
  catalogue.server_version = 150000;
  catalogue.publication_exists = publication_exists;
  catalogue.tables = std::move(tables);
  return draft_contracts(catalogue, "freshet");
}

TEST(Introspect, LeavesSecretsAndGeneratedColumnsOut) {
  auto generated = column("total", "integer");
  generated.generated = true;
  const Draft result =
      draft({table("app", "users", {column("id", "uuid", 1), column("password_hash", "bytea"), generated})});
  ASSERT_EQ(result.contracts.size(), 1u);
  EXPECT_EQ(result.contracts[0].columns.size(), 1u);
  EXPECT_EQ(result.publication_sql,
            "CREATE PUBLICATION \"freshet\" FOR TABLE\n    ONLY \"app\".\"users\" (\"id\")\n    WITH "
            "(publish_via_partition_root = true);\n");
}

TEST(Introspect, LeavesNoColumnOfAFullIdentityOut) {
  CatalogueTable users = table("app", "users", {column("id", "uuid", 1), column("password_hash", "bytea")});
  users.identity = 'f';
  const Draft result = draft({users});
  EXPECT_TRUE(result.contracts.empty());
  ASSERT_EQ(result.remarks.size(), 1u);
  EXPECT_EQ(result.remarks[0].statement, "ALTER TABLE \"app\".\"users\" REPLICA IDENTITY DEFAULT");
}

TEST(Introspect, SaysThatAParentsMirrorHasNoRowsOfItsChildren) {
  CatalogueTable parent = table("app", "parent", {column("id", "uuid", 1)});
  parent.has_children = true;
  const Draft result = draft({parent});
  EXPECT_EQ(result.contracts.size(), 1u);
  ASSERT_EQ(result.remarks.size(), 1u);
  EXPECT_FALSE(result.remarks[0].left_out);
}

TEST(Introspect, KnowsSecretsByTheWordsInTheirNames) {
  for (const char* name : {"password_hash", "ApiKey", "api_token", "session_token", "otp_seed", "salt", "ssn",
                           "card_number", "secret_enc"})
    EXPECT_TRUE(looks_secret(name)) << name;
  for (const char* name : {"tokenized_at", "basalt", "pinned", "opinion", "encoding", "number", "name"})
    EXPECT_FALSE(looks_secret(name)) << name;
}

TEST(Introspect, SaysThatAGeneratedKeyIsNeverPublished) {
  auto key = column("k", "integer", 1);
  key.generated = true;
  const Draft result = draft({table("app", "t", {column("a", "integer"), key})});
  EXPECT_TRUE(result.contracts.empty());
  ASSERT_EQ(result.remarks.size(), 1u);
  EXPECT_NE(result.remarks[0].text.find("key column k is generated"), std::string::npos)
      << result.remarks[0].text;
}

TEST(Introspect, NamesTheStatementForATableWithoutKey) {
  auto spare = table("app", "b", {column("x", "integer")});
  spare.spare_index = "b_x";
  const Draft result = draft({table("App", "a \"1\"", {column("id", "integer")}), spare});
  EXPECT_TRUE(result.contracts.empty());
  ASSERT_EQ(result.remarks.size(), 2u);
  EXPECT_TRUE(result.remarks[0].left_out);
  EXPECT_EQ(result.remarks[0].statement,
            "ALTER TABLE \"App\".\"a \"\"1\"\"\" ADD COLUMN \"id_\" bigint GENERATED ALWAYS AS IDENTITY "
            "PRIMARY KEY");
  EXPECT_EQ(result.remarks[1].statement, "ALTER TABLE \"app\".\"b\" REPLICA IDENTITY USING INDEX \"b_x\"");
}

TEST(Introspect, RefusesKeysThatAMirrorCannotHave) {
  auto deferrable = table("app", "d", {column("id", "integer", 1)});
  deferrable.key_deferrable = true;
  auto unlogged = table("app", "u", {column("id", "integer", 1)});
  unlogged.logged = false;
  const Draft result = draft({deferrable, unlogged, table("app", "f", {column("x", "double precision", 1)})});
  EXPECT_TRUE(result.contracts.empty());
  EXPECT_EQ(result.remarks.size(), 3u);
  EXPECT_EQ(result.publication_sql, "");
}

TEST(Introspect, LeavesOutATableWhoseStreamIsCalledAsAnothers) {
  const Draft result = draft(
      {table("a.b", "c", {column("id", "integer", 1)}), table("a", "b.c", {column("id", "integer", 1)})});
  ASSERT_EQ(result.contracts.size(), 1u);
  ASSERT_EQ(result.remarks.size(), 1u);
  EXPECT_TRUE(result.remarks[0].left_out);
  EXPECT_EQ(result.remarks[0].text, "its stream would be called a.b.c, as that of \"a.b\".\"c\"");
}

TEST(Introspect, FollowsAnExistingPublication) {
  auto published =
      table("app", "t", {column("id", "integer", 1), column("secret", "text"), column("note", "text")});
  published.published = true;
  published.columns[0].published = published.columns[1].published = true;
  auto small = table("app", "rates", {column("id", "integer", 1)});
  auto large = table("app", "log", {column("id", "integer", 1)});
  large.rows = 50'000'000;
  const Draft result = draft({published, small, large}, true);
  ASSERT_EQ(result.contracts.size(), 2u);
  EXPECT_NE(result.contracts[0].find("secret"), nullptr) << "somebody chose to publish it";
  EXPECT_EQ(result.contracts[0].find("note"), nullptr);
  EXPECT_EQ(result.contracts[1].mode, Mode::periodic);
  ASSERT_EQ(result.remarks.size(), 2u);
  EXPECT_TRUE(result.remarks[1].left_out);
  EXPECT_EQ(result.remarks[1].statement, "ALTER PUBLICATION \"freshet\" ADD TABLE ONLY \"app\".\"log\"");
}

TEST(Introspect, StreamsWhatSomebodyAskedForWhateverItsSize) {
  Catalogue catalogue;
  catalogue.server_version = 150000;
  catalogue.publication_exists = true;
  auto large = table("app", "log", {column("id", "integer", 1), column("api_key", "text")});
  large.rows = 50'000'000;
  catalogue.tables = {large};
  const Draft result = draft_added(catalogue, "freshet");
  ASSERT_EQ(result.contracts.size(), 1u);
  EXPECT_EQ(result.contracts[0].mode, Mode::streamed);
  EXPECT_EQ(result.contracts[0].find("api_key"), nullptr);
  EXPECT_EQ(result.publication_sql, "");
}

TEST(Introspect, GuessesPersonalData) {
  EXPECT_EQ(guess_classification(column("email", "text")), "pii.email");
  EXPECT_EQ(guess_classification(column("email_sha256", "bytea")), "pii.pseudonym");
  EXPECT_EQ(guess_classification(column("client_ip", "inet")), "pii.ip");
  EXPECT_EQ(guess_classification(column("email_count", "integer")), "");
  EXPECT_EQ(guess_classification(column("title", "text")), "");
}

TEST(Init, FileNamesAreSafeAndDistinct) {
  EXPECT_EQ(contract_file_name({"app", "orders"}, false), "orders.yaml");
  EXPECT_EQ(contract_file_name({"app", "orders"}, true), "app.orders.yaml");
  EXPECT_EQ(contract_file_name({"app", "../x"}, false), "%2e%2e%2fx.yaml");
  EXPECT_NE(contract_file_name({"a.b", "c"}, true), contract_file_name({"a", "b.c"}, true));
  std::string long_name;
  for (int i = 0; i < 31; ++i) long_name += "ü";
  EXPECT_LT(contract_file_name({long_name, long_name}, true).size(), 255u);
  EXPECT_NE(contract_file_name({long_name, long_name + "a"}, true),
            contract_file_name({long_name, long_name + "b"}, true));
}

TEST(Init, WritesNoPasswordAndReadsBack) {
  for (const std::string url :
       {"postgres://u:s3cret@h:5432/db?sslmode=require", "host=h user=u password='s3 cret' dbname=db",
        "postgres://h/db?user=u&password=s3cret&sslmode=require", "postgres://u:s3:cr@et@h/db"}) {
    const std::string text = pipeline_yaml({.name = "p", .source_url = url}, {"app"});
    EXPECT_EQ(text.find("s3"), std::string::npos) << text;
    const Project project = parse_project(parse_yaml("pipeline.yaml", text));
    EXPECT_EQ(project.source.password, Reference(Reference::From::environment, "FRESHET_SOURCE_PASSWORD"))
        << text;
  }
  const Project referring = parse_project(parse_yaml(
      "p", pipeline_yaml({.name = "p", .source_url = "postgres://u@h/db", .password_in_environment = true},
                         {"app"})));
  EXPECT_EQ(referring.source.password, Reference(Reference::From::environment, "FRESHET_SOURCE_PASSWORD"));
  const Project open = parse_project(
      parse_yaml("p", pipeline_yaml({.name = "p", .source_url = "postgres://u@h:1/db"}, {"a b"})));
  EXPECT_EQ(open.source.url.name(), "postgres://u@h:1/db");
  EXPECT_EQ(open.source.password, std::nullopt);
  EXPECT_EQ(open.source.schemas, std::vector<std::string>{"a b"});
}

}  // namespace
}  // namespace freshet::contract
