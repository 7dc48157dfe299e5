#include <gtest/gtest.h>

#include "base/int128.h"
#include "base/int256.h"
#include "load/types/test_values.h"

namespace freshet::load {
namespace {

// What each form gives, which must be the same.
std::string both(const contract::ColumnContract& column, std::string_view plain, const std::string& wire) {
  const std::string from_text = data_of(column, text(plain));
  EXPECT_EQ(from_text, data_of(column, binary(wire))) << plain;
  return from_text;
}

TEST(Decimal, IsScaledWithoutRounding) {
  const contract::ColumnContract money = column_of("numeric(14,2)");
  EXPECT_EQ(both(money, "123456789012.34", numeric_bytes({1234, 5678, 9012, 3400}, 2, false, 2)),
            le(std::int64_t{12345678901234}));
  EXPECT_EQ(both(money, "-0.05", numeric_bytes({500}, -1, true, 2)), le(std::int64_t{-5}));
  EXPECT_EQ(both(money, "0.00", numeric_bytes({}, 0, false, 2)), le(std::int64_t{0}));
  EXPECT_EQ(both(money, "10000.00", numeric_bytes({1}, 1, false, 2)), le(std::int64_t{1000000}));
  EXPECT_EQ(both(money, "1000000000000.00", numeric_bytes({1}, 3, false, 2)), "out_of_range");
  EXPECT_EQ(both(money, "0.001", numeric_bytes({10}, -1, false, 3)), "fraction");
  EXPECT_EQ(both(money, "1.5000", numeric_bytes({1, 5000}, 0, false, 4)), le(std::int64_t{150}))
      << "equal, whatever zeros are shown";
}

TEST(Decimal, HasTheWidthOfItsPrecision) {
  EXPECT_EQ(both(column_of("numeric(9,9)"), "0.123456789", numeric_bytes({1234, 5678, 9000}, -1, false, 9)),
            le(std::int32_t{123456789}));
  EXPECT_EQ(both(column_of("numeric(18,0)"), "999999999999999999",
                 numeric_bytes({99, 9999, 9999, 9999, 9999}, 4, false, 0)),
            le(std::int64_t{999999999999999999}));
  Int128 wide = 0;
  for (int i = 0; i < 38; ++i) wide = wide * 10 + 9;
  EXPECT_EQ(both(column_of("numeric(38,38)"), "-0." + std::string(38, '9'),
                 numeric_bytes({9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900}, -1, true, 38)),
            le(static_cast<Int128>(-wide)));
  Int256 widest;
  for (int i = 0; i < 76; ++i) widest.multiply_add(10, 9);
  EXPECT_EQ(both(column_of("numeric(76,6)"), "-" + std::string(70, '9') + ".999999",
                 numeric_bytes({99,   9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999,
                                9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9999, 9900},
                               17, true, 6)),
            le(-widest));
}

TEST(Decimal, OddScalesStillHoldEveryValue) {
  EXPECT_EQ(mirror_column(column_of("numeric(2,5)")).clickhouse_type(), "Decimal(5, 5)");
  EXPECT_EQ(both(column_of("numeric(2,5)"), "0.00099", numeric_bytes({9, 9000}, -1, false, 5)),
            le(std::int32_t{99}));
  EXPECT_EQ(mirror_column(column_of("numeric(3,-2)")).clickhouse_type(), "Decimal(5, 0)");
  EXPECT_EQ(both(column_of("numeric(3,-2)"), "99900", numeric_bytes({9, 9900}, 1, false, 0)),
            le(std::int32_t{99900}));
  EXPECT_EQ(mirror_column(column_of("numeric(77,2)")).clickhouse_type(), "String");
  EXPECT_EQ(mirror_column(column_of("numeric(70,-7)")).clickhouse_type(), "String");
  EXPECT_EQ(mirror_column(column_of("numeric(5,100)")).clickhouse_type(), "String");
  EXPECT_EQ(mirror_column(column_of("numeric")).clickhouse_type(), "String");
  EXPECT_EQ(mirror_column(column_of("numeric", true, "Decimal(38,6)")).clickhouse_type(),
            "Nullable(Decimal(38, 6))");
}

std::string special(std::uint16_t sign) {
  return be(std::int16_t{0}) + be(std::int16_t{0}) + be(sign) + be(std::int16_t{0});
}

TEST(Decimal, WhatIsNoNumberIsRefusedOrNullByName) {
  EXPECT_EQ(both(column_of("numeric(5,2)"), "NaN", special(0xc000)), "nan");
  EXPECT_EQ(both(column_of("numeric(5,2)"), "Infinity", special(0xd000)), "infinity");
  EXPECT_EQ(both(column_of("numeric(5,2)"), "-Infinity", special(0xf000)), "infinity");
  EXPECT_EQ(both(column_of("numeric(5,2)", false, {}, {.nan = true}), "NaN", special(0xc000)),
            std::string("\1", 1) + le(std::int32_t{0}));
  EXPECT_EQ(data_of("numeric(5,2)", binary(special(0x1234))), "malformed");
  EXPECT_EQ(data_of("numeric(5,2)", binary(numeric_bytes({1}, 0, false, 2).substr(0, 9))), "malformed");
  EXPECT_EQ(data_of("numeric(5,2)", binary(numeric_bytes({10000}, 0, false, 2))), "malformed");
  for (const char* wrong : {"", "-", ".5", "1e3", "1,5", "--1", "1.2.3"})
    EXPECT_EQ(data_of("numeric(5,2)", text(wrong)), "malformed") << wrong;
}

TEST(UnboundedNumeric, IsTheTextThatPostgresPrints) {
  const contract::ColumnContract any = column_of("numeric");
  EXPECT_EQ(both(any, "1.50", numeric_bytes({1, 5000}, 0, false, 2)), counted("1.50"));
  EXPECT_EQ(both(any, "-0.000012", numeric_bytes({1200}, -2, true, 6)), counted("-0.000012"));
  EXPECT_EQ(both(any, "120000000", numeric_bytes({1, 2000}, 2, false, 0)), counted("120000000"));
  EXPECT_EQ(both(any, "0.000", numeric_bytes({}, 0, false, 3)), counted("0.000"));
  EXPECT_EQ(both(any, "NaN", special(0xc000)), counted("NaN"));
}

}  // namespace
}  // namespace freshet::load
