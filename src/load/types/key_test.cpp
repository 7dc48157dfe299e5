#include "load/types/key.h"

#include <gtest/gtest.h>

#include "load/types/test_values.h"

namespace freshet::load {
namespace {

contract::StreamContract keyed_by(const std::vector<std::string>& types) {
  contract::StreamContract contract;
  for (const std::string& type : types) {
    contract::ColumnContract column = column_of(type);
    column.name = "k" + std::to_string(contract.columns.size());
    column.key_position = static_cast<int>(types.size() - contract.columns.size());  // last first
    contract.columns.push_back(column);
  }
  return contract;
}

TableSchema schema_of(const contract::StreamContract& contract) {
  TableSchema schema;
  schema.schema = "app";
  schema.table = "t";
  for (const auto& column : contract.columns)
    schema.columns.push_back({column.name, column.type, true, false});
  return schema;
}

std::string tuple_of(const std::vector<Field>& fields) {
  std::string tuple;
  for (const Field& field : fields) append_field(tuple, field);
  return tuple;
}

TEST(KeyEncoder, BothFormsOfAKeyGiveTheSameBytes) {
  const contract::StreamContract contract = keyed_by({"numeric(10,2)", "text"});
  KeyEncoder encoder(contract, schema_of(contract));
  std::string from_text;
  std::string from_binary;
  EXPECT_EQ(encoder.append_key(tuple_of({text("1.50"), text("a")}), from_text), std::nullopt);
  EXPECT_EQ(
      encoder.append_key(tuple_of({binary(numeric_bytes({1, 5000}, 0, false, 2)), binary("a")}), from_binary),
      std::nullopt);
  EXPECT_EQ(from_text, from_binary);
  EXPECT_EQ(encoder.positions(), (std::vector<std::size_t>{1, 0})) << "in the order of the key";
}

TEST(KeyEncoder, DifferentKeysNeverShareBytes) {
  const contract::StreamContract contract = keyed_by({"text", "text"});
  KeyEncoder encoder(contract, schema_of(contract));
  const auto key = [&](std::string_view a, std::string_view b) {
    std::string bytes;
    EXPECT_EQ(encoder.append_key(tuple_of({text(a), text(b)}), bytes), std::nullopt);
    return bytes;
  };
  EXPECT_NE(key("ab", "c"), key("a", "bc"));
  EXPECT_NE(key("", "a"), key("a", ""));
}

TEST(KeyEncoder, AKeyThatTheMirrorCantHoldLeavesNothing) {
  const contract::StreamContract contract = keyed_by({"date", "integer"});
  KeyEncoder encoder(contract, schema_of(contract));
  std::string bytes = "before";
  EXPECT_EQ(encoder.append_key(tuple_of({text("infinity"), text("1")}), bytes), Unfit::infinity);
  EXPECT_EQ(encoder.append_key(tuple_of({{}, text("1")}), bytes), Unfit::null);
  EXPECT_EQ(bytes, "before");
}

TEST(KeyEncoder, RefusesTypesWithoutACanonicalForm) {
  for (const char* type : {"double precision", "numeric", "text[]", "jsonb", "interval"}) {
    const contract::StreamContract contract = keyed_by({type});
    EXPECT_THROW(KeyEncoder(contract, schema_of(contract)), Error) << type;
  }
  EXPECT_THROW(KeyEncoder(contract::StreamContract{}, TableSchema{}), Error);
  const contract::StreamContract contract = keyed_by({"uuid"});
  EXPECT_THROW(KeyEncoder(contract, TableSchema{}), Error) << "the stream lacks the key";
}

}  // namespace
}  // namespace freshet::load
