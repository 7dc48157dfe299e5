// A value that PostgreSQL stores out of line isn't sent again where a change leaves it as it is. Whatever
// happened to its row, the mirror has it: for every replica identity, with and without last values kept.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <thread>

#include "app/line_status_json.h"
#include "contract/contract.h"
#include "line/mirrored.h"
#include "line/toast_cases.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using testing::HasSubstr;

// Where the rows of a case come from, or what else it meets. Each has rows of its own.
enum Group : int {
  kRead,
  kReadAtOnce,
  kStreamed,
  kStreamedAtOnce,
  kAwaited,
  kBehindSent,
  kBehindUnsent,
  kBehindInsert,
  kBehindAtOnce,
};
constexpr const char* kGroups[] = {
    "read by the snapshot, a round for each step",
    "read by the snapshot, all in one transaction",
    "from the stream, a round for each step",
    "from the stream, all in one transaction",
    "in a commit that awaits a standby",
    "behind one in quarantine that sent the document",
    "behind one in quarantine that didn't send it",
    "behind an insert in quarantine",
    "in one transaction with what is in quarantine",
};
constexpr int kRowsOfAGroup = 10'000;
constexpr int kRowsOfACase = 10;

std::string case_of(int id) {
  const ToastCase& one = toast_cases().at(static_cast<std::size_t>(id % kRowsOfAGroup / kRowsOfACase));
  return fmt::format("{} ({})", one.name, kGroups[id / kRowsOfAGroup - 1]);
}

struct Table {
  std::string name;
  bool keeps;
  const char* identity;
};
constexpr const char* kDefault = "ALTER TABLE {0} ADD PRIMARY KEY (id);";
constexpr const char* kIndex =
    "ALTER TABLE {0} ADD other_key bigserial PRIMARY KEY; CREATE UNIQUE INDEX {0}_id ON {0} (id);"
    "ALTER TABLE {0} REPLICA IDENTITY USING INDEX {0}_id;";
constexpr const char* kFull = "ALTER TABLE {0} ADD PRIMARY KEY (id); ALTER TABLE {0} REPLICA IDENTITY FULL;";
const std::vector<Table> kTables{
    {"by_default", false, kDefault}, {"by_default_kept", true, kDefault}, {"by_index", false, kIndex},
    {"by_index_kept", true, kIndex}, {"by_full", false, kFull},           {"by_full_kept", true, kFull},
};

// The source remembers the last values of what is deleted, and which keys are gone by a key change.
constexpr const char* kCommon =
    "CREATE FUNCTION doc(number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT "
    "string_agg(md5((number * 1000 + i)::text), '') FROM generate_series(1, 128) i $$;"
    "CREATE TABLE gone (number bigserial, mirror text, id bigint, n int, price numeric, doc text, moved "
    "bool);"
    "CREATE FUNCTION note_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO gone (mirror, id, "
    "n, price, doc, moved) VALUES (TG_TABLE_NAME, OLD.id, OLD.n, OLD.price, OLD.doc, TG_OP = 'UPDATE'); "
    "RETURN NULL; END $$;"
    "CREATE TABLE by_nothing (id bigint PRIMARY KEY, doc text); "
    "ALTER TABLE by_nothing REPLICA IDENTITY NOTHING;";
constexpr const char* kTable =
    "CREATE TABLE {0} (id bigint NOT NULL, n int NOT NULL, price numeric(10,2), doc text);"
    "ALTER TABLE {0} ALTER doc SET STORAGE EXTERNAL;"
    "CREATE TRIGGER deleted AFTER DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION note_gone();"
    "CREATE TRIGGER moved AFTER UPDATE OF id ON {0} FOR EACH ROW EXECUTE FUNCTION note_gone();";

// The same for the rows of every case.
std::string for_all(Group group, const Table& table, const std::string& step) {
  std::string sql;
  for (std::size_t i = 0; i < toast_cases().size(); ++i)
    sql += on_rows(step, table.name, kRowsOfAGroup * (group + 1) + kRowsOfACase * static_cast<int>(i));
  return sql;
}

// Step `number` of every case that has so many.
std::string step_of_all(Group group, const Table& table, std::size_t number) {
  std::string sql;
  for (std::size_t i = 0; i < toast_cases().size(); ++i)
    if (const auto& steps = toast_cases()[i].steps; number < steps.size())
      sql += on_rows(steps[number], table.name,
                     kRowsOfAGroup * (group + 1) + kRowsOfACase * static_cast<int>(i));
  return sql;
}

std::size_t most_steps() {
  std::size_t most = 0;
  for (const ToastCase& one : toast_cases()) most = std::max(most, one.steps.size());
  return most;
}

std::string all_steps(Group group, const Table& table) {
  std::string sql;
  for (std::size_t step = 0; step < most_steps(); ++step) sql += step_of_all(group, table, step);
  return sql;
}

constexpr const char* kRows =
    "INSERT INTO @t (id, n, price, doc) VALUES (@0, 0, 1, doc(@0)), (@1, 0, 1, doc(@1))";
// Their price has no place in the mirror.
constexpr const char* kUnfitRows =
    "INSERT INTO @t (id, n, price, doc) VALUES (@0, 0, 'NaN', doc(@0)), (@1, 0, 'NaN', doc(@1))";
constexpr const char* kUnfitSent =
    "UPDATE @t SET price = 'NaN', doc = doc(id + 1000000) WHERE id IN (@0, @1)";
constexpr const char* kUnfitUnsent = "UPDATE @t SET price = 'NaN' WHERE id IN (@0, @1)";
// Would do, but comes later.
constexpr const char* kFitsAgain = "UPDATE @t SET price = 2 WHERE id IN (@0, @1)";

std::string schema() {
  std::string sql = kCommon;
  for (const Table& table : kTables) {
    sql += fmt::format(kTable, table.name) + fmt::format(fmt::runtime(table.identity), table.name);
    for (const Group group : {kRead, kReadAtOnce}) sql += for_all(group, table, kRows);
  }
  return sql;
}

// By key, and whether the row is deleted: what it holds.
using Seen = std::map<std::pair<int, bool>, std::string>;

class UnchangedToast : public testing::Test {
 protected:
  // Only sessions that ask for it wait for the standby, and it never comes.
  static void SetUpTestSuite() {
    server_ = new PostgresServer({"synchronous_standby_names = 'absent'", "synchronous_commit = local"});
    line_ = new Mirrored(schema(), kQuick, server_->url());
    change_contracts([](contract::StreamContract& contract, bool keeps) {
      if (keeps) contract.on_delete = contract::OnDelete::keep;
    });
    ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(line_->line().stop(), 0);
    delete line_;
    server_->stop();
    delete server_;
  }

  template <class Change>
  static void change_contracts(const Change& change) {
    for (contract::StreamContract& contract : contract::load_contracts(line_->project())) {
      change(contract, contract.mirror.ends_with("_kept"));
      std::ofstream(contract.file) << contract_yaml(contract);
    }
  }

  static void in_transaction(const std::string& sql) { line_->sql("BEGIN;" + sql + "COMMIT"); }
  // In a transaction of each table.
  static void everywhere(Group group, const char* step) {
    for (const Table& table : kTables) in_transaction(for_all(group, table, step));
  }
  static void all_at_once(Group group) {
    for (const Table& table : kTables) in_transaction(all_steps(group, table));
  }
  // Each step after the mirror has the one before it: nothing is left of it in memory.
  static void one_by_one(const std::vector<Group>& groups) {
    for (std::size_t step = 0; step < most_steps(); ++step) {
      ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
      for (const Table& table : kTables)
        for (const Group group : groups) in_transaction(step_of_all(group, table, step));
    }
  }

  static Seen source(const Table& table) {
    const std::string values =
        "concat(n, '|', coalesce(nullif(price, 'NaN')::text, '-'), '|', coalesce(md5(doc), '-'))";
    std::string sql = fmt::format("SELECT id, false, {} FROM {}", values, table.name);
    if (table.keeps)
      sql += fmt::format(
          " UNION ALL SELECT id, true, {0} FROM (SELECT DISTINCT ON (id) * FROM gone WHERE mirror = '{1}' "
          "ORDER BY id, number DESC) g WHERE NOT moved AND id NOT IN (SELECT id FROM {1})",
          values, table.name);
    const postgres::Result rows = line_->sql(sql);
    Seen seen;
    for (int row = 0; row < rows.rows(); ++row)
      seen[{static_cast<int>(rows.integer(row, 0)), rows.text(row, 1) == "t"}] = rows.text(row, 2);
    return seen;
  }
  static Seen mirror(const Table& table) {
    Seen seen;
    for (const auto& row : line_->clickhouse().rows(fmt::format(
             "SELECT id, {}, concat(toString(n), '|', ifNull(toDecimalString(price, 2), '-'), '|', "
             "ifNull(lower(hex(MD5(doc))), '-')) FROM src.{}",
             table.keeps ? "is_deleted" : "false", table.name)))
      seen[{std::stoi(*row[0]), row[1] == "true" || row[1] == "1"}] = *row[2];
    return seen;
  }

  static void expect_same(const Table& table, const Seen& source, const Seen& mirror) {
    for (const auto& [row, values] : source)
      if (const auto there = mirror.find(row); there == mirror.end() || there->second != values)
        ADD_FAILURE() << table.name << " " << row.first << ": " << case_of(row.first) << ": "
                      << (row.second ? "deleted " : "") << values
                      << ", but the mirror: " << (there == mirror.end() ? "nothing" : there->second);
    for (const auto& [row, values] : mirror)
      if (!source.contains(row))
        ADD_FAILURE() << table.name << " " << row.first << ": " << case_of(row.first) << ": the mirror has "
                      << (row.second ? "deleted " : "") << values << ", the source nothing";
  }
  static void expect_equal() {
    ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
    for (const Table& table : kTables) expect_same(table, source(table), mirror(table));
  }

  static bool all_become(const std::string& state) {
    return eventually(
        [&] {
          std::size_t such = 0;
          for (const auto& stream : app::line_status_from_json(line_->line().status_json()).streams)
            such += stream.name.starts_with("public.by_") && stream.state == state ? 1 : 0;
          return such == kTables.size();
        },
        std::chrono::seconds(60));
  }

  static PostgresServer* server_;
  static Mirrored* line_;
};

PostgresServer* UnchangedToast::server_ = nullptr;
Mirrored* UnchangedToast::line_ = nullptr;

TEST_F(UnchangedToast, ComesFromTheRowsLastState) {
  for (const Table& table : kTables)
    EXPECT_EQ(line_
                  ->sql(fmt::format("SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE relname "
                                    "= '{}'",
                                    table.name))
                  .text(0, 0),
              "t");
  for (const Group group : {kStreamed, kStreamedAtOnce}) everywhere(group, kRows);
  for (const Group group : {kReadAtOnce, kStreamedAtOnce}) all_at_once(group);
  one_by_one({kRead, kStreamed});
  expect_equal();
}

// A commit that awaits its standby is in the stream, while every query of the source shows what was before
// it: a value that is asked for there would be an old one, or none.
TEST_F(UnchangedToast, IsThereBeforeTheSourceShowsIt) {
  everywhere(kAwaited, kRows);
  expect_equal();
  std::map<std::string, Seen> past, seen;
  for (const Table& table : kTables) past[table.name] = source(table);
  {
    std::vector<std::jthread> commits;
    for (const Table& table : kTables)
      commits.emplace_back([&table] {
        postgres::Connection waits({.url = line_->database().url(), .purpose = "waits"});
        waits.run("SET synchronous_commit = on");
        waits.run("BEGIN;" + all_steps(kAwaited, table) + "COMMIT", std::chrono::seconds(300));
      });
    EXPECT_TRUE(eventually(
        [&] {
          return line_->sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                     .integer(0, 0) == static_cast<std::int64_t>(kTables.size());
        },
        std::chrono::seconds(60)));
    EXPECT_TRUE(line_->caught_up()) << line_->line().log_tail();
    for (const Table& table : kTables) {
      seen[table.name] = mirror(table);
      EXPECT_EQ(source(table), past[table.name]) << "it waits for no standby";
    }
    line_->sql("ALTER SYSTEM SET synchronous_standby_names = ''");
    line_->sql("SELECT pg_reload_conf()");
  }
  for (const Table& table : kTables) {
    EXPECT_NE(source(table), past[table.name]);
    expect_same(table, source(table), seen[table.name]);
  }
}

TEST_F(UnchangedToast, ComesFromWhatIsReplayedBeforeIt) {
  for (const Group group : {kBehindSent, kBehindUnsent, kBehindAtOnce}) everywhere(group, kRows);
  ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
  for (const Table& table : kTables)
    in_transaction(for_all(kBehindAtOnce, table, kUnfitSent) + for_all(kBehindAtOnce, table, kFitsAgain) +
                   all_steps(kBehindAtOnce, table));
  everywhere(kBehindSent, kUnfitSent);
  everywhere(kBehindUnsent, kUnfitUnsent);
  everywhere(kBehindInsert, kUnfitRows);
  const std::vector<Group> groups{kBehindSent, kBehindUnsent, kBehindInsert};
  for (const Group group : groups) everywhere(group, kFitsAgain);
  one_by_one(groups);
  ASSERT_TRUE(line_->caught_up()) << line_->line().log_tail();
  ASSERT_TRUE(all_become("quarantined")) << line_->line().status_text();

  line_->line().stop();
  change_contracts([](contract::StreamContract& contract, bool) {
    for (contract::ColumnContract& column : contract.columns)
      if (column.name == "price") column.null_when.nan = true;
  });
  ASSERT_TRUE(line_->start()) << line_->line().log_tail();
  ASSERT_TRUE(all_become("running")) << line_->line().status_text();
  expect_equal();
  EXPECT_EQ(line_->clickhouse().value("SELECT count() FROM freshet.waiting"), "0")
      << "the source was asked for a row";
}

// Its updates and deletes would say nothing of which row they mean; PostgreSQL refuses them once it is
// published.
TEST_F(UnchangedToast, OfATableWithoutReplicaIdentityIsLeftOut) {
  EXPECT_THAT(contents(line_->project() + "/../init.log"),
              HasSubstr("left out: public.by_nothing: has REPLICA IDENTITY NOTHING: its updates and deletes "
                        "can't be published\n    ALTER TABLE \"public\".\"by_nothing\" REPLICA IDENTITY "
                        "DEFAULT"));
}

}  // namespace
}  // namespace freshet::test
