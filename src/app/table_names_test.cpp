#include "app/table_names.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::app {
namespace {

std::vector<contract::StreamContract> contracts_of(
    const std::vector<std::pair<std::string, std::string>>& tables) {
  std::vector<contract::StreamContract> contracts;
  for (const auto& [schema, table] : tables) contracts.emplace_back().source = {schema, table};
  return contracts;
}

const auto kContracts =
    contracts_of({{"shop", "orders"}, {"shop", "items"}, {"old", "items"}, {"odd", "with.dot"}});

using Names = std::vector<std::string>;

TEST(TableNames, AreThoseOfTheProject) {
  EXPECT_EQ(resolve_streams(kContracts, {"shop.orders", "old.items"}), (Names{"shop.orders", "old.items"}));
  EXPECT_EQ(resolve_streams(kContracts, {"orders"}), Names{"shop.orders"});
  EXPECT_EQ(resolve_streams(kContracts, {"with.dot"}), Names{"odd.with.dot"});
  EXPECT_EQ(resolve_streams(kContracts, {"orders", "shop.orders"}), Names{"shop.orders"}) << "each once";
}

TEST(TableNames, AreRefusedWhereNobodyCanTellWhichTableIsMeant) {
  EXPECT_THROW(resolve_streams(kContracts, {"shop.nothing"}), Error);
  EXPECT_THROW(resolve_streams(kContracts, {"ORDERS"}), Error);
  try {
    resolve_streams(kContracts, {"items"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), "name one of them: shop.items, old.items");
  }
}

}  // namespace
}  // namespace freshet::app
