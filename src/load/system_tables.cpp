#include "load/system_tables.h"

#include <fmt/format.h>

namespace freshet::load {
namespace {

const TableColumn kAt{"at", "DateTime64(6, 'UTC')", "now64(6, 'UTC')"};
constexpr const char* kEnds = "Array(Tuple(stream String, partition Int32, offset UInt64))";

std::vector<TableColumn> watermark_columns() {
  return {{"round", "UInt64"},      {"term", "UInt64"},
          {"journal", "String"},    {"generation", "UInt64"},
          {"number", "UInt64"},     {"epoch", "UInt8"},
          {"commit_lsn", "UInt64"}, {"committed_at", "DateTime64(6, 'UTC')"},
          {"ends", kEnds}};
}

TableDefinition rounds_table(const char* name, std::vector<TableColumn> more) {
  TableDefinition table{"freshet", name, watermark_columns(), "MergeTree", {"round"}};
  table.columns.insert(table.columns.end(), more.begin(), more.end());
  table.columns.push_back(kAt);
  table.partition_by = fmt::format("intDiv(round, {})", kRoundsPerPartition);
  return table;
}

}  // namespace

TableDefinition terms_table() {
  return {"freshet",
          "terms",
          {{"term", "UInt64"}, {"claim", "String"}, {"holder", "String"}, {"released", "UInt8"}, kAt},
          "ReplacingMergeTree(released)",
          {"term", "claim"}};
}

std::vector<TableDefinition> system_tables() {
  return {
      terms_table(),
      rounds_table("intents", {}),
      rounds_table(
          "cuts",
          {{"behind",
            "Array(Tuple(stream String, epoch UInt8, commit_lsn UInt64, partition Int32, offset UInt64))"},
           {"in_part", "Array(Tuple(stream String, epoch UInt8, commit_lsn UInt64, committed_at Int64))"}}),
      {"freshet",
       "floors",
       {{"table", "String"}, {"version", "UInt128"}, {"round", "UInt64"}, kAt},
       "ReplacingMergeTree",
       {"table", "version"}},
      {"freshet",
       "fills",
       {{"table", "String"},
        {"key", "String"},
        {"version", "UInt128"},
        {"column", "String"},
        {"value", "String"},
        {"last_resort", "UInt8"},
        {"round", "UInt64"},
        kAt},
       "ReplacingMergeTree",
       {"table", "key", "version", "column", "last_resort"},
       {},
       // A stream that stood longer has lost its records and is snapshotted again.
       "toDateTime(at) + INTERVAL 90 DAY"},
      {"freshet",
       "waiting",
       {{"table", "String"},
        {"version", "UInt128"},
        {"key", "String"},
        {"donor", "String"},
        {"op", "UInt8"},
        {"committed_at", "Int64"},
        {"schema", "String"},
        {"old", "String"},
        {"row", "String"},
        {"round", "UInt64"},
        {"done_round", "UInt64"},
        kAt},
       "ReplacingMergeTree",
       {"table", "key", "version", "done_round"}},
      {"freshet",
       "quarantine",
       {{"table", "String"},
        {"version", "UInt128"},
        {"key", "String"},
        {"donor", "String"},
        {"op", "UInt8"},
        {"committed_at", "Int64"},
        {"schema", "String"},
        {"old", "String"},
        {"row", "String"},
        {"of_stream", "UInt8"},
        {"reason", "String"},
        {"hint", "String"},
        {"contract", "String"},
        {"round", "UInt64"},
        {"done_round", "UInt64"},
        {"outcome", "String"},
        {"note", "String"},
        kAt},
       "ReplacingMergeTree",
       {"table", "version", "key", "round", "done_round"}},
      {"freshet",
       "snapshots",
       {{"table", "String"},
        {"round", "UInt64"},
        {"version", "UInt128"},
        {"running", "UInt8"},
        {"flags", "UInt8"},
        kAt},
       "ReplacingMergeTree",
       {"table", "round", "version", "running"}},
      {"freshet",
       "sweeps",
       {{"table", "String"},
        {"version", "UInt128"},
        {"round", "UInt64"},
        {"state", "Enum8('asked' = 1, 'allowed' = 2, 'refused' = 3, 'superseded' = 4, 'swept' = 5)"},
        {"read_at", "Int64"},
        {"rows", "UInt64"},
        {"of", "UInt64"},
        {"note", "String"},
        kAt},
       "ReplacingMergeTree",
       {"table", "version", "round", "state"}},
      {"freshet",
       "repairs",
       {{"stream", "String"},
        {"began", "DateTime64(6, 'UTC')"},
        {"state", "Enum8('began' = 1, 'ended' = 2)"},
        {"missing", "UInt64"},
        {"extra", "UInt64"},
        {"values", "UInt64"},
        {"mended", "UInt64"},
        kAt},
       "ReplacingMergeTree",
       {"stream", "began", "state"}},
      {"freshet",
       "streams",
       {{"stream", "String"},
        {"state", "String"},
        {"reason", "String"},
        {"hint", "String"},
        {"change", "UInt64"},
        kAt},
       "ReplacingMergeTree(change)",
       {"stream"}},
      {"freshet",
       "frozen",
       {{"name", "String"},
        {"round", "UInt64"},
        {"commit_lsn", "UInt64"},
        {"committed_at", "DateTime64(6, 'UTC')"},
        {"tables", "Array(String)"},
        {"dropped", "UInt8"},
        kAt},
       "ReplacingMergeTree(dropped)",
       {"name"}},
  };
}

}  // namespace freshet::load
