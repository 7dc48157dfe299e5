#include "contract/publication.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::contract {
namespace {

CatalogueTable users() {
  CatalogueTable table;
  table.name = {"app", "users"};
  for (const char* name : {"id", "note", "api_key"}) {
    CatalogueColumn column;
    column.name = name;
    column.type = builtin_type("text");
    column.key_position = table.columns.empty() ? 1 : 0;
    table.columns.push_back(column);
  }
  return table;
}

StreamContract taking(const std::vector<std::string>& columns) {
  StreamContract contract;
  contract.source = {"app", "users"};
  for (const std::string& name : columns) {
    ColumnContract column;
    column.name = name;
    contract.columns.push_back(column);
  }
  return contract;
}

std::string addition(const CatalogueTable& table, const StreamContract& contract, int version = 150000) {
  return addition_to_publication({version, true, {table}}, "freshet", {contract});
}

TEST(Publication, ShowsWhatTheContractTakesWhateverItsNameLooksLike) {
  EXPECT_EQ(addition(users(), taking({"api_key", "id"})),
            "ALTER PUBLICATION \"freshet\" ADD TABLE ONLY \"app\".\"users\" (\"id\", \"api_key\")");
  EXPECT_EQ(addition(users(), taking({"id", "note", "api_key"})),
            "ALTER PUBLICATION \"freshet\" ADD TABLE ONLY \"app\".\"users\"");
  CatalogueTable generated = users();
  generated.columns[1].generated = true;
  EXPECT_EQ(addition(generated, taking({"id", "api_key"})),
            "ALTER PUBLICATION \"freshet\" ADD TABLE ONLY \"app\".\"users\"");
  EXPECT_EQ(addition(users(), taking({"id", "gone"})),
            "ALTER PUBLICATION \"freshet\" ADD TABLE ONLY \"app\".\"users\" (\"id\")");
}

TEST(Publication, GetsNeitherWhatItHasNorWhatIsPeriodic) {
  CatalogueTable published = users();
  published.published = true;
  EXPECT_EQ(addition(published, taking({"id"})), "");
  StreamContract periodic = taking({"id"});
  periodic.mode = Mode::periodic;
  EXPECT_EQ(addition(users(), periodic), "");
  EXPECT_EQ(addition_to_publication({150000, false, {users()}}, "freshet", {taking({"id"})}), "")
      << "the first start makes it, for all tables";
}

TEST(Publication, IsntMadeToFailTheSourcesOwnUpdates) {
  CatalogueTable full = users();
  full.identity = 'f';
  EXPECT_THROW(addition(full, taking({"id", "note"})), Error);
  EXPECT_NO_THROW(addition(full, taking({"id", "note", "api_key"})));
  EXPECT_THROW(addition(users(), taking({"note", "api_key"})), Error);
  EXPECT_THROW(addition(users(), taking({"id"}), 140000), Error) << "without column lists";
  EXPECT_NO_THROW(addition(users(), taking({"id", "note", "api_key"}), 140000));
}

}  // namespace
}  // namespace freshet::contract
