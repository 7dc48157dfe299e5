#include "capture/relation_lookup.h"

#include <fmt/format.h>

namespace freshet::capture {
namespace {

constexpr std::chrono::milliseconds kDeadline{10'000};

struct ColumnFact {
  bool not_null = false;
  bool primary_key = false;
};

constexpr const char* kColumnFacts = R"(
  SELECT a.attname, a.attnotnull, coalesce(a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), false)
  FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped)";

std::map<std::string, ColumnFact, std::less<>> column_facts(postgres::Connection& connection,
                                                            pgoutput::Oid relation) {
  const postgres::Result rows = connection.query(kColumnFacts, {std::to_string(relation)}, kDeadline);
  std::map<std::string, ColumnFact, std::less<>> facts;
  for (int row = 0; row < rows.rows(); ++row)
    facts[std::string(rows.text(row, 0))] = {rows.text(row, 1) == "t", rows.text(row, 2) == "t"};
  return facts;
}

// Also of a table that is gone. An OID never changes its kind.
bool may_have_partitions(postgres::Connection& connection, pgoutput::Oid relation) {
  const postgres::Result plain = connection.query(
      "SELECT FROM pg_class WHERE oid = $1::oid AND relkind = 'r'", {std::to_string(relation)}, kDeadline);
  return plain.rows() == 0;
}

}  // namespace

UnreadableInBinary::UnreadableInBinary(const std::string& stream, const Column& column)
    : Error(ErrorKind::transient,
            fmt::format(
                "{}.{} has type {}, whose binary form can't be read: streaming starts again in text form",
                stream, column.name, column.type.name)) {}

RelationFacts CatalogueLookup::operator()(const pgoutput::Relation& message) {
  try {
    return ask(message);
  } catch (const postgres::SqlError&) {
    // The connection may have been idle for days: once more, on a fresh one.
    types_.reset();
    connection_.reset();
    return ask(message);
  }
}

RelationFacts CatalogueLookup::ask(const pgoutput::Relation& message) {
  if (!connection_) {
    connection_.emplace(options_);
    types_.emplace(*connection_);
  }
  const auto known = column_facts(*connection_, message.oid);
  RelationFacts facts;
  facts.schema.relation_oid = message.oid;
  facts.schema.schema = message.schema;
  facts.schema.table = message.table;
  facts.schema.identity = message.identity;
  facts.sends_whole_rows =
      message.identity == ReplicaIdentity::full && !may_have_partitions(*connection_, message.oid);
  bool has_primary_key = false;
  for (const pgoutput::RelationColumn& from : message.columns) {
    // A column that was renamed or dropped since: whatever can be said of it without the catalogue.
    const auto fact = known.find(from.name);
    const ColumnFact now = fact == known.end() ? ColumnFact() : fact->second;
    Column column;
    column.name = from.name;
    column.key = from.identity;
    column.nullable = !now.not_null;
    column.type = types_->resolve(from.type, from.typmod);
    if (binary_ && !readable_in_binary(column.type))
      throw UnreadableInBinary(stream_name(facts.schema), column);
    facts.schema.columns.push_back(std::move(column));
    facts.primary_key.push_back(now.primary_key);
    has_primary_key |= now.primary_key;
  }
  if (!has_primary_key) facts.primary_key.clear();
  return facts;
}

}  // namespace freshet::capture
