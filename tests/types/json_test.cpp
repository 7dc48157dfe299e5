// The envelope of Kafka's records against PostgreSQL: whatever the form a value was sent in, what is read
// back is the text that PostgreSQL prints.
#include <gtest/gtest.h>

#include "journal/kafka/envelope.h"
#include "postgres_rows.h"

namespace freshet::test {
namespace {

using journal::EnvelopeReader;
using journal::EnvelopeWriter;
using journal::ShapeId;

constexpr int kRandomRows = 300;

class JsonOfPostgres : public ::testing::Test {
 protected:
  void SetUp() override { database_.sql(kTypesSetup); }
  TestDatabase database_;
};

TEST_F(JsonOfPostgres, IsReadBackAsPostgresText) {
  for (const TypeCase& type : type_cases()) {
    std::vector<std::string> values = type.values;
    for (const auto& [value, reason] : type.unfit) values.push_back(value);  // the journal holds them all
    const PostgresRows rows = make_rows(database_, type, values, kRandomRows);
    TableSchema table;
    table.schema = "app";
    table.table = "t";
    table.columns = {{"v", rows.column.type, false, true}};
    const EnvelopeWriter writer({"test", "test"}, table);
    EnvelopeReader reader([&](ShapeId) { return &table; });
    const auto back = [&](const Field& field) {
      std::string row, key, value;
      append_field(row, field);
      Change change;
      change.schema = &table;
      change.row = row;
      writer.write(change, key, value);
      return std::string(reader.read(value).row);
    };
    for (std::size_t i = 0; i < rows.text.size(); ++i) {
      std::string expected;
      append_field(expected, text_field(rows.text[i]));
      EXPECT_EQ(back(text_field(rows.text[i])), expected)
          << type.type << " " << rows.text[i].value_or("NULL");
      if (rows.binary.empty()) continue;
      EXPECT_EQ(back(binary_field(rows.binary[i])), expected)
          << type.type << " " << rows.text[i].value_or("NULL");
    }
  }
}

}  // namespace
}  // namespace freshet::test
