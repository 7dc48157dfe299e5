#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/doctor/checks.h"
#include "capture/catalog.h"
#include "contract/diff.h"

namespace freshet::app::doctor {
namespace {

using contract::StreamContract;
using postgres::Connection;
using postgres::Result;

const StreamContract* find(const Patient& patient, std::string_view stream) {
  for (const StreamContract& contract : patient.options.contracts)
    if (contract::to_string(contract.source) == stream) return &contract;
  return nullptr;
}

void compare(const StreamContract& contract, const TableSchema& table, Findings& findings) {
  const std::vector<contract::Finding> differences = contract::diff(contract, table);
  for (const contract::Finding& found : differences) {
    if (contract::is_violation(found.kind))
      findings.error("contract", stream_name(table), found.text, found.hint);
    else
      findings.warn("contract", stream_name(table), found.text, found.hint);
  }
}

void compare_streamed(const Patient& patient, const capture::Inspection& seen, Findings& findings) {
  for (const TableSchema& table : seen.tables)
    if (const StreamContract* contract = find(patient, stream_name(table)))
      compare(*contract, table, findings);
}

// Of a table that no publication shows: what the contract takes of it.
TableSchema as_taken(Connection& source, const StreamContract& contract) {
  TableSchema table = capture::describe_table(source, contract.source.schema, contract.source.table);
  std::erase_if(table.columns, [&](const Column& column) { return contract.find(column.name) == nullptr; });
  return table;
}

void compare_periodic(const Patient& patient, Connection& source, Findings& findings) {
  for (const StreamContract& contract : patient.options.contracts) {
    if (contract.mode != contract::Mode::periodic) continue;
    try {
      compare(contract, as_taken(source, contract), findings);
    } catch (const Error& error) {
      findings.error("contract", contract::to_string(contract.source), error);
    }
  }
}

// Before there is a publication the tables are as they would be published.
void compare_unpublished(const Patient& patient, Connection& source, const capture::Inspection& seen,
                         Findings& findings) {
  for (const StreamContract& contract : patient.options.contracts) {
    const std::string stream = contract::to_string(contract.source);
    const bool told =
        std::ranges::find(seen.broken, stream, &capture::BrokenRule::stream) != seen.broken.end();
    if (contract.mode != contract::Mode::streamed || told) continue;
    compare(contract, as_taken(source, contract), findings);
  }
}

void tell_form(const capture::Inspection& seen, Findings& findings) {
  std::string why;
  int columns = 0;
  for (const TableSchema& table : seen.tables) {
    for (const Column& column : table.columns) {
      if (readable_in_binary(column.type)) continue;
      if (++columns == 1) why = fmt::format("{}.{} is {}", stream_name(table), column.name, column.type.name);
    }
  }
  if (columns > 1) why += fmt::format(", and {} more columns", columns - 1);
  findings.ok("form", "stream",
              why.empty() ? "in binary form"
                          : "in text form, which costs the source more: binary can't be read back of " + why);
}

// Each table of the publication, whether we know it or not: what it does to the source is the source's.
void check_publication(const Patient& patient, Connection& source, Findings& findings) {
  const std::string& publication = patient.options.project.source.publication;
  const Result rows = source.query(
      "SELECT p.schemaname, p.tablename, c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS "
      "(SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate), "
      "entry.nspname, entry.relname "
      "FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname "
      "JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename "
      // Published one by one, partitions stand there themselves, and in the publication the table above them.
      "LEFT JOIN LATERAL (SELECT en.nspname, ec.relname FROM pg_publication_rel r "
      "JOIN pg_publication pub ON pub.oid = r.prpubid AND pub.pubname = p.pubname "
      "JOIN pg_class ec ON ec.oid = r.prrelid JOIN pg_namespace en ON en.oid = ec.relnamespace "
      "WHERE ec.oid = c.oid OR ec.oid IN (SELECT relid FROM pg_partition_ancestors(c.oid)) "
      "ORDER BY ec.oid = c.oid DESC LIMIT 1) AS entry ON true WHERE p.pubname = $1 "
      "ORDER BY 1, 2",
      {publication});
  for (int row = 0; row < rows.rows(); ++row) {
    const contract::TableName name{std::string(rows.text(row, 0)), std::string(rows.text(row, 1))};
    const std::string stream = contract::to_string(name);
    if (find(patient, stream) != nullptr) continue;
    const std::string drop =
        fmt::format("ALTER PUBLICATION {} DROP TABLE ONLY {}", postgres::quote_identifier(publication),
                    rows.value(row, 3) ? postgres::quote_table(rows.text(row, 3), rows.text(row, 4))
                                       : postgres::quote_table(name.schema, name.table));
    if (rows.text(row, 2) == "t")
      findings.error("publication", stream,
                     "is published without a key: every UPDATE and DELETE of it fails at the source", drop);
    else
      findings.warn("publication", stream, "is published, and has no contract: it is sent here and dropped",
                    "write its contract (freshet init into another folder drafts one), or " + drop);
  }
}

struct Shape {
  std::vector<std::string> generated;
  std::vector<std::string> children;
};

Shape shape_of(Connection& source, const contract::TableName& name) {
  const Result table = source.query(
      "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
      "WHERE nspname = $1 AND relname = $2",
      {name.schema, name.table});
  Shape shape;
  if (table.rows() == 0) return shape;
  const std::string oid(table.text(0, 0));
  const Result generated = source.query(
      "SELECT attname FROM pg_attribute WHERE attrelid = $1::oid AND attgenerated <> '' AND NOT attisdropped",
      {oid});
  for (int row = 0; row < generated.rows(); ++row) shape.generated.emplace_back(generated.text(row, 0));
  const Result children = source.query(
      "SELECT n.nspname || '.' || c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid "
      "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class p ON p.oid = h.inhparent "
      "WHERE h.inhparent = $1::oid AND p.relkind = 'r'",
      {oid});
  for (int row = 0; row < children.rows(); ++row) shape.children.emplace_back(children.text(row, 0));
  return shape;
}

void check_shapes(const Patient& patient, Connection& source, Findings& findings) {
  for (const StreamContract& contract : patient.options.contracts) {
    const std::string stream = contract::to_string(contract.source);
    const Shape shape = shape_of(source, contract.source);
    for (const std::string& column : shape.generated)
      findings.ok("generated columns", stream,
                  fmt::format("column {} is generated: PostgreSQL before 18 never sends it", column));
    for (const std::string& child : shape.children) {
      if (find(patient, child) == nullptr)
        findings.warn("inheritance", stream,
                      fmt::format("{} inherits from it and has no contract: its rows, which SELECT shows "
                                  "among the parent's, are in no mirror",
                                  child),
                      fmt::format("write a contract for {}", child));
      else
        findings.ok("inheritance", stream, fmt::format("the rows of {} are in its own mirror", child));
    }
  }
}

}  // namespace

void check_tables(const Patient& patient, Connection& source, const capture::Inspection& seen,
                  Findings& findings) {
  const std::size_t before = findings.all().size();
  compare_streamed(patient, seen, findings);
  compare_periodic(patient, source, findings);
  if (seen.tables.empty()) compare_unpublished(patient, source, seen, findings);
  if (findings.all().size() == before && seen.broken.empty())
    findings.ok("contracts", "contracts",
                fmt::format("{} contracts are what the source is", patient.options.contracts.size()));
  if (!seen.tables.empty()) tell_form(seen, findings);
  check_publication(patient, source, findings);
  check_shapes(patient, source, findings);
}

}  // namespace freshet::app::doctor
