#include "line/random_history.h"

#include <fmt/format.h>

#include <ostream>

#include "adapter/postgres/connection.h"

namespace freshet::test {
namespace {

using postgres::quote_identifier;

using Kind = RandomChange::Kind;

constexpr int kIds = 8;  // few, so that changes meet
constexpr int kManyFrom = 100;
constexpr int kMany = 60;

// 16 kB that don't compress.
std::string doc_of(std::uint32_t pick) {
  return fmt::format("(SELECT string_agg(md5((i * {})::text), '') FROM generate_series(1, 512) i)",
                     pick % 1000);
}

// One in many has no place in the mirror.
std::string price_of(std::uint32_t pick) {
  return pick % 16 == 0 ? "'NaN'" : std::to_string(pick % 1000);
}

std::string insert(const RandomTable& table, int from, int to, std::uint32_t pick) {
  std::string names = table.key_columns() + ", price, doc";
  std::string values = fmt::format("{}, {}, {}", table.key_of("g"), price_of(pick / 7),
                                   pick % 4 == 0 ? doc_of(pick) : "'short'");
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    names += ", " + quote_identifier(table.columns[i].name);
    values += ", " + value_of(table.columns[i], pick + static_cast<std::uint32_t>(i));
  }
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM generate_series({}, {}) g ON CONFLICT DO NOTHING;",
                     quote_identifier(table.name), names, values, from, to);
}

std::string update(const RandomTable& table, const RandomChange& change) {
  const RandomColumn& column = table.columns[change.pick % table.columns.size()];
  return fmt::format("UPDATE {} SET {} = (SELECT {} FROM generate_series({}, {}) g) WHERE {};",
                     quote_identifier(table.name), quote_identifier(column.name),
                     value_of(column, change.pick / 11), change.id + 1, change.id + 1,
                     table.has_key(change.id));
}

// Where nobody is yet.
std::string move(const RandomTable& table, const RandomChange& change) {
  return fmt::format("UPDATE {0} SET ({1}) = ROW({2}) WHERE {3} AND NOT EXISTS (SELECT FROM {0} WHERE {4});",
                     quote_identifier(table.name), table.key_columns(),
                     table.key_of(std::to_string(change.other_id)), table.has_key(change.id),
                     table.has_key(change.other_id));
}

std::string sql_of(const RandomTable& table, const RandomChange& change) {
  const std::string name = quote_identifier(table.name);
  switch (change.kind) {
    case Kind::insert: return insert(table, change.id, change.id, change.pick);
    case Kind::insert_many: return insert(table, kManyFrom, kManyFrom + kMany, change.pick);
    case Kind::update: return update(table, change);
    case Kind::update_doc:
      return fmt::format("UPDATE {} SET doc = {} WHERE {};", name, doc_of(change.pick),
                         table.has_key(change.id));
    case Kind::update_price:
      return fmt::format("UPDATE {} SET price = {} WHERE {};", name, price_of(change.pick % 32),
                         table.has_key(change.id));
    case Kind::move: return move(table, change);
    case Kind::remove: return fmt::format("DELETE FROM {} WHERE {};", name, table.has_key(change.id));
    case Kind::truncate: return fmt::format("TRUNCATE {};", name);
  }
  return {};
}

rc::Gen<RandomChange> random_change(std::size_t tables) {
  return rc::gen::exec([tables] {
    RandomChange change;
    change.kind = *rc::gen::weightedElement<Kind>({{8, Kind::insert},
                                                   {1, Kind::insert_many},
                                                   {6, Kind::update},
                                                   {3, Kind::update_doc},
                                                   {3, Kind::update_price},
                                                   {4, Kind::move},
                                                   {4, Kind::remove},
                                                   {1, Kind::truncate}});
    change.table = *rc::gen::inRange<std::size_t>(0, tables);
    change.id = *rc::gen::inRange(0, kIds);
    change.other_id = *rc::gen::inRange(0, kIds);
    change.pick = *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
    return change;
  });
}

rc::Gen<RandomTransaction> random_transaction(std::size_t tables) {
  return rc::gen::exec([tables] {
    RandomTransaction transaction;
    transaction.committed = *rc::gen::weightedElement<bool>({{7, true}, {1, false}});
    for (int parts = *rc::gen::inRange(1, 4); parts > 0; --parts) {
      RandomPart part;
      part.kept = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
      part.changes =
          *rc::gen::container<std::vector<RandomChange>>(*rc::gen::inRange(1, 7), random_change(tables));
      transaction.parts.push_back(std::move(part));
    }
    return transaction;
  });
}

rc::Gen<RandomStep> random_step(std::size_t tables) {
  return rc::gen::exec([tables] {
    using StepKind = RandomStep::Kind;
    RandomStep step;
    step.kind = *rc::gen::weightedElement<StepKind>({{80, StepKind::transaction},
                                                     {8, StepKind::alteration},
                                                     {4, StepKind::snapshot},
                                                     {3, StepKind::pause},
                                                     {3, StepKind::resume},
                                                     {2, StepKind::replay},
                                                     {1, StepKind::follow},
                                                     {2, StepKind::kill},
                                                     {2, StepKind::kill_store}});
    const bool alters = step.kind == StepKind::alteration;
    if (alters) step.alteration = *random_alteration();
    if (alters || step.kind == StepKind::transaction) step.transaction = *random_transaction(tables);
    step.table = *rc::gen::inRange<std::size_t>(0, tables);
    return step;
  });
}

std::string sql_of(const std::vector<RandomTable>& tables, const RandomPart& part) {
  std::string sql = "SAVEPOINT s;\n";
  for (const RandomChange& change : part.changes) sql += sql_of(tables[change.table], change) + "\n";
  return sql + (part.kept ? "RELEASE s;\n" : "ROLLBACK TO s;\n");
}

const char* const kBegin = "BEGIN; SELECT setseed(0.5);\n";

std::string end_of(const RandomTransaction& transaction) {
  return transaction.committed ? "COMMIT;\n" : "ROLLBACK;\n";
}

const char* name_of(RandomStep::Kind kind) {
  switch (kind) {
    case RandomStep::Kind::transaction: return "transaction";
    case RandomStep::Kind::alteration: return "alteration";
    case RandomStep::Kind::snapshot: return "freshet snapshot";
    case RandomStep::Kind::pause: return "freshet stream pause";
    case RandomStep::Kind::resume: return "freshet stream resume";
    case RandomStep::Kind::replay: return "freshet quarantine replay";
    case RandomStep::Kind::follow: return "contracts follow";
    case RandomStep::Kind::kill: return "kill -9 of the line";
    case RandomStep::Kind::kill_store: return "kill -9 of the store";
  }
  return "";
}

}  // namespace

std::string RandomHistory::schema() const {
  std::string sql = kTypesSetup;
  for (const RandomTable& table : tables) sql += table.create();
  return sql;
}

std::string RandomHistory::sql(const RandomTransaction& transaction) const {
  std::string sql = kBegin;
  for (const RandomPart& part : transaction.parts) sql += sql_of(tables, part);
  return sql + end_of(transaction);
}

// In the midst of its transaction.
std::string RandomHistory::sql(const RandomStep& step) {
  if (step.kind == RandomStep::Kind::transaction) return sql(step.transaction);
  const std::vector<RandomTable> before = tables;
  const std::vector<RandomPart>& parts = step.transaction.parts;
  std::string sql = kBegin;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == parts.size() / 2) sql += tables[step.table].alter(step.alteration) + "\n";
    sql += sql_of(tables, parts[i]);
  }
  if (!step.transaction.committed) tables = before;
  return sql + end_of(step.transaction);
}

// The first case is as large as the last: there are few of them.
rc::Gen<RandomHistory> random_history() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::exec([] {
                           RandomHistory history;
                           const bool binary = *rc::gen::arbitrary<bool>();
                           history.tables = *rc::gen::container<std::vector<RandomTable>>(
                               *rc::gen::inRange(2, 6), random_table(binary));
                           int number = 0;
                           for (RandomTable& table : history.tables) table.name += std::to_string(number++);
                           const std::size_t tables = history.tables.size();
                           history.before = *rc::gen::container<std::vector<RandomTransaction>>(
                               *rc::gen::inRange(0, 20), random_transaction(tables));
                           history.steps = *rc::gen::container<std::vector<RandomStep>>(
                               *rc::gen::inRange(20, 90), random_step(tables));
                           return history;
                         }));
}

std::ostream& operator<<(std::ostream& out, const RandomHistory& history) {
  RandomHistory now = history;
  out << now.schema() << "-- before the line's first start\n";
  for (const RandomTransaction& transaction : history.before) out << now.sql(transaction);
  out << "-- from then on\n";
  for (const RandomStep& step : history.steps) {
    out << "-- " << name_of(step.kind) << " " << now.tables[step.table].name << "\n";
    if (changes_the_source(step)) out << now.sql(step);
  }
  return out;
}

}  // namespace freshet::test
