#include "line/random_history.h"

#include <fmt/format.h>

#include <ostream>

namespace freshet::test {
namespace {

using Kind = RandomChange::Kind;

constexpr int kIds = 8;  // few, so that changes meet
constexpr int kManyFrom = 100;
constexpr int kMany = 60;

// A key column's type, and its value as SQL over a whole number.
struct KeyKind {
  const char* type;
  const char* value;
};
constexpr KeyKind kKeys[] = {
    {"integer", "({})"},
    {"bigint", "({})::bigint - 9007199254740993"},
    {"smallint", "({})::int2"},
    {"text", "'Ké''y ' || ({})"},
    {"character varying(20)", "chr(97 + ({}) % 20) || ({})"},
    {"uuid", "md5(({})::text)::uuid"},
    {"date", "date '1969-12-28' + ({})"},
    {"timestamp with time zone", "timestamptz '1969-12-31 22:00+00' + ({}) * interval '1 hour'"},
    {"timestamp without time zone", "timestamp '2024-02-29 23:59:59.999999' + ({}) * interval '1 day'"},
    {"numeric(12,3)", "({})::numeric / 8 - 2"},
    {"bytea", "int4send(({})::int)"},
    {"inet", "inet '10.0.0.0' + ({})"},
};
constexpr KeyKind kSecondKey{"boolean", "(({}) % 2 = 0)"};

// What a name may hold; a number behind makes it unique.
const std::vector<std::string> kNames{"plain",    "Mixed Case",        "select", "dot.ted",
                                      "quo\"ted", "apo'strophe",       "straße", "back\\slash",
                                      "日本",     std::string(60, 'n')};

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string replaced(std::string text, const std::string& number) {
  for (std::size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}", at + number.size()))
    text.replace(at, 2, number);
  return text;
}

// Both columns of the key, as a list.
std::string key_of(const RandomTable& table, const std::string& number) {
  const std::string first = replaced(kKeys[table.key].value, number);
  return table.second_key ? first + ", " + replaced(kSecondKey.value, number) : first;
}

std::string key_columns(const RandomTable& table) {
  return table.second_key ? "key, key2" : "key";
}

std::string has_key(const RandomTable& table, int id) {
  return fmt::format("({}) = ({})", key_columns(table), key_of(table, std::to_string(id)));
}

// A value at a limit, a random one, or NULL; SQL over g.
std::string value_of(const RandomColumn& column, std::uint32_t pick) {
  const TypeCase& type = column.type;
  std::string value = type.values[pick / 7 % type.values.size()];
  if (!type.random.empty() && pick % 3 == 0) value = type.random;
  if (column.nullable && pick % 5 == 0) value = "NULL";
  return fmt::format("({})::{}", value, type.type);
}

// 16 kB that don't compress.
std::string doc_of(std::uint32_t pick) {
  return fmt::format("(SELECT string_agg(md5((i * {})::text), '') FROM generate_series(1, 512) i)",
                     pick % 1000);
}

std::string insert(const RandomTable& table, int from, int to, std::uint32_t pick) {
  std::string values = key_of(table, "g") + ", " + (pick % 4 == 0 ? doc_of(pick) : "'short'");
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    values += ", " + value_of(table.columns[i], pick + static_cast<std::uint32_t>(i));
  return fmt::format("INSERT INTO {} SELECT {} FROM generate_series({}, {}) g ON CONFLICT DO NOTHING;",
                     quoted(table.name), values, from, to);
}

std::string update(const RandomTable& table, const RandomChange& change) {
  const RandomColumn& column = table.columns[change.pick % table.columns.size()];
  return fmt::format("UPDATE {} SET {} = (SELECT {} FROM generate_series({}, {}) g) WHERE {};",
                     quoted(table.name), quoted(column.name), value_of(column, change.pick / 11),
                     change.id + 1, change.id + 1, has_key(table, change.id));
}

// Where nobody is yet.
std::string move(const RandomTable& table, const RandomChange& change) {
  return fmt::format("UPDATE {0} SET ({1}) = ROW({2}) WHERE {3} AND NOT EXISTS (SELECT FROM {0} WHERE {4});",
                     quoted(table.name), key_columns(table), key_of(table, std::to_string(change.other_id)),
                     has_key(table, change.id), has_key(table, change.other_id));
}

std::string sql_of(const RandomTable& table, const RandomChange& change) {
  const std::string name = quoted(table.name);
  switch (change.kind) {
    case Kind::insert: return insert(table, change.id, change.id, change.pick);
    case Kind::insert_many: return insert(table, kManyFrom, kManyFrom + kMany, change.pick);
    case Kind::update: return update(table, change);
    case Kind::update_doc:
      return fmt::format("UPDATE {} SET doc = {} WHERE {};", name, doc_of(change.pick),
                         has_key(table, change.id));
    case Kind::move: return move(table, change);
    case Kind::remove: return fmt::format("DELETE FROM {} WHERE {};", name, has_key(table, change.id));
    case Kind::truncate: return fmt::format("TRUNCATE {};", name);
  }
  return {};
}

std::vector<TypeCase> usable_types(bool binary) {
  std::vector<TypeCase> types;
  for (const TypeCase& type : type_cases())
    if (!type.clickhouse_type && (!binary || has_binary_form(type))) types.push_back(type);
  return types;
}

rc::Gen<RandomColumn> random_column(bool binary) {
  return rc::gen::map(rc::gen::tuple(rc::gen::elementOf(kNames), rc::gen::elementOf(usable_types(binary)),
                                     rc::gen::arbitrary<bool>()),
                      [](const auto& drawn) {
                        return RandomColumn{std::get<0>(drawn), std::get<1>(drawn), std::get<2>(drawn)};
                      });
}

// All tables of a history, or none, can be read in binary form: a slot has one form.
rc::Gen<RandomTable> random_table(bool binary) {
  return rc::gen::exec([binary] {
    RandomTable table;
    table.name = *rc::gen::elementOf(kNames);
    table.key = *rc::gen::inRange<std::size_t>(0, std::size(kKeys));
    table.second_key = *rc::gen::arbitrary<bool>();
    table.identity = *rc::gen::element('d', 'f', 'i');
    table.columns =
        *rc::gen::container<std::vector<RandomColumn>>(*rc::gen::inRange(1, 7), random_column(binary));
    return table;
  });
}

rc::Gen<RandomChange> random_change(std::size_t tables) {
  return rc::gen::exec([tables] {
    RandomChange change;
    change.kind = *rc::gen::weightedElement<Kind>({{8, Kind::insert},
                                                   {1, Kind::insert_many},
                                                   {6, Kind::update},
                                                   {3, Kind::update_doc},
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
    step.kind = *rc::gen::weightedElement<StepKind>({{40, StepKind::transaction},
                                                     {2, StepKind::snapshot},
                                                     {1, StepKind::kill},
                                                     {1, StepKind::kill_store}});
    if (step.kind == StepKind::transaction) step.transaction = *random_transaction(tables);
    step.table = *rc::gen::inRange<std::size_t>(0, tables);
    return step;
  });
}

// Names are unique by the number behind.
void number_names(RandomHistory& history) {
  int number = 0;
  for (RandomTable& table : history.tables) {
    table.name += std::to_string(number++);
    for (std::size_t i = 0; i < table.columns.size(); ++i) table.columns[i].name += std::to_string(i);
  }
}

}  // namespace

std::string RandomTable::create() const {
  const std::string key2 = second_key ? fmt::format("key2 {}, ", kSecondKey.type) : "";
  std::string sql = fmt::format("CREATE TABLE {} (key {}, {}doc text", quoted(name), kKeys[key].type, key2);
  for (const RandomColumn& column : columns) {
    sql += fmt::format(", {} {}", quoted(column.name), column.type.type);
    if (!column.nullable) sql += " NOT NULL";
  }
  const std::string constraint = quoted("pk " + name.substr(name.size() - 1));
  sql += fmt::format(", CONSTRAINT {} PRIMARY KEY ({}));", constraint, key_columns(*this));
  sql += fmt::format("ALTER TABLE {} ALTER doc SET STORAGE EXTERNAL;", quoted(name));
  if (identity == 'f') sql += fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL;", quoted(name));
  if (identity == 'i')
    sql += fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {};", quoted(name), constraint);
  return sql + "\n";
}

std::string RandomHistory::schema() const {
  std::string sql = kTypesSetup;
  for (const RandomTable& table : tables) sql += table.create();
  return sql;
}

std::string RandomHistory::sql(const RandomTransaction& transaction) const {
  std::string sql = "BEGIN; SELECT setseed(0.5);\n";
  for (const RandomPart& part : transaction.parts) {
    sql += "SAVEPOINT s;\n";
    for (const RandomChange& change : part.changes) sql += sql_of(tables[change.table], change) + "\n";
    sql += part.kept ? "RELEASE s;\n" : "ROLLBACK TO s;\n";
  }
  return sql + (transaction.committed ? "COMMIT;\n" : "ROLLBACK;\n");
}

// The first case is as large as the last: there are few of them.
rc::Gen<RandomHistory> random_history() {
  return rc::gen::resize(rc::kNominalSize, rc::gen::exec([] {
                           RandomHistory history;
                           const bool binary = *rc::gen::arbitrary<bool>();
                           history.tables = *rc::gen::container<std::vector<RandomTable>>(
                               *rc::gen::inRange(2, 6), random_table(binary));
                           number_names(history);
                           const std::size_t tables = history.tables.size();
                           history.before = *rc::gen::container<std::vector<RandomTransaction>>(
                               *rc::gen::inRange(0, 20), random_transaction(tables));
                           history.steps = *rc::gen::container<std::vector<RandomStep>>(
                               *rc::gen::inRange(20, 90), random_step(tables));
                           return history;
                         }));
}

std::ostream& operator<<(std::ostream& out, const RandomHistory& history) {
  out << history.schema() << "-- before the line's first start\n";
  for (const RandomTransaction& transaction : history.before) out << history.sql(transaction);
  out << "-- from then on\n";
  for (const RandomStep& step : history.steps) {
    switch (step.kind) {
      case RandomStep::Kind::transaction: out << history.sql(step.transaction); break;
      case RandomStep::Kind::snapshot:
        out << "-- snapshot " << history.tables[step.table].name << "\n";
        break;
      case RandomStep::Kind::kill: out << "-- kill -9 of the line\n"; break;
      case RandomStep::Kind::kill_store: out << "-- kill -9 of the store\n"; break;
    }
  }
  return out;
}

}  // namespace freshet::test
