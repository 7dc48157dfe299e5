// What tables and columns look like in the journal: identities, partitions, TOAST, types.
#include <gtest/gtest.h>

#include <algorithm>

#include "line.h"

namespace freshet::capture::test {
namespace {

using namespace std::chrono_literals;

// Too large, and too random, to stay in its row.
const std::string kDocument = "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 1000))";

class Shapes : public testing::Test {
 protected:
  void start(const std::string& schema, const std::vector<std::string>& tables) {
    database.sql(schema);
    line.start(tables);
    line.caught_up();
  }
  void expect_equal(const std::string& stream, const std::string& key) {
    line.caught_up();
    line.expect_equal(stream, key);
  }
  std::vector<Op> streamed(const std::string& stream) {
    std::vector<Op> ops;
    for (const Record& record : line.view().records(stream)) {
      if (record.op < Op::snapshot_begin) ops.push_back(record.op);
    }
    return ops;
  }

  TestDatabase database;
  Line line{database};
};

TEST_F(Shapes, TruncateEndsWhatWasBefore) {
  start("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY); INSERT INTO t VALUES (1)",
        {"t", "u"});
  database.sql("INSERT INTO t VALUES (2); INSERT INTO u VALUES (1)");
  database.sql("BEGIN; INSERT INTO t VALUES (3); TRUNCATE t, u; INSERT INTO t VALUES (4); COMMIT");
  expect_equal("public.t", "id");
  expect_equal("public.u", "id");
  EXPECT_EQ(line.view().rows("public.t").size(), 1u);
}

TEST_F(Shapes, PartitionsAreOneStreamOfTheirRoot) {
  start(
      "CREATE TABLE p (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);"
      "CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');"
      "CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');"
      "INSERT INTO p VALUES (1, '2026-01-05', 'snapshot')",
      {"p"});
  database.sql("INSERT INTO p VALUES (2, '2026-01-10', 'a'), (3, '2026-02-10', 'b')");
  database.sql("UPDATE p SET at = '2026-02-11', v = 'moved' WHERE id = 2");
  expect_equal("public.p", "id || '|' || at");
  EXPECT_EQ(streamed("public.p"), (std::vector<Op>{Op::insert, Op::insert, Op::remove, Op::insert}));
  database.sql("TRUNCATE p; INSERT INTO p VALUES (4, '2026-01-10', 'after')");
  expect_equal("public.p", "id || '|' || at");
  EXPECT_EQ(line.view().rows("public.p_1").size(), 0u);
}

TEST_F(Shapes, UnchangedToastIsMarkedAndCanBeFoundAgain) {
  start("CREATE TABLE t (id int PRIMARY KEY, doc text, n int)", {"t"});
  database.sql("INSERT INTO t SELECT i, " + kDocument + " || i, 0 FROM generate_series(1, 3) i");
  database.sql("UPDATE t SET n = 1");
  database.sql("UPDATE t SET id = 10 WHERE id = 1");
  database.sql("UPDATE t SET doc = doc || 'x' WHERE id = 2");
  expect_equal("public.t", "id");
  const auto records = line.view().records("public.t");
  EXPECT_TRUE(std::ranges::any_of(records, [](const Record& record) {
    return record.op == Op::moved && record.row.at("doc") == "(unchanged)";
  }));
}

TEST_F(Shapes, FullIdentityFillsToastAndTellsKeyChangesByThePrimaryKey) {
  start("CREATE TABLE t (id int PRIMARY KEY, doc text, n int); ALTER TABLE t REPLICA IDENTITY FULL", {"t"});
  line.view().set_key("public.t", {"id"});
  database.sql("INSERT INTO t SELECT i, " + kDocument + " || i, 0 FROM generate_series(1, 2) i");
  database.sql("UPDATE t SET n = 1");
  database.sql("UPDATE t SET id = 10 WHERE id = 1");
  database.sql("DELETE FROM t WHERE id = 2");
  expect_equal("public.t", "id");
  for (const Record& record : line.view().records("public.t")) {
    if (!record.row.empty()) {
      EXPECT_NE(record.row.at("doc"), "(unchanged)");
    }
  }
  EXPECT_EQ(streamed("public.t"), (std::vector<Op>{Op::insert, Op::insert, Op::update, Op::update, Op::moved,
                                                   Op::update, Op::remove}));
}

TEST_F(Shapes, FullIdentityTellsChangesOfTheMirrorsOwnKey) {
  database.sql(
      "CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int); ALTER TABLE t REPLICA IDENTITY "
      "FULL");
  line.options.tables.push_back({.schema = "public", .table = "t", .columns = {}, .key = {"code"}});
  line.view().set_key("public.t", {"code"});
  line.start({});
  line.caught_up();
  database.sql("INSERT INTO t VALUES (1, 'a', 1); UPDATE t SET n = 2; UPDATE t SET id = 2");
  database.sql("UPDATE t SET code = 'b'");
  expect_equal("public.t", "code");
  EXPECT_EQ(streamed("public.t"),
            (std::vector<Op>{Op::insert, Op::update, Op::update, Op::moved, Op::update}));
}

TEST_F(Shapes, FullIdentityWithoutAPrimaryKeyLeavesItToLoad) {
  start("CREATE TABLE t (id int, n int); ALTER TABLE t REPLICA IDENTITY FULL", {"t"});
  line.view().set_key("public.t", {"id"});
  database.sql("INSERT INTO t VALUES (1, 1)");
  database.sql("UPDATE t SET n = 2");
  expect_equal("public.t", "id");
  EXPECT_EQ(streamed("public.t"), (std::vector<Op>{Op::insert, Op::moved, Op::update}));
}

TEST_F(Shapes, AnIndexCanBeTheIdentity) {
  start(
      "CREATE TABLE t (id int, code text NOT NULL UNIQUE, n int);"
      "ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key",
      {"t"});
  database.sql("INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)");
  database.sql("UPDATE t SET id = 7 WHERE code = 'a'; UPDATE t SET code = 'c' WHERE code = 'b'");
  database.sql("DELETE FROM t WHERE code = 'a'");
  expect_equal("public.t", "code");
  EXPECT_EQ(streamed("public.t"),
            (std::vector<Op>{Op::insert, Op::insert, Op::update, Op::moved, Op::update, Op::remove}));
}

TEST_F(Shapes, TypesAreResolvedThroughDomainsArraysAndEnums) {
  start(
      "CREATE TYPE mood AS ENUM ('fine', 'so so'); CREATE DOMAIN amount AS numeric(14,2);"
      "CREATE DOMAIN price AS amount CHECK (VALUE >= 0);"
      "CREATE TABLE t (id bigint PRIMARY KEY, m mood, ms mood[], p price NOT NULL, ps price[], at "
      "timestamptz, "
      "j jsonb, u uuid, i interval, g int GENERATED ALWAYS AS (1) STORED)",
      {"t"});
  EXPECT_TRUE(line.status().binary) << line.status().text_because;
  database.sql(
      "INSERT INTO t VALUES (1, 'so so', '{fine,NULL}', 12.30, '{1.50}', '2026-01-02 03:04:05.678901+00', "
      "'{\"a\": 1.0}', '00000000-0000-0000-0000-00000000002a', '1 mon 2 days')");
  line.caught_up();
  const Row row = line.view().rows("public.t").at("1|");
  EXPECT_EQ(row.at("m"), "so so");
  EXPECT_EQ(row.at("ms"), "{fine,NULL}");
  EXPECT_EQ(row.at("p"), "12.30");
  EXPECT_EQ(row.at("ps"), "{1.50}");
  EXPECT_EQ(row.at("at"), "2026-01-02 03:04:05.678901+00");
  EXPECT_EQ(row.at("i"), "P1M2D");
  EXPECT_EQ(row.count("g"), 0u);
}

TEST_F(Shapes, ATypeWithoutReadableBinaryFormMakesItText) {
  start("CREATE TABLE t (id int PRIMARY KEY, v tsvector, n numeric)", {"t"});
  EXPECT_FALSE(line.status().binary);
  EXPECT_EQ(line.status().text_because, "public.t.v has type tsvector");
  database.sql("INSERT INTO t VALUES (1, 'a fat cat', 1.50)");
  expect_equal("public.t", "id");
}

TEST_F(Shapes, AColumnThatComesLaterAndCannotBeReadChangesTheForm) {
  start("CREATE TABLE t (id int PRIMARY KEY, n int)", {"t"});
  database.sql("INSERT INTO t VALUES (1, 1)");
  line.caught_up();
  EXPECT_TRUE(line.status().binary);
  database.sql("ALTER TABLE t ADD COLUMN price money; INSERT INTO t VALUES (2, 2, '$12.30')");
  database.sql("UPDATE t SET price = '$1.00'");
  expect_equal("public.t", "id");
  EXPECT_FALSE(line.status().binary);
  EXPECT_NE(line.status().text_because.find("public.t.price has type money"), std::string::npos);
}

TEST_F(Shapes, StrangeNamesAndTablesThatAreNotOurs) {
  database.sql(
      "CREATE TABLE \"it's a \"\"t\"\", Ünï.code\" (\"select\" int PRIMARY KEY, \"a.b \"\"c\"\"\" text);"
      "CREATE TABLE other (id int PRIMARY KEY);"
      "CREATE PUBLICATION \"pub 'x\" FOR ALL TABLES WITH (publish_via_partition_root = true)");
  line.options.publication = "pub 'x";
  line.options.make_publication = false;
  line.start({"it's a \"t\", Ünï.code"});
  line.caught_up();
  database.sql("INSERT INTO other VALUES (1); INSERT INTO \"it's a \"\"t\"\", Ünï.code\" VALUES (1, 'x')");
  line.caught_up();
  EXPECT_EQ(line.view().rows("public.it's a \"t\", Ünï.code").at("1|").at("a.b \"c\""), "x");
  EXPECT_TRUE(line.view().records("public.other").empty());
}

TEST_F(Shapes, TheCanaryTravelsAsAStreamOfItsOwn) {
  line.options.canary_interval = 20ms;
  start("CREATE TABLE t (id int PRIMARY KEY)", {"t"});
  ASSERT_TRUE(eventually([&] {
    line.view().read();
    return line.view().records("freshet.canary").size() >= 3;
  }));
  const Record canary = line.view().records("freshet.canary").back();
  EXPECT_EQ(canary.op, Op::insert);
  EXPECT_EQ(canary.row.at("emitted_at")->substr(0, 2), "20");
  EXPECT_GT(canary.version.commit(), Lsn());
}

}  // namespace
}  // namespace freshet::capture::test
