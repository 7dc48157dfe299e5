#include <gtest/gtest.h>

#include "change/change.h"
#include "change/tuple.h"

namespace freshet {
namespace {

TEST(Lsn, ReadsAndWritesPostgresForm) {
  EXPECT_EQ(to_string(parse_lsn("16/B374D848")), "16/B374D848");
  EXPECT_EQ(parse_lsn("FFFFFFFF/FFFFFFFF").value(), ~std::uint64_t{0});
  for (const char* wrong : {"", "1", "1/", "/1", "1/2/3", "100000000/0", "g/0"})
    EXPECT_THROW(parse_lsn(wrong), Error) << wrong;
}

TEST(Version, OrdersByEpochThenCommitThenChange) {
  const Version older(0, Lsn(10), Lsn(99));
  EXPECT_LT(older, Version(0, Lsn(11), Lsn(1)));
  EXPECT_LT(Version(0, Lsn(11), Lsn(1)), Version(1, Lsn(0), Lsn(0)));
  EXPECT_LT(Version(0, Lsn(10), Lsn(0)), older) << "a snapshot row is below what commits at its own V";
  EXPECT_EQ(Version(3, Lsn(10), Lsn(99)).epoch(), 3);
  EXPECT_EQ(Version(3, Lsn(10), Lsn(99)).commit(), Lsn(10));
  EXPECT_EQ(Version(3, Lsn(10), Lsn(99)).change(), Lsn(99));
}

TEST(PgType, NumericModifiersIncludeNegativeAndWideScales) {
  const auto typmod = [](int precision, int scale) { return (precision << 16 | (scale & 0x7ff)) + 4; };
  for (const auto& [precision, scale] : {std::pair{14, 2}, {76, 76}, {1000, -1000}, {2, 1000}}) {
    const PgType type = builtin_type(1700, typmod(precision, scale));
    EXPECT_EQ(type.precision, precision);
    EXPECT_EQ(type.scale, scale);
  }
  EXPECT_EQ(builtin_type(1700, -1).precision, 0);
}

TEST(PgType, IsFoundByItsFormattedName) {
  EXPECT_EQ(builtin_type("numeric(14,2)").scale, 2);
  EXPECT_EQ(builtin_type("numeric(5,4)[]").element, TypeKind::numeric);
  EXPECT_EQ(builtin_type("numeric(5,4)[]").precision, 5);
  EXPECT_EQ(builtin_type("timestamp(3) with time zone").kind, TypeKind::timestamptz);
  EXPECT_EQ(builtin_type("character(3)").kind, TypeKind::text);
  EXPECT_EQ(builtin_type("int4range").kind, TypeKind::other);
}

TEST(TableSchema, SurvivesItsEncoding) {
  TableSchema table{42,
                    "app",
                    "or\"ders",
                    ReplicaIdentity::full,
                    {{"id", builtin_type(20, -1), true, false}, {"ü", {}, false, true}}};
  table.columns[1].type.name = "app.channel";
  EXPECT_EQ(decode_schema(encode_schema(table)), table);
  EXPECT_THROW(decode_schema(encode_schema(table).substr(0, 20)), Error);
}

// Else two journals with different bytes would mean the same.
TEST(TableSchema, RefusesBytesThatSayNothing) {
  TableSchema table;
  table.columns.push_back({"a", builtin_type(25, -1), true, true});
  const std::string bytes = encode_schema(table);
  EXPECT_EQ(decode_schema(bytes), table);
  EXPECT_THROW(decode_schema(bytes + 'x'), Error);
  std::string unknown = bytes;
  unknown[bytes.find('d')] = 'x';
  EXPECT_THROW(decode_schema(unknown), Error) << "replica identity";
  unknown = bytes;
  unknown[bytes.find('a') + 1] = 7;
  EXPECT_THROW(decode_schema(unknown), Error) << "flags";
}

TEST(Tuple, WalksWhatWasAppended) {
  std::string tuple;
  const Field fields[] = {{Form::null, {}}, {Form::unchanged, {}}, {Form::text, "a"}, {Form::binary, {}}};
  for (const Field& field : fields) append_field(tuple, field);
  TupleReader reader(tuple);
  for (const Field& field : fields) EXPECT_EQ(reader.next(), field);
  EXPECT_TRUE(reader.at_end());
  EXPECT_THROW(TupleReader(std::string_view("t\xff\xff\xff\xff", 5)).next(), Error);
}

}  // namespace
}  // namespace freshet
