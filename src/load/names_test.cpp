#include "load/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::load {
namespace {

using contract::StreamContract;
using testing::HasSubstr;

StreamContract table(const std::string& name,
                     const std::vector<std::pair<std::string, std::string>>& columns) {
  StreamContract contract;
  contract.file = name + ".yaml";
  contract.line = 7;
  contract.source = {"app", name};
  contract.mirror = name;
  for (const auto& [column, type] : columns) {
    contract.columns.emplace_back();
    contract.columns.back().name = column;
    contract.columns.back().type = builtin_type(type);
    contract.columns.back().line = 10 + static_cast<int>(contract.columns.size());
  }
  contract.columns[0].key_position = 1;
  contract.columns[0].nullable = false;
  return contract;
}

std::string refusal(const std::vector<StreamContract>& contracts) {
  try {
    check_names(contracts);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    return error.message();
  }
  return "none";
}

TEST(Names, OfOrdinaryTablesAreTaken) {
  StreamContract orders = table("orders", {{"id", "bigint"}, {"tags", "text[]"}, {"is_deleted", "boolean"}});
  EXPECT_EQ(refusal({orders, table("items", {{"id", "bigint"}})}), "none");
}

TEST(Names, OfACompanionIsAnotherColumns) {
  StreamContract orders = table("orders", {{"id", "bigint"}, {"tags", "text[]"}, {"tags__null", "boolean"}});
  EXPECT_EQ(refusal({orders}),
            "orders.yaml:12: the mark that array 'tags' is NULL would be called 'tags__null' in the mirror, "
            "as column "
            "'tags__null' is");
  orders.columns[1].clickhouse_type = "String";
  EXPECT_EQ(refusal({orders}), "none");
  orders.columns[1].clickhouse_type.reset();
  orders.columns[1].nullable = false;
  EXPECT_EQ(refusal({orders}), "none");
}

TEST(Names, OfFreshetsOwnColumnsAreRefused) {
  EXPECT_EQ(refusal({table("orders", {{"id", "bigint"}, {"_version", "integer"}})}),
            "orders.yaml:12: column '_version' would be called '_version' in the mirror, as a column of "
            "Freshet's own "
            "is");
  StreamContract keeps = table("orders", {{"id", "bigint"}, {"is_deleted", "boolean"}});
  keeps.on_delete = contract::OnDelete::keep;
  EXPECT_THAT(refusal({keeps}), HasSubstr("column 'is_deleted'"));
}

TEST(Names, OfClickHousesOwnColumnsAreRefusedAllAtOnce) {
  EXPECT_EQ(
      refusal({table("orders", {{"id", "bigint"},
                                {"_row_exists", "boolean"},
                                {"_block_number", "bigint"},
                                {"_block_offset", "bigint"}})}),
      "orders.yaml:12: column '_row_exists' would be called '_row_exists' in the mirror, as a column of "
      "ClickHouse's own is; column '_block_number' would be called '_block_number' in the mirror, as a "
      "column of ClickHouse's own is; column '_block_offset' would be called '_block_offset' in the "
      "mirror, as a column of ClickHouse's own is");
}

TEST(Names, OfTwoLookupsAreOne) {
  StreamContract one = table("a", {{"id", "bigint"}, {"b__c", "text"}});
  StreamContract other = table("a__b", {{"id", "bigint"}, {"c", "text"}});
  one.lookups = {"b__c"};
  other.lookups = {"c"};
  EXPECT_EQ(refusal({one, other}), "a__b.yaml:7: its table lookup.a__b__c in ClickHouse is app.a's already");
}

TEST(Names, ThatAreTooLongAreRefused) {
  EXPECT_EQ(refusal({table(std::string(kMirrorNameMax, 'x'), {{"id", "bigint"}})}), "none");
  std::string umlauts;
  for (int i = 0; i < 30; ++i) umlauts += "ü";  // two bytes, which become six
  EXPECT_THAT(refusal({table(umlauts, {{"id", "bigint"}})}),
              HasSubstr("180 bytes; ClickHouse leaves room for 175"));
  StreamContract lookup = table(std::string(150, 'x'), {{"id", "bigint"}, {std::string(60, 'y'), "text"}});
  lookup.lookups = {std::string(60, 'y')};
  EXPECT_THAT(refusal({lookup}), HasSubstr("212 bytes; ClickHouse leaves room for 207"));
}

}  // namespace
}  // namespace freshet::load
