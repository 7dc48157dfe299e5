#include <gtest/gtest.h>

#include "load/types/test_values.h"

namespace freshet::load {
namespace {

struct Shape {
  std::int32_t length;
  std::int32_t lower_bound = 1;
};

std::string array_bytes(const std::vector<Shape>& shape,
                        const std::vector<std::optional<std::string>>& elements) {
  std::string bytes =
      be(static_cast<std::int32_t>(shape.size())) + be(std::int32_t{1}) + be(std::int32_t{25});
  for (const Shape& dimension : shape) bytes += be(dimension.length) + be(dimension.lower_bound);
  for (const auto& element : elements)
    bytes += element ? be(static_cast<std::int32_t>(element->size())) + *element : be(std::int32_t{-1});
  return bytes;
}

TEST(Arrays, NullEmptyAndNullElementsStayThreeThings) {
  const auto builder = builder_of(column_of("text[]", true));
  EXPECT_EQ(builder->column().clickhouse_type(), "Array(Nullable(String))");
  EXPECT_EQ(builder->append({}), std::nullopt);
  EXPECT_EQ(builder->append(text("{}")), std::nullopt);
  EXPECT_EQ(builder->append(text("{a,NULL,\"NULL\",\"q\\\"\\\\\"}")), std::nullopt);
  EXPECT_EQ(builder->append(binary(array_bytes({{2}}, {"b", std::nullopt}))), std::nullopt);

  std::string bytes;
  clickhouse::native::BlockWriter block(bytes, 2, builder->rows());
  builder->write_to(block);
  EXPECT_TRUE(block.complete());
  const std::string ends =
      le(std::uint64_t{0}) + le(std::uint64_t{0}) + le(std::uint64_t{4}) + le(std::uint64_t{6});
  const std::string elements = std::string("\0\1\0\0\0\1", 6) + counted("a") + counted("") + counted("NULL") +
                               counted("q\"\\") + counted("b") + counted("");
  EXPECT_EQ(bytes, std::string("\2\4", 2) + counted("c") + counted("Array(Nullable(String))") + ends +
                       elements + counted("c__null") + counted("Bool") + std::string("\1\0\0\0", 4));
}

TEST(Arrays, OnlyOneDimensionFromOneOnFits) {
  const contract::ColumnContract column = column_of("integer[]");
  EXPECT_EQ(data_of(column, text("{{1},{2}}")), "dimensions");
  EXPECT_EQ(data_of(column, text("[0:1]={1,2}")), "dimensions");
  EXPECT_EQ(data_of(column, binary(array_bytes({{1}, {1}}, {be(std::int32_t{1})}))), "dimensions");
  EXPECT_EQ(data_of(column, binary(array_bytes({{1, 0}}, {be(std::int32_t{1})}))), "dimensions");
  for (const char* wrong : {"", "{", "1,2", "{1,,2}", "{1,\"2}", "{1 2}"})
    EXPECT_EQ(data_of(column, text(wrong)), "malformed") << wrong;
  EXPECT_EQ(data_of(column, binary(array_bytes({{2}}, {be(std::int32_t{1})}))), "malformed");
  EXPECT_EQ(data_of(column, {}), "null");
}

TEST(Arrays, ARefusedElementLeavesNothingBehind) {
  const auto builder = builder_of(column_of("date[]"));
  EXPECT_EQ(builder->append(text("{2024-01-01}")), std::nullopt);
  EXPECT_EQ(builder->append(text("{2024-01-02,infinity}")), Unfit::infinity);
  EXPECT_EQ(builder->append(text("{2024-01-03,2024-01-04}")), std::nullopt);
  builder->truncate(1);
  std::string bytes;
  builder->write_data(bytes);
  EXPECT_EQ(bytes, le(std::uint64_t{1}) + std::string(1, '\0') + le(std::int32_t{19723}));
}

TEST(Arrays, AreWrittenAsPostgresPrintsThemWhereTheContractSaysString) {
  const contract::ColumnContract column = column_of("text[]", false, "String");
  const auto printed = [&](const std::string& wire) { return data_of(column, binary(wire)).substr(1); };
  EXPECT_EQ(printed(array_bytes({}, {})), "{}");
  EXPECT_EQ(printed(array_bytes({{5}}, {"a", "", "nUll", std::nullopt, "b c"})),
            "{a,\"\",\"nUll\",NULL,\"b c\"}");
  EXPECT_EQ(printed(array_bytes({{1}}, {"q\"\\{,"})), "{\"q\\\"\\\\{,\"}");
  EXPECT_EQ(printed(array_bytes({{2}, {2}}, {"1", "2", "3", "4"})), "{{1,2},{3,4}}");
  EXPECT_EQ(printed(array_bytes({{2, -1}, {1, 3}}, {"1", "2"})), "[-1:0][3:3]={{1},{2}}");
}

TEST(Arrays, EnumsBecomeStrings) {
  contract::ColumnContract column = column_of("app.channel[]");
  column.type.kind = TypeKind::array;
  column.type.element = TypeKind::enumeration;
  EXPECT_EQ(mirror_column(column).clickhouse_type(), "Array(Nullable(String))");
  column = column_of("numeric(5,4)[]");
  EXPECT_EQ(mirror_column(column).clickhouse_type(), "Array(Nullable(Decimal(5, 4)))");
}

}  // namespace
}  // namespace freshet::load
