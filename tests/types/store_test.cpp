// The whole way: values made by a real PostgreSQL, through the codec, into the real ClickHouse engine, and
// printed there as PostgreSQL prints them; and back out of the mirror into another one, bit by bit.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapter/clickhouse/client.h"
#include "load/types/column.h"
#include "load/types/insert_settings.h"
#include "mirror_text.h"
#include "postgres_rows.h"
#include "support/store.h"

namespace freshet::test {
namespace {

constexpr int kRandomRows = 200;

class Mirror : public ::testing::Test {
 protected:
  void SetUp() override { database_.sql(kTypesSetup); }

  std::string in_mirrors(const std::string& table) const {
    return clickhouse::quote_table(mirrors_.name(), table);
  }

  void create(const std::string& table, const load::MirrorColumn& column) {
    std::string columns = "id Int32";
    for (const auto& [name, type] : column.definitions())
      columns += fmt::format(", {} {}", clickhouse::quote_identifier(name), type);
    store_.execute(fmt::format("CREATE OR REPLACE TABLE {} ({}) ENGINE = MergeTree ORDER BY id",
                               in_mirrors(table), columns));
  }

  void insert(const std::string& table, const load::ColumnBuilder& builder,
              clickhouse::Encoding encoding = clickhouse::Encoding::none) {
    clickhouse::native::FixedColumn<std::int32_t> ids;
    for (std::size_t i = 0; i < builder.rows(); ++i) ids.push(static_cast<std::int32_t>(i));
    std::string bytes;
    clickhouse::native::BlockWriter block(bytes, 1 + builder.column().definitions().size(), builder.rows());
    ids.write(block.column("id", "Int32"));
    builder.write_to(block);
    EXPECT_TRUE(block.complete());
    store_.insert(fmt::format("INSERT INTO {} FORMAT Native", in_mirrors(table)), compress(encoding, bytes),
                  encoding, {.settings = load::insert_settings()});
  }

  std::vector<Value> printed(const std::string& table, const PgType& type, const load::MirrorColumn& column) {
    std::vector<Value> values;
    for (const auto& row : store_.rows(fmt::format("SELECT {} FROM {} ORDER BY id",
                                                   mirror_expression(type, column), in_mirrors(table))))
      values.push_back(row.at(0));
    return values;
  }

  // What is read out of the mirror goes into another one as it was, and a default after it.
  void check_read_back(const PostgresRows& rows, const load::MirrorColumn& column) {
    const std::string bytes = store_.select(fmt::format("SELECT {} FROM {} ORDER BY id FORMAT RowBinary",
                                                        column.read_back(), in_mirrors("from_text")));
    const auto builder = load::make_builder(rows.column.type, column);
    ByteReader reader(bytes);
    while (!reader.at_end()) builder->append_mirror(reader);
    builder->append_default();
    create("again", column);
    insert("again", *builder);
    std::vector<Value> all = printed("again", rows.column.type, column);
    ASSERT_EQ(all.size(), rows.expected.size() + 1);
    EXPECT_EQ(all.back().has_value(), !column.nullable);
    all.pop_back();
    EXPECT_EQ(all, rows.expected);
  }

  TestDatabase database_;
  StoreDatabase mirrors_;
  clickhouse::Client store_{clickhouse::Endpoint(mirrors_.url())};
};

std::unique_ptr<load::ColumnBuilder> filled(const PostgresRows& rows, const std::vector<Value>& values,
                                            Field (*field)(const Value&)) {
  auto builder = load::make_builder(rows.column.type, load::mirror_column(rows.column));
  for (const Value& value : values)
    EXPECT_EQ(builder->append(field(value)), std::nullopt) << rows.column.type.name;
  return builder;
}

contract::ColumnContract column_of(std::string_view type, std::optional<std::string> clickhouse_type = {}) {
  contract::ColumnContract column;
  column.name = "v";
  column.type = builtin_type(type);
  column.clickhouse_type = std::move(clickhouse_type);
  return column;
}

void drop_nulls(PostgresRows& rows) {
  rows.column.nullable = false;
  for (auto* values : {&rows.text, &rows.expected, &rows.binary}) std::erase(*values, std::nullopt);
}

TEST_F(Mirror, PrintsEveryValueAsPostgresDoes) {
  for (const TypeCase& type : type_cases()) {
    PostgresRows rows = make_rows(database_, type, type.values, kRandomRows);
    for (const bool nullable : {true, false}) {
      if (!nullable) drop_nulls(rows);
      const load::MirrorColumn column = load::mirror_column(rows.column);
      SCOPED_TRACE(type.type + " as " + column.clickhouse_type());
      create("from_text", column);
      insert("from_text", *filled(rows, rows.text, text_field));
      EXPECT_EQ(printed("from_text", rows.column.type, column), rows.expected);
      check_read_back(rows, column);
      if (rows.binary.empty()) continue;
      create("from_binary", column);
      insert("from_binary", *filled(rows, rows.binary, binary_field));
      EXPECT_EQ(printed("from_binary", rows.column.type, column), rows.expected);
    }
  }
}

TEST_F(Mirror, TakesDictionariesOfAnySizeAndAnyCompression) {
  contract::ColumnContract contract = column_of("text", "LowCardinality(String)");
  contract.nullable = false;
  const load::MirrorColumn column = load::mirror_column(contract);
  for (const int keys : {1, 254, 255, 256, 65'535, 70'000}) {
    const auto builder = load::make_builder(contract.type, column);
    for (int i = 0; i < keys; ++i) {
      const std::string key = fmt::format("key {}", i);
      for (int times = 0; times < 2; ++times) EXPECT_EQ(builder->append({Form::text, key}), std::nullopt);
    }
    for (const auto encoding :
         {clickhouse::Encoding::none, clickhouse::Encoding::lz4, clickhouse::Encoding::zstd}) {
      create("t", column);
      insert("t", *builder, encoding);
      EXPECT_EQ(store_.value(
                    fmt::format("SELECT concat(count(), ' ', uniqExact(v), ' ', countIf(v = concat('key ', "
                                "intDiv(id, 2)))) FROM {}",
                                in_mirrors("t"))),
                fmt::format("{} {} {}", 2 * keys, keys, 2 * keys));
    }
  }
}

// Why no mirror is JSON (docs/decisions/json-stays-text.md). A ClickHouse that passes these documents
// unchanged is a reason to think again.
TEST_F(Mirror, TheJsonTypeStillAltersDocuments) {
  const auto through_json = [&](std::string_view document) {
    return store_.value(fmt::format("SELECT {}::JSON::String", clickhouse::quote_literal(document)));
  };
  EXPECT_EQ(through_json(R"({"a":[true,1]})"), R"({"a":[1,1]})");
  EXPECT_EQ(through_json(R"({"a":null,"b":{}})"), "{}");
  EXPECT_EQ(through_json(R"({"a":"2024-01-01T00:00:00"})"), R"({"a":"2024-01-01 00:00:00"})");
  for (const char* refused : {"[1]", R"({"a.b":1,"a":{"b":2}})", R"({"n":18446744073709551616})"})
    EXPECT_THROW(through_json(refused), clickhouse::ServerError) << refused;
}

TEST_F(Mirror, RefusesAColumnThatIsNotOfTheTypeItIsSent) {
  const auto builder = load::make_builder(builtin_type("integer"), load::mirror_column(column_of("integer")));
  EXPECT_EQ(builder->append({}), std::nullopt);
  for (const char* other : {"Nullable(Int16)", "Int32", "Nullable(String)"}) {
    store_.execute(fmt::format("CREATE OR REPLACE TABLE {} (id Int32, v {}) ENGINE = MergeTree ORDER BY id",
                               in_mirrors("t"), other));
    EXPECT_THROW(insert("t", *builder), clickhouse::ServerError) << other;
  }
}

}  // namespace
}  // namespace freshet::test
