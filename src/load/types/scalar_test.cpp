#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "load/types/test_values.h"

namespace freshet::load {
namespace {

template <class T>
using Ends = std::numeric_limits<T>;

TEST(Integers, AreExactAtTheirEndsInBothForms) {
  EXPECT_EQ(data_of("smallint", binary(be(Ends<std::int16_t>::min()))), le(Ends<std::int16_t>::min()));
  EXPECT_EQ(data_of("integer", text("-2147483648")), le(Ends<std::int32_t>::min()));
  EXPECT_EQ(data_of("bigint", text("9223372036854775807")), le(Ends<std::int64_t>::max()));
  EXPECT_EQ(data_of("bigint", binary(be(Ends<std::int64_t>::min()))), le(Ends<std::int64_t>::min()));
  EXPECT_EQ(data_of(column_of("smallint", false, "Int64"), binary(be(std::int16_t{-2}))),
            le(std::int64_t{-2}));
}

TEST(Integers, WhatIsntOneIsRefused) {
  for (const char* wrong : {"", "1 ", "32768", "0x1", "+1", "1.0"})
    EXPECT_EQ(data_of("smallint", text(wrong)), "malformed") << wrong;
  EXPECT_EQ(data_of("integer", binary(be(std::int16_t{1}))), "malformed");
}

TEST(Booleans, AreOneByte) {
  EXPECT_EQ(data_of("boolean", text("t")), le(std::uint8_t{1}));
  EXPECT_EQ(data_of("boolean", binary(std::string_view("\0", 1))), le(std::uint8_t{0}));
  EXPECT_EQ(data_of("boolean", text("true")), "malformed");
}

TEST(Floats, KeepEveryBit) {
  std::string bytes = be(std::bit_cast<std::int64_t>(-0.0));
  EXPECT_EQ(data_of("double precision", binary(bytes)), le(-0.0));
  EXPECT_EQ(data_of("double precision", text("-0")), le(-0.0));
  EXPECT_EQ(data_of("double precision", text("5e-324")), le(Ends<double>::denorm_min()));
  EXPECT_EQ(data_of("double precision", text("1.7976931348623157e+308")), le(Ends<double>::max()));
  EXPECT_EQ(data_of("double precision", text("-Infinity")), le(-Ends<double>::infinity()));
  EXPECT_EQ(data_of("double precision", text("NaN")), le(Ends<double>::quiet_NaN()));
  EXPECT_EQ(data_of("real", text("1e-45")), le(Ends<float>::denorm_min()));
  EXPECT_EQ(data_of("real", text("3.4028235e+38")), le(Ends<float>::max()));
  bytes = be(std::bit_cast<std::int32_t>(0.1f));
  EXPECT_EQ(data_of("real", binary(bytes)), le(0.1f));
}

TEST(Uuid, IsTwoLittleEndianHalves) {
  const std::string native("\xf8\x4e\x0b\x9c\x99\xbc\xee\xa0\x11\x0a\x38\xbd\xb9\x6b\x6d\xbb", 16);
  EXPECT_EQ(data_of("uuid", text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")), native);
  EXPECT_EQ(data_of("uuid", binary("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11")),
            native);
  for (const char* wrong : {"", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99x9c0b-4ef8-bb6d-6bb9bd380a11",
                            "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"})
    EXPECT_EQ(data_of("uuid", text(wrong)), "malformed") << wrong;
}

TEST(Dates, FitFrom1900To2299) {
  EXPECT_EQ(data_of("date", text("1900-01-01")), le(std::int32_t{-25567}));
  EXPECT_EQ(data_of("date", text("2299-12-31")), le(std::int32_t{120529}));
  EXPECT_EQ(data_of("date", binary(be(std::int32_t{0}))), le(std::int32_t{10957}));
  for (const char* out : {"1899-12-31", "2300-01-01", "0044-03-15 BC", "5874897-12-31", "4713-11-24 BC"})
    EXPECT_EQ(data_of("date", text(out)), "out_of_range") << out;
  EXPECT_EQ(data_of("date", binary(be(std::int32_t{-25567 - 10957 - 1}))), "out_of_range");
  EXPECT_EQ(data_of("date", text("infinity")), "infinity");
  EXPECT_EQ(data_of("date", binary(be(Ends<std::int32_t>::min()))), "infinity");
  for (const char* wrong : {"", "2023-02-29", "2024-13-01", "2024-1-01", "01/02/2024", "2024-01-01 BCE"})
    EXPECT_EQ(data_of("date", text(wrong)), "malformed") << wrong;
}

TEST(Timestamps, FitFrom1900To2299ToTheMicrosecond) {
  EXPECT_EQ(data_of("timestamp with time zone", text("2299-12-31 23:59:59.999999+00")),
            le(std::int64_t{10413791999999999}));
  EXPECT_EQ(data_of("timestamp without time zone", text("1900-01-01 00:00:00")),
            le(std::int64_t{-2208988800000000}));
  EXPECT_EQ(data_of("timestamp without time zone", text("1969-12-31 23:59:59.5")), le(std::int64_t{-500000}));
  EXPECT_EQ(data_of("timestamp with time zone", binary(be(std::int64_t{-1}))),
            le(std::int64_t{946684799999999}));
  for (const char* out : {"1899-12-31 23:59:59.999999", "2300-01-01 00:00:00", "0001-01-01 00:00:00 BC"})
    EXPECT_EQ(data_of("timestamp without time zone", text(out)), "out_of_range") << out;
  EXPECT_EQ(data_of("timestamp with time zone", binary(be(Ends<std::int64_t>::max()))), "infinity");
  EXPECT_EQ(data_of("timestamp with time zone", binary(be(Ends<std::int64_t>::max() - 1))), "out_of_range");
  for (const char* wrong : {"2024-01-01 00:00:00", "2024-01-01 00:00:00+02", "2024-01-01T00:00:00+00",
                            "2024-01-01 24:00:00+00", "2024-01-01 00:00:00.1234567+00"})
    EXPECT_EQ(data_of("timestamp with time zone", text(wrong)), "malformed") << wrong;
}

TEST(FixedBuilder, NullIsAllowedByNameOnlyAndCounted) {
  const auto strict = builder_of(column_of("date"));
  EXPECT_EQ(strict->append({}), Unfit::null);
  EXPECT_EQ(strict->append({Form::unchanged, {}}), Unfit::unchanged);

  const auto nullable = builder_of(column_of("date", true));
  EXPECT_EQ(nullable->append({}), std::nullopt);
  EXPECT_EQ(nullable->append(text("infinity")), Unfit::infinity)
      << "NULL in its place isn't allowed by itself";
  EXPECT_EQ(nullable->nulled(), 0u);

  const auto lenient = builder_of(column_of("date", false, {}, {.infinity = true}));
  EXPECT_EQ(lenient->column().clickhouse_type(), "Nullable(Date32)");
  EXPECT_EQ(lenient->append(text("infinity")), std::nullopt);
  EXPECT_EQ(lenient->append(text("0001-01-01")), Unfit::out_of_range);
  EXPECT_EQ(lenient->append(text("1970-01-02")), std::nullopt);
  EXPECT_EQ(lenient->nulled(), 1u);
  std::string bytes;
  lenient->write_data(bytes);
  EXPECT_EQ(bytes, std::string("\1\0", 2) + le(std::int32_t{0}) + le(std::int32_t{1}));
  lenient->truncate(0);
  EXPECT_EQ(lenient->nulled(), 0u);
}

TEST(FixedBuilder, TakesBackWhatItIsAskedTo) {
  const auto builder = builder_of(column_of("integer", true));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(builder->append(text("7")), std::nullopt);
  builder->truncate(5);
  EXPECT_EQ(builder->rows(), 3u) << "nothing to take back";
  builder->truncate(1);
  builder->append_default();
  std::string bytes;
  builder->write_data(bytes);
  EXPECT_EQ(bytes, std::string("\0\1", 2) + le(std::int32_t{7}) + le(std::int32_t{0}));
}

}  // namespace
}  // namespace freshet::load
