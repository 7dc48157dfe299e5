// The judge's verdict where much differs, where things move while it looks, and where a mirror can't be
// judged.
#include "parity/slice.h"
#include "parity/two_sides.h"

namespace freshet::parity {
namespace {

const Value kText = {"v", "text", "'a'", "String", "'a'", ""};

TEST_F(Parity, SeesDamageBesideManyMovingKeys) {
  make({kText}, 100);
  // In one of the last of the 256 first sums.
  const std::string damaged(
      database_
          .sql("SELECT i FROM generate_series(61, 99) i "
               "ORDER BY ('x' || substr(md5('2:' || i), 1, 15))::bit(60)::bigint % 256 DESC LIMIT 1")
          .text(0, 0));
  damage(std::stoi(damaged), "v", "'damaged'");
  const Report report = judge_while({[&] {
    database_.sql("UPDATE t SET v = 'b' WHERE id <= 60");
    write_mirror("number + 1, 'b'", "FROM numbers(60)");
  }});
  EXPECT_EQ(report.exit_status(), 1) << to_text(report);
  ASSERT_EQ(report.tables[0].different, 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].differences[0].key, damaged);
}

TEST_F(Parity, FindsManyMovingKeysEqualInTheEnd) {
  make({kText}, 100);
  options_.limits = {.rows_listed = 7, .sums = 1000, .keys_named = 5, .readings = 64};
  const Report report = judge_while({[&] {
    database_.sql("UPDATE t SET v = 'b' WHERE id <= 60");
    write_mirror("number + 1, 'b'", "FROM numbers(60)");
  }});
  EXPECT_EQ(report.exit_status(), 0) << to_text(report);
}

TEST_F(Parity, ListsEachOfManyDifferencesInPortions) {
  make({kText}, 1000);
  options_.window_rows = 2000;
  options_.limits = {.rows_listed = 90, .sums = 1000, .keys_named = 50, .readings = 64};
  client_.execute("INSERT INTO raw.`" + contract_.mirror +
                  "` SELECT number + 1, 'damaged', 2, 0 FROM numbers(1000)");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 1);
  EXPECT_EQ(report.tables[0].different, 1000u);
  EXPECT_EQ(report.tables[0].undecided, 0u);
  EXPECT_EQ(report.tables[0].differences.size(), 100u) << "the report has a limit";
}

TEST_F(Parity, FindsAFewDifferencesBySumsInsteadOfListingTheirNeighbours) {
  make({kText}, 2000);
  options_.window_rows = 5000;
  options_.limits = {.rows_listed = 30, .sums = 1024, .keys_named = 50, .readings = 4};
  for (const int id : {7, 900, 1999}) damage(id, "v", "'damaged'");
  database_.sql("DELETE FROM t WHERE id = 55");
  const Report report = judge();
  EXPECT_EQ(report.tables[0].different, 4u) << to_text(report);
  EXPECT_EQ(report.tables[0].undecided, 0u) << to_text(report);
}

TEST_F(Parity, LeavesUndecidedWhatALimitCutsOff) {
  make({kText}, 100);
  client_.execute("INSERT INTO raw.`" + contract_.mirror +
                  "` SELECT number + 1, 'damaged', 2, 0 FROM numbers(100)");
  options_.limits = {.rows_listed = 10, .sums = 256, .keys_named = 10, .readings = 1};
  const Report nothing = judge();
  EXPECT_EQ(nothing.exit_status(), 2) << to_text(nothing);
  EXPECT_EQ(nothing.tables[0].undecided, 100u);
  EXPECT_NE(nothing.tables[0].reason.find("in 1 readings"), std::string::npos) << nothing.tables[0].reason;
  options_.limits.readings = 5;
  const Report a_part = judge();
  EXPECT_EQ(a_part.exit_status(), 1) << to_text(a_part);
  EXPECT_GT(a_part.tables[0].different, 0u);
  EXPECT_EQ(a_part.tables[0].different + a_part.tables[0].undecided, 100u);
}

TEST_F(Parity, ComparesAgainWhatMovedWhileItWasListed) {
  make({kText}, 100);
  for (const int id : {5, 6, 7, 8, 9}) damage(id, "v", "'old'");
  options_.limits.keys_named = 2;
  const Report report = judge_while({[] {},
                                     [&] {
                                       database_.sql("UPDATE t SET v = 'b' WHERE id BETWEEN 5 AND 8");
                                       write_mirror("number + 5, 'b'", "FROM numbers(4)");
                                     },
                                     [] {}, [] {}});
  EXPECT_EQ(report.tables[0].different, 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].undecided, 0u) << to_text(report);
  EXPECT_GE(report.tables[0].rechecked, 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].differences[0].key, "9");
}

// A periodic table needs no replica identity.
TEST_F(Parity, SeesRowsThatAreThereTwice) {
  make({kText}, 5);
  database_.sql("ALTER TABLE t DROP CONSTRAINT t_pkey; INSERT INTO t VALUES (3, 'a'), (3, 'a')");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 1);
  ASSERT_EQ(report.tables[0].differences.size(), 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].differences[0].key, "3");
  EXPECT_EQ(report.tables[0].differences[0].side, Side::rows);
}

TEST_F(Parity, SeesRowsWithoutAKey) {
  make({kText}, 250);
  database_.sql("ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER id DROP NOT NULL");
  database_.sql("INSERT INTO t SELECT NULL, 'a' FROM generate_series(1, 150)");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 1) << to_text(report);
  EXPECT_EQ(report.tables[0].different, 1u) << to_text(report);
}

TEST_F(Parity, WalksOnBehindManyRowsOfOneLeadingKey) {
  make({kText}, 449);
  database_.sql("ALTER TABLE t DROP CONSTRAINT t_pkey; UPDATE t SET id = 5 WHERE id < 250");
  const Report report = judge();
  EXPECT_EQ(report.tables[0].windows, 4u) << "below 5, 5, and twice 100 rows";
  EXPECT_EQ(report.tables[0].source_rows, 449u);
}

// Both sides must sort alike, or a key would be in different windows.
TEST_F(Parity, WalksKeysThatBeginWithATimeOrAText) {
  const Value keys[] = {
      {"k", "date", "date '2020-01-01' + i", "Date32", "toDate32('2020-01-01') + number + 1", ""},
      {"k", "timestamptz", "timestamptz '1969-12-31 23:59:59.9+00' + i * interval '1 ms'",
       "DateTime64(6, 'UTC')", "fromUnixTimestamp64Micro(toInt64(-100000 + (number + 1) * 1000), 'UTC')", ""},
      {"k", "timestamp", "timestamp '2299-12-31 23:59:59' + i * interval '1 us'", "DateTime64(6, 'UTC')",
       "toDateTime64('2299-12-31 23:59:59', 6, 'UTC') + toIntervalMicrosecond(number + 1)", ""},
      {"k", "text COLLATE \"C\"", "chr(i) || 'é''\\'", "String", "concat(char(number + 1), 'é\\'\\\\')", ""},
      {"k", "integer", "i - 60", "String", "toString(number - 59)", ""},
  };
  for (const Value& key : keys) {
    database_.sql("DROP TABLE IF EXISTS t");
    client_.execute("DROP TABLE IF EXISTS raw.`" + contract_.mirror + "` SYNC");
    client_.execute("DROP VIEW IF EXISTS src.`" + contract_.mirror + "`");
    contract_.columns.resize(1);
    make({key}, 120);
    key_by("k", key.mirror_type);
    options_.window_rows = 25;
    const Report equal = judge();
    EXPECT_EQ(equal.exit_status(), 0) << key.source_type << "\n" << to_text(equal);
    EXPECT_EQ(equal.tables[0].windows, 5u) << key.source_type;
    EXPECT_EQ(equal.tables[0].mirror_rows, 120u) << key.source_type;
    database_.sql("DELETE FROM t WHERE id = 60");
    EXPECT_EQ(judge().tables[0].different, 1u) << key.source_type;
  }
}

TEST_F(Parity, ReadsInOneWindowWhatTheMirrorSortsOtherwise) {
  make({{"k", "text COLLATE \"und-x-icu\"", "chr(64 + i)", "String", "char(65 + number)", ""}}, 50);
  key_by("k", "String");
  options_.window_rows = 10;
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 0) << to_text(report);
  EXPECT_EQ(report.tables[0].windows, 1u);
}

// Whichever way a row goes, both of its keys are judged as of their windows.
TEST_F(Parity, KeepsItsVerdictWhenRowsMoveBetweenWindows) {
  make({kText}, 300);
  int window = 0;
  const auto move = [&](int from, int to) {
    database_.sql("UPDATE t SET id = " + std::to_string(to) + " WHERE id = " + std::to_string(from));
    write_mirror(std::to_string(to) + ", 'a'", "");
    client_.execute("INSERT INTO raw.`" + contract_.mirror + "` VALUES (" + std::to_string(from) +
                    ", '', 9, 1)");
  };
  damage(280, "v", "'damaged'");
  const Report report = judge([&](const TableReport&) {
    if (++window != 1) return;
    move(7, 1007);
    move(250, -3);
  });
  EXPECT_EQ(report.tables[0].different, 1u) << to_text(report);
  EXPECT_EQ(report.tables[0].undecided, 0u) << to_text(report);
  EXPECT_EQ(report.tables[0].differences[0].key, "280");
}

TEST_F(Parity, TellsKeysApartWhoseTextLooksLikeTwo) {
  contract_.columns = {column("a", 1), column("b", 2)};
  const std::string raw = "raw.`" + contract_.mirror + "`";
  database_.sql("CREATE TABLE t (a text, b text, PRIMARY KEY (a, b))");
  database_.sql(R"(INSERT INTO t VALUES ('1:a', 'b'), ('1', ':a1:b'), ('a, b', 'c'), ('', ''), ('N', 'N'),
                   (E'it''s \\ a\ttab\n', '5:ü:ü'))");
  client_.execute("CREATE TABLE " + raw + R"( (a String, b String, _version UInt128, _deleted UInt8)
                  ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY (a, b))");
  client_.execute("CREATE VIEW src.`" + contract_.mirror + "` AS SELECT * FROM " + raw + " FINAL");
  client_.execute("INSERT INTO " + raw +
                  R"( VALUES ('1:a', 'b', 1, 0), ('1', ':a1:b', 1, 0), ('a, b', 'c', 1, 0),
                  ('', '', 1, 0), ('N', 'N', 1, 0), ('it\'s \\ a\ttab\n', '5:ü:ü', 1, 0))");
  const Report equal = judge();
  EXPECT_EQ(equal.exit_status(), 0) << to_text(equal);
  client_.execute("INSERT INTO " + raw + " VALUES ('a, b', 'c', 2, 1), ('a', 'b, c', 1, 0)");
  // Newer than any commit: it is named in each of the next readings.
  client_.execute("INSERT INTO " + raw +
                  R"( SELECT 'it\'s \\ a\ttab\n', '5:ü:ü', bitShiftLeft(toUInt128(1), 119), 1)");
  const Report report = judge();
  EXPECT_EQ(report.tables[0].different, 2u) << to_text(report);
  EXPECT_EQ(report.tables[0].undecided, 1u) << to_text(report);
}

TEST_F(Parity, SeesDimensionsThatAnArrayOfTheMirrorHasNot) {
  make({{"a", "integer[]", "'{{1,2},{3,4}}'", "Array(Nullable(Int32))", "[1, 2, 3, 4]", ""},
        {"z", "integer[]", "'[0:1]={1,2}'", "Array(Nullable(Int32))", "[1, 2]", ""}},
       1);
  EXPECT_EQ(judge().tables[0].different, 1u);
  database_.sql("UPDATE t SET a = '{1,2,3,4}'");
  EXPECT_EQ(judge().tables[0].different, 1u);
  database_.sql("UPDATE t SET z = '{1,2}'");
  EXPECT_EQ(judge().tables[0].different, 0u);
}

TEST_F(Parity, SaysAtOnceThatAStreamIsStopped) {
  make({}, 1);
  client_.execute("INSERT INTO freshet.cuts VALUES (2, 18446744073709551615, [('public.t', 5)])");
  client_.execute(
      "INSERT INTO freshet.streams VALUES ('public.t', 'stopped', 'column v is gone', 'change it', 1)");
  const auto began = std::chrono::steady_clock::now();
  const Report report = judge();
  EXPECT_LT(std::chrono::steady_clock::now() - began, options_.cut_deadline);
  EXPECT_EQ(report.exit_status(), 2);
  EXPECT_NE(report.tables[0].reason.find("stopped"), std::string::npos) << report.tables[0].reason;
  EXPECT_NE(report.tables[0].reason.find("column v is gone"), std::string::npos) << report.tables[0].reason;
}

TEST_F(Parity, ForgetsNothingThatItFoundBeforeAStreamStopped) {
  make({kText}, 300);
  damage(7, "v", "'damaged'");
  const Report report = judge([&](const TableReport&) {
    client_.execute("INSERT INTO freshet.streams VALUES ('public.t', 'stopped', 'it had to', '', 1)");
  });
  EXPECT_EQ(report.exit_status(), 1) << to_text(report);
  EXPECT_EQ(report.tables[0].different, 1u);
  EXPECT_NE(report.tables[0].reason.find("it had to"), std::string::npos) << report.tables[0].reason;
}

TEST_F(Parity, DoesNotBlameRowsThatARunningSnapshotStillBrings) {
  make({}, 5);
  client_.execute("INSERT INTO raw.`" + contract_.mirror + "` VALUES (3, 2, 1)");
  snapshot(3, true);
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 2) << to_text(report);
  EXPECT_NE(report.tables[0].reason.find("being snapshotted"), std::string::npos) << report.tables[0].reason;
  snapshot(4, false);
  EXPECT_EQ(judge().exit_status(), 1);
}

TEST_F(Parity, SaysThatNoSnapshotHasBegun) {
  make({}, 1);
  client_.execute("DELETE FROM freshet.snapshots WHERE 1");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 2);
  EXPECT_NE(report.tables[0].reason.find("no snapshot"), std::string::npos) << report.tables[0].reason;
}

TEST_F(Parity, SaysThatChangesWaitForTheirRow) {
  make({}, 5);
  client_.execute("INSERT INTO raw.`" + contract_.mirror + "` VALUES (3, 2, 1)");
  const std::string wait = "INSERT INTO freshet.waiting VALUES ('" + contract_.mirror + "', ";
  client_.execute(wait + "'k', 1, 0), ('" + contract_.mirror + "', 'k', 1, 7)");
  EXPECT_EQ(judge().exit_status(), 1) << "what has been resolved waits no more";
  client_.execute(wait + "'l', 1, 0)");
  const Report report = judge();
  EXPECT_EQ(report.exit_status(), 2) << to_text(report);
  EXPECT_NE(report.tables[0].reason.find("1 changes of public.t wait"), std::string::npos)
      << report.tables[0].reason;
}

TEST_F(Parity, NeverCallsEqualWhatItWasStoppedBefore) {
  make({}, 1);
  std::stop_source stop;
  stop.request_stop();
  const Report report = judge({}, stop.get_token());
  ASSERT_EQ(report.tables.size(), 1u);
  EXPECT_EQ(report.exit_status(), 2);
}

TEST(Slices, GoInPortionsOfRowsAndResidues) {
  Suspects suspects;
  suspects.slice.modulus = 256;
  for (const std::uint64_t rows : {5, 5, 30, 1, 1, 1, 1}) suspects.add(suspects.rows.size(), rows);
  const std::vector<Suspects> parts = portions(suspects, 10, 3);
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0].slice.residues, (std::vector<std::uint64_t>{0, 1}));
  EXPECT_EQ(parts[1].slice.residues, (std::vector<std::uint64_t>{2})) << "one can't be parted";
  EXPECT_EQ(parts[2].rows_total, 3u);
  EXPECT_EQ(parts[3].slice.residues, (std::vector<std::uint64_t>{6}));
}

}  // namespace
}  // namespace freshet::parity
