#include "store/vocabulary.h"

#include <algorithm>
#include <array>
#include <cctype>
namespace freshet::store {
namespace {

constexpr std::array<std::string_view, 19> kOpenTableFunctions{
    "dictionary", "format",      "generaterandom", "generateseries", "generate_series",
    "input",      "loop",        "merge",          "mergetreeindex", "mergetreeprojection",
    "null",       "numbers",     "numbers_mt",     "primes",         "values",
    "view",       "viewexplain", "zeros",          "zeros_mt"};

// Plain functions that read files, run programs or make disks.
constexpr std::array<std::string_view, 4> kFileFunctions{"catboostevaluate", "disk", "executable", "file"};

constexpr std::array<std::string_view, 34> kOpenTextSettings{
    "bool_false_representation",
    "bool_true_representation",
    "column_names_for_schema_inference",
    "compatibility",
    "count_distinct_implementation",
    "force_data_skipping_indices",
    "force_optimize_projection_name",
    "format_csv_null_representation",
    "format_custom_field_delimiter",
    "format_custom_result_after_delimiter",
    "format_custom_result_before_delimiter",
    "format_custom_row_after_delimiter",
    "format_custom_row_before_delimiter",
    "format_custom_row_between_delimiter",
    "format_json_object_each_row_column_for_object_name",
    "format_regexp",
    "format_tsv_null_representation",
    "ignore_data_skipping_indices",
    "input_format_mysql_dump_table_name",
    "input_format_orc_reader_time_zone_name",
    "insert_deduplication_token",
    "local_filesystem_read_method",
    "log_comment",  // carries the query id: the statement's own value is replaced
    "network_compression_method",
    "output_format_avro_codec",
    "output_format_avro_string_column_pattern",
    "output_format_orc_writer_time_zone_name",
    "output_format_pretty_grid_charset",
    "output_format_sql_insert_table_name",
    "preferred_optimize_projection_name",
    "query_cache_tag",
    "remote_filesystem_read_method",
    "temporary_files_codec",
    "workload"};

// Those that keep what they hold in the store's own folder, or in memory.
constexpr std::array<std::string_view, 22> kOpenEngines{"aggregatingmergetree",
                                                        "atomic",
                                                        "buffer",
                                                        "coalescingmergetree",
                                                        "collapsingmergetree",
                                                        "dictionary",
                                                        "generaterandom",
                                                        "graphitemergetree",
                                                        "join",
                                                        "log",
                                                        "memory",
                                                        "merge",
                                                        "mergetree",
                                                        "null",
                                                        "ordinary",
                                                        "replacingmergetree",
                                                        "set",
                                                        "stripelog",
                                                        "summingmergetree",
                                                        "tinylog",
                                                        "versionedcollapsingmergetree",
                                                        "view"};

// One query of the reader may take a part of the memory only, and may not raise it.
constexpr std::array<std::string_view, 2> kClosedToReader{"max_memory_usage", "max_memory_usage_for_user"};

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != std::end(names);
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return out;
}

std::vector<std::string> lines_of(Connection& connection, std::string_view sql) {
  const Result result = connection.query(sql, "TabSeparatedRaw");
  std::vector<std::string> lines;
  for (std::string_view rest = result.bytes(); !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

Vocabulary::Vocabulary(const Names& table_functions, const Names& engines, const Names& text_settings)
    : closed_functions_(kFileFunctions.begin(), kFileFunctions.end()) {
  for (const std::string& name : table_functions) {
    if (!is_among(in_lower_case(name), kOpenTableFunctions)) closed_functions_.insert(in_lower_case(name));
  }
  for (const std::string& name : engines) {
    if (!is_among(in_lower_case(name), kOpenEngines)) closed_engines_.insert(in_lower_case(name));
  }
  for (const std::string& name : text_settings) {
    if (!is_among(name, kOpenTextSettings)) closed_settings_.insert(name);
  }
}

bool Vocabulary::is_closed_function(std::string_view name) const {
  return closed_functions_.contains(in_lower_case(name));
}

bool Vocabulary::is_closed_engine(std::string_view name) const {
  return closed_engines_.contains(in_lower_case(name));
}

bool Vocabulary::is_closed_setting(std::string_view name, User user) const {
  return closed_settings_.contains(std::string(name)) ||
         (user == User::reader && is_among(name, kClosedToReader));
}

Vocabulary read_vocabulary(const Engine& engine) {
  Connection connection = engine.connect();
  return {
      lines_of(connection, "SELECT name FROM system.table_functions"),
      lines_of(connection,
               "SELECT name FROM system.table_engines UNION ALL SELECT name FROM system.database_engines"),
      lines_of(connection,
               "SELECT name FROM system.settings WHERE type IN ('String', 'Map', 'URI', 'Dialect')")};
}

}  // namespace freshet::store
