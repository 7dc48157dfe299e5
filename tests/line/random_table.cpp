#include "line/random_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapter/postgres/connection.h"

namespace freshet::test {
namespace {

using postgres::quote_identifier;

using Kind = RandomAlteration::Kind;

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

std::string replaced(std::string text, const std::string& number) {
  for (std::size_t at = text.find("{}"); at != std::string::npos; at = text.find("{}", at + number.size()))
    text.replace(at, 2, number);
  return text;
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

const TypeCase& type_named(const std::string& name) {
  const std::vector<TypeCase>& cases = type_cases();
  return *std::ranges::find_if(
      cases, [&](const TypeCase& type) { return type.type == name && !type.clickhouse_type; });
}

// For rows that are there: SQL over nothing.
std::string default_of(const RandomColumn& column, std::uint32_t pick) {
  const TypeCase& type = column.type;
  return fmt::format("({})::{}", type.values[pick % type.values.size()], type.type);
}

std::string added(const RandomColumn& column, bool filled, std::uint32_t pick) {
  std::string sql = fmt::format("ADD {} {}", quote_identifier(column.name), column.type.type);
  if (filled || !column.nullable) sql += " DEFAULT " + default_of(column, pick);
  return sql + (column.nullable ? "" : " NOT NULL");
}

}  // namespace

std::string value_of(const RandomColumn& column, std::uint32_t pick) {
  const TypeCase& type = column.type;
  std::string value = type.values[pick / 7 % type.values.size()];
  if (!type.random.empty() && pick % 3 == 0) value = type.random;
  if (column.nullable && pick % 5 == 0) value = "NULL";
  return fmt::format("({})::{}", value, type.type);
}

std::string RandomTable::key_columns() const {
  return second_key ? "key, key2" : "key";
}

std::string RandomTable::key_of(const std::string& number) const {
  const std::string first = replaced(kKeys[key].value, number);
  return second_key ? first + ", " + replaced(kSecondKey.value, number) : first;
}

std::string RandomTable::has_key(int number) const {
  return fmt::format("({}) = ({})", key_columns(), key_of(std::to_string(number)));
}

void RandomTable::add(RandomColumn column) {
  column.name += std::to_string(columns_ever++);
  columns.push_back(std::move(column));
}

std::string RandomTable::part(const char* of) const {
  return quote_identifier(fmt::format("part {} of {}", of, name.substr(name.size() - 1)));
}

std::string RandomTable::create() const {
  const std::string key2 = second_key ? fmt::format("key2 {}, ", kSecondKey.type) : "";
  std::string sql = fmt::format("CREATE TABLE {} (key {}, {}price numeric(10,2), doc text",
                                quote_identifier(name), kKeys[key].type, key2);
  for (const RandomColumn& column : columns) {
    sql += fmt::format(", {} {}", quote_identifier(column.name), column.type.type);
    if (!column.nullable) sql += " NOT NULL";
  }
  const std::string constraint = quote_identifier("pk " + name.substr(name.size() - 1));
  sql += fmt::format(", CONSTRAINT {} PRIMARY KEY ({}))", constraint, key_columns());
  sql += in_partitions ? " PARTITION BY LIST (key2);" : ";";
  sql += fmt::format("ALTER TABLE {} ALTER doc SET STORAGE EXTERNAL;", quote_identifier(name));
  for (const char* value : {"true", "false"})
    if (in_partitions)
      sql += fmt::format("CREATE TABLE {} PARTITION OF {} FOR VALUES IN ({});", part(value),
                         quote_identifier(name), value);
  std::vector<std::string> tables{quote_identifier(name)};
  if (in_partitions) tables.insert(tables.end(), {part("true"), part("false")});
  if (identity == 'f')
    for (const std::string& table : tables)
      sql += fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL;", table);
  if (identity == 'i')
    sql += fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {};", quote_identifier(name), constraint);
  return sql + "\n";
}

std::string RandomTable::alter(const RandomAlteration& alteration) {
  if (alteration.kind == Kind::swap_partition || alteration.kind == Kind::truncate_partition) {
    if (!in_partitions) return {};
    if (alteration.kind == Kind::swap_partition) return swap_partition(alteration.pick);
    return fmt::format("TRUNCATE {};", part(alteration.pick % 2 == 0 ? "true" : "false"));
  }
  return alter_column(alteration);
}

std::string RandomTable::alter_column(const RandomAlteration& alteration) {
  if (alteration.kind == Kind::add) {
    add(alteration.column);
    return of_all(added(columns.back(), alteration.filled, alteration.pick));
  }
  const std::size_t place = alteration.pick % columns.size();
  RandomColumn& column = columns[place];
  const std::string before = quote_identifier(column.name);
  switch (alteration.kind) {
    case Kind::drop:
      if (columns.size() == 1) return {};
      columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(place));
      return of_all("DROP " + before);
    case Kind::rename:
      column.name = alteration.column.name + std::to_string(columns_ever++);
      return of_all(fmt::format("RENAME {} TO {}", before, quote_identifier(column.name)));
    case Kind::retype:
      column.type = type_named("text");
      return of_all(fmt::format("ALTER {} DROP DEFAULT", before)) +
             of_all(fmt::format("ALTER {0} TYPE text USING upper({0}::text)", before));
    case Kind::renew:
      return of_all("DROP " + before) + of_all(added(column, alteration.filled, alteration.pick));
    default: return {};
  }
}

// Away goes what it holds, and what was away comes: first nothing, then what it held, changed meanwhile.
std::string RandomTable::swap_partition(std::uint32_t pick) {
  const std::string now = part("true"), aside = part("aside"), other = part("other");
  std::string sql;
  if (!has_aside) {
    sql = fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL);", aside, quote_identifier(name));
    if (identity == 'f') sql += fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL;", aside);
  }
  has_aside = true;
  return sql +
         fmt::format(
             "ALTER TABLE {0} DETACH PARTITION {1}; ALTER TABLE {1} RENAME TO {3};"
             "UPDATE {2} SET doc = doc || '{4}' WHERE price IS NULL; ALTER TABLE {2} RENAME TO {1};"
             "ALTER TABLE {3} RENAME TO {2}; ALTER TABLE {0} ATTACH PARTITION {1} FOR VALUES IN (true);",
             quote_identifier(name), now, aside, other, pick);
}

std::string RandomTable::of_all(const std::string& action) const {
  std::string sql = fmt::format("ALTER TABLE {} {};", quote_identifier(name), action);
  if (has_aside) sql += fmt::format("ALTER TABLE {} {};", part("aside"), action);
  return sql;
}

rc::Gen<RandomTable> random_table(bool binary) {
  return rc::gen::exec([binary] {
    RandomTable table;
    table.name = *rc::gen::elementOf(kNames);
    table.key = *rc::gen::inRange<std::size_t>(0, std::size(kKeys));
    table.second_key = *rc::gen::arbitrary<bool>();
    table.in_partitions = table.second_key && *rc::gen::arbitrary<bool>();
    table.identity = table.in_partitions ? *rc::gen::element('d', 'f') : *rc::gen::element('d', 'f', 'i');
    for (int columns = *rc::gen::inRange(1, 7); columns > 0; --columns) table.add(*random_column(binary));
    return table;
  });
}

// A column that comes while a slot streams in binary form may have none.
rc::Gen<RandomAlteration> random_alteration() {
  return rc::gen::exec([] {
    RandomAlteration alteration;
    alteration.kind = *rc::gen::weightedElement<Kind>({{4, Kind::add},
                                                       {2, Kind::drop},
                                                       {2, Kind::rename},
                                                       {3, Kind::retype},
                                                       {1, Kind::renew},
                                                       {6, Kind::swap_partition},
                                                       {3, Kind::truncate_partition}});
    alteration.column = *random_column(false);
    alteration.filled = *rc::gen::arbitrary<bool>();
    alteration.pick = *rc::gen::inRange<std::uint32_t>(0, 1'000'000);
    return alteration;
  });
}

}  // namespace freshet::test
