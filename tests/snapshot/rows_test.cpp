// What a snapshot reads of a table that nobody writes: every row exactly once, in every column.
#include <gmock/gmock.h>

#include "snapshot/player.h"

namespace freshet::capture {
namespace {

using namespace std::chrono_literals;

class SnapshotRows : public testing::Test {
 protected:
  void expect_whole(const std::string& stream) {
    const PlayedStream& played = player.streams[stream];
    ASSERT_TRUE(played.schema) << stream << " wasn't read: " << player.status_of(stream).error;
    EXPECT_EQ(difference(database, *played.schema, played.rows), "") << stream;
    EXPECT_EQ(played.begun, 1) << stream;
    EXPECT_EQ(played.ended, 1) << stream;
  }

  test::TestDatabase database;
  Player player{database};
};

TEST_F(SnapshotRows, AreThereOnceThroughManyChunksAndSmallTablesFirst) {
  database.sql(
      "CREATE TABLE large AS SELECT i AS id, repeat('x', i % 300) AS t, i * 1.5 AS n FROM generate_series(1, "
      "60000) i;"
      "CREATE TABLE small AS SELECT i AS id FROM generate_series(1, 100) i;"
      "CREATE TABLE nothing (id int, t text);"
      "DELETE FROM large WHERE id % 7 = 0; UPDATE large SET t = 'moved' WHERE id % 11 = 0; ANALYZE large");
  player.options.chunk_bytes = 100'000;
  player.start({all_of("large"), all_of("small"), all_of("nothing")});
  ASSERT_TRUE(player.take_all());
  for (const char* stream : {"public.large", "public.small", "public.nothing"}) expect_whole(stream);
  EXPECT_GT(player.streams["public.large"].chunks, 20);
  const TableStatus status = player.status_of("public.large");
  EXPECT_EQ(status.state, SnapshotState::complete);
  EXPECT_EQ(status.rows, player.streams["public.large"].rows.size());
  EXPECT_GT(status.bytes, 1'000'000u);
  EXPECT_EQ(status.share, 1.0);
}

TEST_F(SnapshotRows, OfEveryTypeComeAsTheServerHasThem) {
  database.sql(
      "CREATE TYPE mood AS ENUM ('good', 'it''s bad'); CREATE DOMAIN price AS numeric(14,2);"
      "CREATE TYPE pair AS (a int, b text);"
      "CREATE TABLE t (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(14,2), "
      "t text,"
      " v varchar(10), c char(5), nm name, e mood, u uuid, d date, ts timestamp, tz timestamptz, ti time, tt "
      "timetz,"
      " iv interval, j json, jb jsonb, by bytea, ip inet, ci cidr, ma macaddr, ai int[], at text[], ae "
      "mood[],"
      " dom price, ad price[], co pair, ra int4range, mr int4multirange, po point, bi bit(3), vb varbit, tsv "
      "tsvector,"
      " x xml, mo money, ls pg_lsn, ma8 macaddr8, oi oid, ch \"char\", rc regclass, bo box, acl aclitem[])");
  database.sql(
      "INSERT INTO t VALUES (true, -32768, -2147483648, -9223372036854775808, 'NaN', '-Infinity', 'NaN', "
      "-0.01, 'ü''\"',"
      " '', 'ab', 'n', 'it''s bad', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '4713-01-01 BC', 'infinity', "
      "'-infinity',"
      " '24:00', '12:00+05:30', '1 mon 2 days -00:00:01', '{ \"a\" : 1.10 }', '{\"a\": [1, null]}', "
      "'\\x00ff', '::1/64',"
      " '10.0.0.0/8', '08:00:2b:01:02:03', '{{1,2},{3,NULL}}', '{}', '{good,NULL}', 1.10, '{1.1,NULL}', "
      "'(1,\"x,y\")',"
      " '[1,5)', '{[1,2),[5,6)}', '(1,2)', '101', '', 'a:1 b:2', '<?xml version=\"1.0\" "
      "encoding=\"utf-8\"?><a/>', '1.50',"
      " '0/16B3748', '08:00:2b:01:02:03:04:05', 4294967295, 'x', 't', '(1,1),(0,0)', "
      "'{postgres=r/postgres}'),"
      " (false, 32767, 2147483647, 9223372036854775807, 1e-45, 1.7976931348623157e308, 1e-300, "
      "999999999999.99,"
      " 'line\nbreak', 'abc', 'abcde', '', 'good', '00000000-0000-0000-0000-000000000000', '5874897-12-31',"
      " '294276-12-31 23:59:59.999999', '4714-11-24 BC', '00:00', '00:00-15:59', '-178000000 years', 'null', "
      "'\"\"', '',"
      " '1.2.3.4', '::/0', 'ff:ff:ff:ff:ff:ff', '[2:3]={1,2}', '{\"a,b\",\"\",NULL,\"NULL\"}', '{}', 0, '{}',"
      " ROW(NULL, NULL), 'empty', '{}', '(Infinity,NaN)', '000', '1', '', 'text', '-1', '0/0', "
      "'00:00:00:00:00:00:00:00', 0, '',"
      " NULL, NULL, '{}')");
  database.sql("INSERT INTO t (b) VALUES (NULL)");
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_all());
  expect_whole("public.t");
}

TEST_F(SnapshotRows, OfAPartitionedTableBelongToItsRoot) {
  database.sql(
      "CREATE TABLE p (id int, at date, t text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
      "CREATE TABLE p2 (t text, gone int, at date NOT NULL, id int NOT NULL);"
      "ALTER TABLE p2 DROP COLUMN gone; ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2026-02-01') TO "
      "('2026-03-01');"
      "CREATE TABLE p3 PARTITION OF p DEFAULT PARTITION BY HASH (id);"
      "CREATE TABLE p31 PARTITION OF p3 FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
      "INSERT INTO p SELECT i, date '2026-01-01' + i % 80, 'x' || i FROM generate_series(1, 5000) i;"
      "CREATE TABLE no_leaf (id int) PARTITION BY LIST (id);"
      "CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);"
      "INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2)");
  player.start({all_of("p"), all_of("no_leaf"), all_of("parent"), all_of("child")});
  ASSERT_TRUE(player.take_all());
  expect_whole("public.p");
  expect_whole("public.no_leaf");
  expect_whole("public.child");
  EXPECT_EQ(player.streams["public.p"].rows.size(), 5'000u);
  EXPECT_EQ(player.streams["public.parent"].rows.size(), 1u) << "an inheriting table has a stream of its own";
}

TEST_F(SnapshotRows, OfOneLeafAreReadAlone) {
  database.sql(
      "CREATE TABLE p (id int) PARTITION BY RANGE (id);"
      "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); CREATE TABLE p2 PARTITION OF p FOR "
      "VALUES FROM (100) TO (200);"
      "INSERT INTO p SELECT generate_series(50, 149)");
  TableRequest leaf = all_of("p", SnapshotMode::again);
  leaf.leaf = static_cast<std::uint32_t>(database.sql("SELECT 'p2'::regclass::oid").integer(0, 0));
  player.start({leaf});
  ASSERT_TRUE(player.take_all());
  EXPECT_EQ(player.streams["public.p"].rows.size(), 50u);
  EXPECT_EQ(player.streams["public.p"].flags, 0) << "the other leaves' rows mustn't be swept";
  EXPECT_TRUE(player.kept.empty());
}

TEST_F(SnapshotRows, HavePublishedColumnsAndRowsOnly) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY, secret text, g int GENERATED ALWAYS AS (id * 2) STORED, name "
      "text);"
      "INSERT INTO t (id, secret, name) SELECT i, 'password', 'n' || i FROM generate_series(1, 100) i;"
      "CREATE PUBLICATION pub FOR TABLE t (name, id) WHERE (id > 90)");
  player.options.publication = "pub";
  player.start({all_of("t")});
  ASSERT_TRUE(player.take_all());
  const PlayedStream& played = player.streams["public.t"];
  ASSERT_EQ(played.schema->columns.size(), 2u);
  EXPECT_EQ(played.schema->columns[0].name, "id");
  EXPECT_EQ(played.rows.size(), 10u);
  for (const std::string& row : played.rows) EXPECT_EQ(row.find("password"), std::string::npos);
}

TEST_F(SnapshotRows, MayBeHugeAndGoThroughTheSpool) {
  database.sql(
      "CREATE TABLE \"Huge one\" (id int, t text, b bytea);"
      "INSERT INTO \"Huge one\" SELECT i, repeat('ab', 1000000 * i), decode(repeat('00ff', 500000), 'hex') "
      "FROM generate_series(1, 8) i;"
      "INSERT INTO \"Huge one\" VALUES (9, repeat('x', 64 << 20), NULL)");
  player.options.memory_bytes = 1 << 20;
  player.start({all_of("Huge one")});
  ASSERT_TRUE(
      test::eventually([&] { return player.status_of("public.Huge one").state == SnapshotState::spooled; }));
  EXPECT_GT(player.snapshotter().status().spooled_bytes, 64u << 20);
  ASSERT_TRUE(player.take_all());
  expect_whole("public.Huge one");
  EXPECT_EQ(player.snapshotter().status().spooled_bytes, 0u);
}

TEST_F(SnapshotRows, WaitWithoutATransactionWhileTheSpoolIsFull) {
  database.sql("CREATE TABLE t AS SELECT i AS id, repeat('x', 1000) AS t FROM generate_series(1, 40000) i");
  player.options.chunk_bytes = 500'000;
  player.options.memory_bytes = 1 << 20;
  player.options.disk_bytes = 1 << 20;
  player.start({all_of("t")});
  ASSERT_TRUE(test::eventually([&] { return player.snapshotter().status().waiting_for_room; }));
  EXPECT_TRUE(test::eventually([&] {
    return database
               .sql(
                   "SELECT 1 FROM pg_stat_activity WHERE application_name = 'freshet snapshot' AND "
                   "datname = current_database() AND (state <> 'idle' OR backend_xmin IS NOT NULL)")
               .rows() == 0;
  }));
  EXPECT_LT(player.snapshotter().status().spooled_bytes, 8u << 20);
  ASSERT_TRUE(player.take_all());
  expect_whole("public.t");
}

TEST_F(SnapshotRows, AreNotTakenBeforeTheStreamHasPassedTheirRead) {
  database.sql("CREATE TABLE t AS SELECT 1 AS id");
  player.start({all_of("t")});
  ASSERT_TRUE(test::eventually([&] { return player.status_of("public.t").state == SnapshotState::spooled; }));
  const Lsn v = player.status_of("public.t").v;
  EXPECT_FALSE(player.take_one(Lsn(v.value() - 1)));
  const Lsn now = parse_lsn(database.sql("SELECT pg_current_wal_insert_lsn()").text(0, 0));
  EXPECT_TRUE(player.take_one(now));
  EXPECT_LE(v, now);
}

}  // namespace
}  // namespace freshet::capture
