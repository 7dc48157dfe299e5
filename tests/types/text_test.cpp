// The codec against PostgreSQL alone: what it prints of a binary value is what PostgreSQL prints, both forms
// make the same mirror bytes and the same keys, and what doesn't fit is refused for the same reason.
#include <gtest/gtest.h>

#include <set>

#include "change/text/pg_text.h"
#include "load/types/column.h"
#include "load/types/key.h"
#include "postgres_rows.h"

namespace freshet::test {
namespace {

constexpr int kRandomRows = 300;

class PostgresText : public ::testing::Test {
 protected:
  void SetUp() override { database_.sql(kTypesSetup); }
  TestDatabase database_;
};

std::string column_bytes(const PostgresRows& rows, const std::vector<Value>& values,
                         Field (*field)(const Value&)) {
  const auto builder = load::make_builder(rows.column.type, load::mirror_column(rows.column));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::optional<load::Unfit> unfit = builder->append(field(values[i]));
    EXPECT_EQ(unfit, std::nullopt) << rows.column.type.name << " " << rows.text[i].value_or("NULL") << " "
                                   << to_string(unfit.value_or(load::Unfit::null));
  }
  std::string bytes;
  builder->write_data(bytes);
  return bytes;
}

TEST_F(PostgresText, OfEveryBinaryValueIsWhatPostgresPrints) {
  for (const TypeCase& type : type_cases()) {
    const PostgresRows rows = make_rows(database_, type, type.values, kRandomRows);
    for (std::size_t i = 0; i < rows.binary.size(); ++i) {
      if (!rows.binary[i]) continue;
      std::string text;
      EXPECT_TRUE(pg_text::append_text(text, rows.column.type, *rows.binary[i])) << type.type;
      EXPECT_EQ(text, *rows.text[i]) << type.type;
    }
  }
}

TEST_F(PostgresText, BothFormsMakeTheSameMirrorBytes) {
  for (const TypeCase& type : type_cases()) {
    const PostgresRows rows = make_rows(database_, type, type.values, kRandomRows);
    const std::string from_text = column_bytes(rows, rows.text, text_field);
    if (rows.binary.empty()) continue;
    EXPECT_TRUE(from_text == column_bytes(rows, rows.binary, binary_field)) << type.type;
  }
}

TEST_F(PostgresText, WhatDoesNotFitIsRefusedInBothForms) {
  for (const TypeCase& type : type_cases()) {
    for (const auto& [value, reason] : type.unfit) {
      const PostgresRows rows = make_rows(database_, type, {value}, 0);
      const auto builder = load::make_builder(rows.column.type, load::mirror_column(rows.column));
      const auto refused = [&](const Field& field) {
        const std::optional<load::Unfit> unfit = builder->append(field);
        return unfit ? to_string(*unfit) : "taken";
      };
      EXPECT_EQ(refused(text_field(rows.text[0])), reason) << type.type << " " << value;
      EXPECT_EQ(refused(binary_field(rows.binary[0])), reason) << type.type << " " << value;
      EXPECT_EQ(builder->rows(), 0u);
    }
  }
}

TEST_F(PostgresText, KeysAreEqualExactlyWhereTheValuesAre) {
  for (const TypeCase& type : type_cases()) {
    PostgresRows rows = make_rows(database_, type, type.values, kRandomRows);
    rows.column.nullable = false;
    rows.column.key_position = 1;
    if (!contract::usable_as_key(rows.column.type)) continue;
    contract::StreamContract contract;
    contract.columns = {rows.column};
    TableSchema schema;
    schema.columns = {{"v", rows.column.type, true, false}};
    load::KeyEncoder encoder(contract, schema);
    std::set<std::string> values;
    std::set<std::string> keys;
    for (std::size_t i = 0; i < rows.text.size(); ++i) {
      if (!rows.text[i]) continue;
      values.insert(*rows.text[i]);
      for (const Field& field : {text_field(rows.text[i]), binary_field(rows.binary[i])}) {
        std::string tuple;
        append_field(tuple, field);
        std::string key;
        EXPECT_EQ(encoder.append_key(tuple, key), std::nullopt) << type.type;
        keys.insert(key);
      }
    }
    EXPECT_EQ(keys.size(), values.size()) << type.type;
  }
}

}  // namespace
}  // namespace freshet::test
