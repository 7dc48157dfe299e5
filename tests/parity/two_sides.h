// A source and a mirror made by hand, with what load would say about them, for the judge.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "adapter/postgres/barrier.h"
#include "parity/parity.h"
#include "support/postgres.h"
#include "support/process.h"
#include "support/store.h"

namespace freshet::parity {

inline contract::ColumnContract column(const std::string& name, int key_position = 0) {
  contract::ColumnContract column;
  column.name = name;
  column.key_position = key_position;
  return column;
}

// The same value as either side is told it, and another one of the mirror's.
struct Value {
  std::string name, source_type, source, mirror_type, mirror, other;
};

class Parity : public testing::Test {
 protected:
  Parity() : client_(clickhouse::Endpoint(store_.url())) {
    contract_.source = {"public", "t"};
    contract_.mirror = "t_" + database_.name();
    contract_.columns.push_back(column("id", 1));
    client_.execute("CREATE DATABASE IF NOT EXISTS raw");
    client_.execute("CREATE DATABASE IF NOT EXISTS src");
    client_.execute("CREATE DATABASE IF NOT EXISTS freshet");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.cuts (round UInt64, commit_lsn UInt64, behind Array(Tuple(stream "
        "String, "
        "commit_lsn UInt64))) ENGINE = MergeTree ORDER BY round");
    client_.execute("INSERT INTO freshet.cuts VALUES (1, 18446744073709551615, [])");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.floors (table String, version UInt128) ENGINE = MergeTree ORDER "
        "BY table");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.streams (stream String, state String, reason String, hint "
        "String, change UInt64) ENGINE = ReplacingMergeTree(change) ORDER BY stream");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.snapshots (table String, round UInt64, version UInt128, running "
        "UInt8) ENGINE = ReplacingMergeTree ORDER BY (table, round, version, running)");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.waiting (table String, key String, version UInt128, done_round "
        "UInt64) ENGINE = ReplacingMergeTree ORDER BY (table, key, version, done_round)");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.quarantine (table String, key String, donor String, version "
        "UInt128, schema String, of_stream UInt8, round UInt64, done_round UInt64) ENGINE = MergeTree ORDER "
        "BY (table, key, version)");
    client_.execute(
        "CREATE TABLE IF NOT EXISTS freshet.sweeps (table String, version UInt128, round UInt64, state "
        "String, "
        "rows UInt64) ENGINE = MergeTree ORDER BY (table, version)");
    snapshot(1, true);
    snapshot(2, false);
    options_.source_url = database_.url();
    options_.window_rows = 100;
    options_.cut_deadline = std::chrono::seconds(20);
    options_.snapshot_deadline = std::chrono::milliseconds(100);
  }

  ~Parity() override {
    client_.execute("DROP TABLE IF EXISTS raw.`" + contract_.mirror + "` SYNC");
    client_.execute("DROP VIEW IF EXISTS src.`" + contract_.mirror + "`");
  }

  // Tables with the columns of `values`, and rows 1 to `rows` with the same value on both sides.
  void make(const std::vector<Value>& values, int rows) {
    std::string source = "CREATE TABLE t (id bigint PRIMARY KEY", mirror = "id Int64", source_row, mirror_row;
    for (const Value& value : values) {
      source += ", " + value.name + " " + value.source_type;
      mirror += ", " + value.name + " " + value.mirror_type;
      source_row += ", " + value.source;
      mirror_row += ", " + value.mirror;
      contract_.columns.push_back(column(value.name));
    }
    database_.sql(source + ")");
    const std::string count = std::to_string(rows);
    database_.sql("INSERT INTO t SELECT i" + source_row + " FROM generate_series(1, " + count + ") i");
    const std::string raw = "raw.`" + contract_.mirror + "`";
    client_.execute(
        "CREATE TABLE " + raw + " (" + mirror +
        ", _version UInt128, _deleted UInt8) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY id");
    client_.execute("CREATE VIEW src.`" + contract_.mirror + "` AS SELECT * FROM " + raw + " FINAL");
    client_.execute("INSERT INTO " + raw + " SELECT number + 1" + mirror_row + ", 1, 0 FROM numbers(" +
                    count + ")");
  }

  // The key becomes another column of make(), in a mirror ordered by it.
  void key_by(const std::string& name, const std::string& type) {
    database_.sql("ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (" + name + ", id)");
    contract_.columns[0].key_position = 2;
    for (contract::ColumnContract& one : contract_.columns)
      if (one.name == name) one.key_position = 1;
    const std::string raw = "raw.`" + contract_.mirror + "`";
    client_.execute(
        "CREATE OR REPLACE TABLE " + raw + " (id Int64, " + name + " " + type +
        ", _version UInt128, _deleted UInt8) ENGINE = ReplacingMergeTree(_version, _deleted) ORDER BY (" +
        name + ", id) AS SELECT * FROM " + raw);
  }

  // A newer version of row `id` in the mirror, with one column changed.
  void damage(int id, const std::string& name, const std::string& expression) {
    client_.execute("INSERT INTO raw.`" + contract_.mirror +
                    "` SELECT * REPLACE (_version + 1 AS _version, " + expression + " AS `" + name +
                    "`) FROM src.`" + contract_.mirror + "` WHERE id = " + std::to_string(id));
  }

  void snapshot(int round, bool running) {
    client_.execute("INSERT INTO freshet.snapshots VALUES ('" + contract_.mirror + "', " +
                    std::to_string(round) + ", 1, " + (running ? "1)" : "0)"));
  }

  Report judge(const Progress& progress = {}, const std::stop_token& stop = {}) {
    return compare(options_, {contract_}, clickhouse::Endpoint(store_.url()), progress, stop);
  }

  // Judges while the mirror's cut stands, and does one after another of `steps` each time the source has been
  // read; then the cut goes on.
  Report judge_while(const std::vector<std::function<void()>>& steps) {
    postgres::Connection watch({.url = database_.url(), .purpose = "test"});
    int round = 3;
    const auto cut = [&](const std::string& lsn) {
      client_.execute("INSERT INTO freshet.cuts VALUES (" + std::to_string(round++) + ", " + lsn + ", [])");
    };
    cut("1");
    std::jthread writer([&](const std::stop_token& judged) {
      std::string last = "-infinity";
      for (const auto& step : steps) {
        for (;;) {
          const postgres::Result waits = watch.query(
              "SELECT query_start FROM pg_stat_activity WHERE application_name = 'freshet parity' AND "
              "datname = current_database() AND state = 'idle' AND query LIKE '%pg_logical_emit_message%' "
              "AND query_start > $1",
              {last});
          if (waits.rows() == 1) last = waits.text(0, 0);
          if (judged.stop_requested()) return;
          if (waits.rows() == 1) break;
          test::pause_between_looks();
        }
        step();
        cut(&step == &steps.back() ? "18446744073709551615"
                                   : std::to_string(postgres::insert_lsn(watch).value()));
      }
    });
    return judge();
  }

  // Rows of raw with the version of a commit that comes next: "SELECT id, v, <version>, 0 …".
  void write_mirror(const std::string& row, const std::string& from) {
    postgres::Connection connection({.url = database_.url(), .purpose = "test"});
    client_.execute("INSERT INTO raw.`" + contract_.mirror + "` SELECT " + row + ", bitShiftLeft(toUInt128(" +
                    std::to_string(postgres::insert_lsn(connection).value()) + "), 64), 0 " + from);
  }

  test::TestStore store_;
  test::TestDatabase database_;
  clickhouse::Client client_;
  contract::StreamContract contract_;
  Options options_;
};

}  // namespace freshet::parity
