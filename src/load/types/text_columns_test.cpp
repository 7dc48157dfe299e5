#include <gtest/gtest.h>

#include <limits>

#include "load/types/test_values.h"

namespace freshet::load {
namespace {

std::string rendered(std::string_view pg_type, const std::string& wire) {
  const std::string data = data_of(pg_type, binary(wire));
  return data.empty() ? "" : data.substr(1);  // short texts: one byte of length
}

TEST(Strings, AreKeptByteByByte) {
  const std::string odd("caf\xc3\xa9 \xf0\x9f\x98\x80 \x7f", 13);
  EXPECT_EQ(data_of("text", text(odd)), counted(odd));
  EXPECT_EQ(data_of("character(5)", binary("ab   ")), counted("ab   "));
  EXPECT_EQ(data_of("text", text(std::string(300, 'x'))), "\xac\x02" + std::string(300, 'x'));
}

TEST(Strings, BytesAreRawAndDocumentsAsStored) {
  EXPECT_EQ(data_of("bytea", text("\\x00fF10")), counted(std::string("\x00\xff\x10", 3)));
  EXPECT_EQ(data_of("bytea", binary(std::string("\x00\xff", 2))), counted(std::string("\x00\xff", 2)));
  EXPECT_EQ(data_of("bytea", text("\\x")), counted(""));
  EXPECT_EQ(data_of("bytea", text("abc\\000")), "malformed") << "bytea_output escape";
  EXPECT_EQ(data_of("jsonb", binary("\x01{\"a\": 1.0}")), counted("{\"a\": 1.0}"));
  EXPECT_EQ(data_of("jsonb", binary("\x02{}")), "malformed");
  EXPECT_EQ(data_of("json", binary("{ \"a\":1}")), counted("{ \"a\":1}"));
}

TEST(Strings, AnUnknownTypeIsReadAsTextOnly) {
  EXPECT_EQ(data_of("int4range", text("[1,5)")), counted("[1,5)"));
  EXPECT_EQ(data_of("int4range", binary("x")), "binary_form");
  EXPECT_EQ(data_of("int4range[]", binary("x")), "binary_form");
}

TEST(Strings, IntervalsKeepMonthsDaysAndTimeApart) {
  const auto interval = [](std::int64_t micros, std::int32_t days, std::int32_t months) {
    return rendered("interval", be(micros) + be(days) + be(months));
  };
  EXPECT_EQ(interval(0, 0, 0), "PT0S");
  EXPECT_EQ(interval(0, 30, 0), "P30D");
  EXPECT_EQ(interval(0, 0, 1), "P1M");
  EXPECT_EQ(interval(-500'000, 0, 0), "PT-0.5S");
  EXPECT_EQ(interval(3'723'004'000, -2, -14), "P-1Y-2M-2DT1H2M3.004S");
  EXPECT_EQ(interval(std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int32_t>::max(),
                     std::numeric_limits<std::int32_t>::max()),
            "infinity");
}

TEST(Strings, TimesShowWhatPostgresShows) {
  EXPECT_EQ(rendered("time without time zone", be(std::int64_t{86'400'000'000})), "24:00:00");
  EXPECT_EQ(rendered("time without time zone", be(std::int64_t{1'500'000})), "00:00:01.5");
  EXPECT_EQ(rendered("time with time zone", be(std::int64_t{0}) + be(std::int32_t{-12'600})),
            "00:00:00+03:30");
  EXPECT_EQ(rendered("time with time zone", be(std::int64_t{0}) + be(std::int32_t{3'661})),
            "00:00:00-01:01:01");
}

TEST(Strings, AddressesShowTheirMask) {
  const auto inet = [](const std::string& header, std::string_view address) {
    return rendered("inet",
                    header + std::string(1, static_cast<char>(address.size())) + std::string(address));
  };
  const std::string_view loopback("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
  const std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff\1\2\3\4", 16);
  const std::string_view middle("\x20\1\0\0\0\0\0\1\0\0\0\0\0\0\0\0", 16);
  EXPECT_EQ(inet(std::string("\2\x20\0", 3), "\x0a\1\1\1"), "10.1.1.1");
  EXPECT_EQ(inet(std::string("\2\x08\0", 3), "\x0a\1\1\1"), "10.1.1.1/8");
  EXPECT_EQ(inet(std::string("\2\x20\1", 3), "\x0a\1\1\1"), "10.1.1.1/32");
  EXPECT_EQ(inet(std::string("\3\x80\0", 3), loopback), "::1");
  EXPECT_EQ(inet(std::string("\3\x80\0", 3), mapped), "::ffff:1.2.3.4");
  EXPECT_EQ(inet(std::string("\3\x40\0", 3), middle), "2001:0:0:1::/64");
  EXPECT_EQ(rendered("macaddr", std::string("\x08\x00\x2b\x01\x02\xff", 6)), "08:00:2b:01:02:ff");
}

TEST(Strings, AnyTypeCanBeTextByContract) {
  EXPECT_EQ(data_of(column_of("date", false, "String"), binary(be(std::numeric_limits<std::int32_t>::max()))),
            counted("infinity"));
  EXPECT_EQ(data_of(column_of("timestamp with time zone", false, "String"), binary(be(std::int64_t{0}))),
            counted("2000-01-01 00:00:00+00"));
  EXPECT_EQ(data_of(column_of("boolean", false, "String"), binary("\1")), counted("t"));
  EXPECT_THROW(mirror_column(column_of("text", false, "Int32")), Error);
  EXPECT_THROW(mirror_column(column_of("jsonb", false, "JSON")), Error) << "it alters documents";
  EXPECT_THROW(mirror_column(column_of("bigint", false, "Int32")), Error);
  EXPECT_THROW(mirror_column(column_of("numeric", false, "Decimal(77,2)")), Error);
}

TEST(LowCardinality, SharesItsKeysAndCanBeNull) {
  contract::ColumnContract channel = column_of("app.channel", true);
  channel.type.kind = TypeKind::enumeration;
  const auto builder = builder_of(channel);
  EXPECT_EQ(builder->column().clickhouse_type(), "LowCardinality(Nullable(String))");
  for (const char* label : {"a", "b", "a"}) EXPECT_EQ(builder->append(text(label)), std::nullopt);
  EXPECT_EQ(builder->append({}), std::nullopt);
  EXPECT_EQ(builder->append(text("")), std::nullopt) << "an empty label isn't NULL";
  std::string bytes;
  builder->write_data(bytes);
  EXPECT_EQ(bytes, le(std::uint64_t{1}) + le(std::uint64_t{0x600}) + le(std::uint64_t{4}) + counted("") +
                       counted("a") + counted("b") + counted("") + le(std::uint64_t{5}) +
                       std::string("\1\2\1\0\3", 5));
}

}  // namespace
}  // namespace freshet::load
