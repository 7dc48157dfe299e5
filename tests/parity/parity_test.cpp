// The judge, judged: a source and a mirror made by hand, equal at first, then damaged in one place at a time.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "change/schema.h"
#include "parity/canonical.h"
#include "parity/two_sides.h"

namespace freshet::parity {
namespace {

// One per line of docs/types.md.
const std::vector<Value> kValues = {
    {"b", "boolean", "true", "Bool", "true", "false"},
    {"maybe", "boolean", "true", "Nullable(Bool)", "true", "NULL"},
    {"neither", "boolean", "NULL", "Nullable(Bool)", "NULL", "false"},
    {"i8", "bigint", "-9223372036854775808", "Int64", "-9223372036854775808", "-9223372036854775807"},
    {"f4", "real", "'1e-45'", "Float32", "reinterpretAsFloat32(toUInt32(1))", "0"},
    {"f8", "float8", "'-0'", "Float64", "-0.0", "0.0"},
    {"nan", "float8", "'NaN'", "Float64", "reinterpretAsFloat64(toUInt64(9221120237041090560))", "inf"},
    {"d", "numeric(14,2)", "1200.50", "Decimal(14, 2)", "1200.50", "1200.51"},
    {"wide", "numeric(76,0)",
     "'9999999999999999999999999999999999999999999999999999999999999999999999999999'", "Decimal(76, 0)",
     "'9999999999999999999999999999999999999999999999999999999999999999999999999999'", "0"},
    {"free", "numeric", "1.10", "String", "'1.10'", "'1.1'"},
    {"t", "text", "E'tab\\there ü\\n'", "String", "'tab\\there ü\\n'", "'tab\\there ü'"},
    {"blank", "char(4)", "'a'", "String", "'a   '", "'a'"},
    {"u", "uuid", "'00000000-0000-4000-8000-0000000000ff'", "UUID", "'00000000-0000-4000-8000-0000000000ff'",
     "'00000000-0000-4000-8000-0000000000fe'"},
    {"day", "date", "'1900-01-01'", "Date32", "'1900-01-01'", "'1900-01-02'"},
    {"ts", "timestamp", "'2299-12-31 23:59:59.999999'", "DateTime64(6, 'UTC')",
     "'2299-12-31 23:59:59.999999'", "'2299-12-31 23:59:59.999998'"},
    {"tz", "timestamptz", "'1969-12-31 23:59:59.999999+00'", "DateTime64(6, 'UTC')",
     "'1969-12-31 23:59:59.999999'", "'1970-01-01 00:00:00.000000'"},
    {"span", "interval", "'1 mon'", "String", "'P1M'", "'P30D'"},
    {"doc", "jsonb", "'{\"a\": 1.00}'", "String", "'{\"a\": 1.00}'", "'{\"a\": 1.0}'"},
    {"raw", "bytea", "'\\x00ff'", "String", "unhex('00ff')", "unhex('00fe')"},
    {"ip", "inet", "'10.0.0.1/8'", "String", "'10.0.0.1/8'", "'10.0.0.1'"},
    {"texts", "text[]", "'{a,NULL,\"\"}'", "Array(Nullable(String))", "['a', NULL, '']", "['a', '', '']"},
    {"amounts", "numeric(5,4)[]", "'{0.4,0.2}'", "Array(Nullable(Decimal(5, 4)))", "[0.4, 0.2]",
     "[0.2, 0.4]"},
    {"hole", "integer", "NULL", "Nullable(Int32)", "NULL", "0"},
};

TEST_F(Parity, FindsEveryTypeEqualAtItsLimits) {
  make(kValues, 1000);
  const Report report = judge();
  if (report.exit_status() != 0) {
    for (const Value& value : kValues) {
      const ComparedColumn compared{value.name, value.source_type.substr(0, value.source_type.find('(')),
                                    value.mirror_type};
      EXPECT_EQ(
          database_.sql("SELECT " + source_text(compared) + " FROM t LIMIT 1").text(0, 0),
          client_.value("SELECT " + mirror_text(compared) + " FROM src.`" + contract_.mirror + "` LIMIT 1"));
    }
  }
  EXPECT_EQ(report.exit_status(), 0) << to_text(report);
  EXPECT_EQ(report.tables[0].source_rows, 1000u);
  EXPECT_EQ(report.tables[0].mirror_rows, 1000u);
  EXPECT_EQ(report.tables[0].windows, 10u);
}

TEST_F(Parity, SeesTheSmallestDamageInEachColumn) {
  make(kValues, 3);
  for (const Value& value : kValues) {
    damage(2, value.name, value.other);
    const Report report = judge();
    ASSERT_EQ(report.exit_status(), 1) << value.name;
    EXPECT_EQ(report.tables[0].different, 1u) << value.name;
    EXPECT_EQ(report.tables[0].differences[0].key, "2") << value.name;
    damage(2, value.name, value.mirror);
    ASSERT_EQ(judge().exit_status(), 0) << value.name << " wasn't mended";
  }
}

TEST_F(Parity, NamesRowsThatAreMissingOnEitherSide) {
  make({}, 250);
  database_.sql("DELETE FROM t WHERE id = 120");
  client_.execute("INSERT INTO raw.`" + contract_.mirror + "` VALUES (77, 2, 1)");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 1);
  ASSERT_EQ(report.tables[0].differences.size(), 2u) << to_text(report);
  EXPECT_EQ(report.tables[0].differences[0].key, "77");
  EXPECT_EQ(report.tables[0].differences[0].side, Side::only_in_source);
  EXPECT_EQ(report.tables[0].differences[1].key, "120");
  EXPECT_EQ(report.tables[0].differences[1].side, Side::only_in_mirror);
}

TEST_F(Parity, LeavesOutWhatTheMirrorKeepsOfDeletedRows) {
  make({}, 3);
  contract_.on_delete = contract::OnDelete::keep;
  client_.execute("INSERT INTO raw.`" + contract_.mirror + "` VALUES (4, 1, 1)");
  client_.execute("CREATE OR REPLACE VIEW src.`" + contract_.mirror +
                  "` AS SELECT id, _deleted = 1 AS is_deleted, _version FROM raw.`" + contract_.mirror + "`");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 0) << to_text(report);
  EXPECT_EQ(report.tables[0].mirror_rows, 3u);
}

TEST_F(Parity, DoesNotMistakeTwoSwappedRowsForEqualOnes) {
  make({{"v", "text", "i::text", "String", "toString(number + 1)", ""}}, 10);
  damage(3, "v", "'4'");
  damage(4, "v", "'3'");
  EXPECT_EQ(judge().tables[0].different, 2u);
}

// Keys are listed by a limited number of buckets at a time: what lies in the others is compared, too.
TEST_F(Parity, FindsEveryDifferenceInHoweverManyBucketsTheyAre) {
  make({{"v", "text", "'a'", "String", "'a'", ""}}, 500);
  client_.execute("INSERT INTO raw.`" + contract_.mirror + "` SELECT number + 1, 'b', 2, 0 FROM numbers(99)");
  const Report report = judge();
  EXPECT_EQ(report.tables[0].different, 99u) << to_text(report);
  EXPECT_EQ(report.tables[0].reason, "");
}

TEST_F(Parity, TakesAnInfiniteDayForADifference) {
  make({{"day", "date", "'2020-01-01'", "Date32", "'2020-01-01'", ""},
        {"at", "timestamptz", "'2020-01-01+00'", "DateTime64(6, 'UTC')", "'2020-01-01'", ""}},
       3);
  database_.sql("UPDATE t SET day = 'infinity' WHERE id = 1; UPDATE t SET at = '-infinity' WHERE id = 2");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 1) << to_text(report);
  EXPECT_EQ(report.tables[0].different, 2u);
}

TEST_F(Parity, LeavesAKeyThatKeepsMovingUndecided) {
  make({{"v", "text", "'a'", "String", "'a'", ""}}, 5);
  // In the mirror the row is newer than any LSN of the source, so it always seems to move.
  client_.execute("INSERT INTO raw.`" + contract_.mirror +
                  "` SELECT 3, 'b', bitShiftLeft(toUInt128(1), 119), 0");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 2) << to_text(report);
  EXPECT_EQ(report.tables[0].verdict, Verdict::undecided);
}

// A TRUNCATE after the source was read takes rows from the mirror, and leaves no version of theirs.
TEST_F(Parity, DoesNotBlameRowsThatATruncateTookAway) {
  make({}, 5);
  client_.execute("INSERT INTO raw.`" + contract_.mirror + "` VALUES (3, 2, 1)");
  EXPECT_EQ(judge().exit_status(), 1);
  client_.execute("INSERT INTO freshet.floors SELECT '" + contract_.mirror +
                  "', bitShiftLeft(toUInt128(1), 119)");
  EXPECT_EQ(judge().exit_status(), 2);
}

// -1 begins with the byte by which a key is told that has no place in the mirror.
TEST_F(Parity, SaysOfEachKeyWhetherAChangeOfItWaits) {
  make({{"v", "text", "'a'", "String", "'a'", ""}}, 3);
  database_.sql("INSERT INTO t VALUES (-1, 'only here'), (-2, 'only here')");
  for (const int id : {1, 2, 3}) damage(id, "v", "'b'");
  TableSchema schema;
  schema.schema = "public";
  schema.table = "t";
  schema.columns = {{.name = "id", .type = builtin_type("bigint"), .key = true},
                    {.name = "v", .type = builtin_type("text")}};
  const std::string bytes = encode_schema(schema);
  const auto change = [&](int version, int key, int donor, int round, int done_round) {
    client_.execute(fmt::format(
        "INSERT INTO freshet.quarantine SELECT '{}', formatRow('RowBinary', toInt64({})), "
        "formatRow('RowBinary', toInt64({})), {}, unhex('{:02x}'), 0, {}, {}",
        contract_.mirror, key, donor, version,
        fmt::join(std::vector<unsigned char>(bytes.begin(), bytes.end()), ""), round, done_round));
  };
  change(1, 1, 2, 1, 0);
  change(1, 1, 1, 2, 2);  // loaded, and nothing of 2 waits any more
  change(2, 3, 3, 1, 0);
  change(3, -1, -1, 1, 0);
  const Report report = judge();
  ASSERT_EQ(report.tables[0].differences.size(), 5u) << to_text(report);
  for (const Difference& difference : report.tables[0].differences)
    EXPECT_EQ(difference.waits, difference.key == "3" || difference.key == "-1") << difference.key;
  EXPECT_EQ(report.tables[0].explained, 2u);
  EXPECT_EQ(report.tables[0].quarantined, 2u);
  EXPECT_FALSE(report.tables[0].stream_waits);
}

// No snapshot of a periodic table brings it in.
TEST_F(Parity, WaitsForNoSnapshotToBringWhatIsInQuarantine) {
  make({{"v", "text", "'a'", "String", "'a'", ""}}, 2);
  contract_.mode = contract::Mode::periodic;
  database_.sql("INSERT INTO t VALUES (3, 'only here')");
  int readings = 0;
  const Progress count = [&](const TableReport&) { ++readings; };
  options_.periodic_deadline = std::chrono::seconds(3);
  EXPECT_EQ(judge(count).tables[0].explained, 0u);
  EXPECT_GT(readings, 1) << "the next snapshot may bring it";

  client_.execute("INSERT INTO freshet.quarantine SELECT '" + contract_.mirror +
                  "', formatRow('RowBinary', toInt64(3)) AS k, k, 1, '', 0, 1, 0");
  readings = 0;
  options_.periodic_deadline = std::chrono::minutes(10);
  const Report report = judge(count);
  EXPECT_EQ(readings, 1);
  EXPECT_EQ(report.tables[0].different, 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].explained, 1u) << to_text(report);
}

// More than one statement asks for.
TEST_F(Parity, FindsWhatWaitsAmongHoweverManyKeysThatDo) {
  make({{"v", "text", "'a'", "String", "'a'", ""}}, 3);
  damage(3, "v", "'b'");
  client_.execute(
      "INSERT INTO freshet.quarantine SELECT '" + contract_.mirror +
      "', k, k, number, '', 0, 1, 0 FROM (SELECT number, formatRow('RowBinary', toInt64(12003 - number)) AS "
      "k FROM numbers(12003))");
  const Report report = judge();
  EXPECT_EQ(report.tables[0].explained, 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].different, 1u) << to_text(report);
}

TEST_F(Parity, SaysThatAStreamDoesNotCatchUp) {
  make({}, 1);
  client_.execute("INSERT INTO freshet.cuts VALUES (2, 18446744073709551615, [('public.t', 5)])");
  options_.cut_deadline = std::chrono::milliseconds(200);
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 2);
  EXPECT_NE(report.tables[0].reason.find("the mirror of public.t stands at 0/5"), std::string::npos)
      << report.tables[0].reason;
}

TEST_F(Parity, ReportsATableWithoutAMirrorAndGoesOn) {
  make({}, 1);
  contract::StreamContract nowhere = contract_;
  nowhere.mirror = "nowhere";
  const Report report = compare(options_, {nowhere, contract_}, clickhouse::Endpoint(store_.url()), {}, {});
  ASSERT_EQ(report.tables.size(), 2u);
  EXPECT_EQ(report.tables[0].verdict, Verdict::undecided);
  EXPECT_EQ(report.tables[1].verdict, Verdict::equal) << to_text(report);
}

TEST_F(Parity, SaysThatTheSourceNoLongerHasATableAndWhatToDo) {
  make({}, 1);
  database_.sql("DROP TABLE t");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 2);
  EXPECT_EQ(report.tables[0].reason,
            "the source no longer has public.t (remove its contract, or bring the table back)");
}

TEST(ReportText, ANameCannotForgeALine) {
  Report report;
  report.tables.emplace_back().table = "public.a\n2 tables: equal\x1b[2J";
  report.tables[0].reason = "no\nsuch";
  report.tables[0].differences.push_back({.key = "b\nc", .side = Side::values});
  const std::string text = to_text(report);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);  // the head, the table, its key, the verdict
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(Readable, TakesACanonicalKeyApart) {
  const std::vector<ComparedColumn> columns = {
      {"id", "bigint", "Int64"},   {"name", "text", "String"},
      {"day", "date", "Date32"},   {"at", "timestamp with time zone", "DateTime64(6, 'UTC')"},
      {"hash", "bytea", "String"},
  };
  EXPECT_EQ(readable("2:423:ü,ö5:18262"
                     "7:-500000"
                     "4:00ff",
                     columns),
            "42, ü,ö, 2020-01-01, 1969-12-31 23:59:59.5+00, \\x00ff");
  EXPECT_EQ(readable("1:11:a8:infinity9:-infinity0:", columns), "1, a, infinity, -infinity, \\x");
  EXPECT_EQ(readable("", columns), "");
}

// A repair asks the source by them: a key that isn't told whole is none.
TEST(SourceValues, AreThoseOfAWholeKeyAlone) {
  const std::vector<ComparedColumn> columns = {
      {"name", "text", "String"}, {"day", "date", "Date32"}, {"hash", "bytea", "String"}};
  EXPECT_EQ(source_values("5:ü,3:a5:182624:00ff", columns),
            (std::vector<std::string>{"ü,3:a", "2020-01-01", "\\x00ff"}));
  for (const char* broken : {"", "1:a", "1:aN4:00ff", "1:a5:182624:00ff1:b", "x"})
    EXPECT_EQ(source_values(broken, columns), std::nullopt) << broken;
}

}  // namespace
}  // namespace freshet::parity
