#include "store/engine.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/error.h"

namespace freshet::store {
namespace {

// Parameters as the C interface wants them: four arrays that point into the strings.
class ParameterArrays {
 public:
  explicit ParameterArrays(const Parameters& parameters) {
    for (const auto& [name, value] : parameters) {
      names.push_back(name.data());
      name_sizes.push_back(name.size());
      values.push_back(value.data());
      value_sizes.push_back(value.size());
    }
  }

  std::vector<const char*> names;
  std::vector<std::size_t> name_sizes;
  std::vector<const char*> values;
  std::vector<std::size_t> value_sizes;
};

void throw_if_failed(chdb_result* result) {
  if (result == nullptr) throw ClickHouseError::of_engine("The engine gave neither a result nor an error");
  if (const char* error = chdb_result_error(result)) throw ClickHouseError::of_engine(error);
}

void throw_if_failed(chdb_insert_stream* stream) {
  CHECK(stream != nullptr);
  if (const char* error = chdb_stream_insert_error(stream)) throw ClickHouseError::of_engine(error);
}

chdb_connection** connect_or_throw(const std::string& path_argument, const std::string& config_argument) {
  std::string program = "freshet-store";
  std::string path = path_argument;
  std::string config = config_argument;
  std::array<char*, 3> arguments{program.data(), path.data(), config.data()};
  chdb_connection** connection = chdb_connect(static_cast<int>(arguments.size()), arguments.data());
  if (connection == nullptr) {
    throw Error(ErrorKind::config,
                "the embedded engine can't open " + path_argument.substr(path_argument.find('=') + 1),
                "its own message is on standard error; another process may hold the data");
  }
  return connection;
}

std::string one_value(Connection& connection, std::string_view sql) {
  const Result result = connection.query(sql, "TabSeparatedRaw");
  std::string_view text = result.bytes();
  while (text.ends_with('\n')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

std::string_view Result::bytes() const {
  return {chdb_result_buffer(result_.get()), chdb_result_length(result_.get())};
}

Statistics Result::statistics() const {
  chdb_result* result = result_.get();
  return {.read_rows = chdb_result_storage_rows_read(result),
          .read_bytes = chdb_result_storage_bytes_read(result),
          .written_rows = chdb_result_rows_written(result),
          .written_bytes = chdb_result_bytes_written(result),
          .result_rows = chdb_result_rows_read(result),
          .result_bytes = chdb_result_bytes_read(result),
          .elapsed_ns = static_cast<std::uint64_t>(chdb_result_elapsed(result) * 1e9)};
}

void InsertStream::append(std::string_view bytes) {
  if (chdb_stream_append(stream_.get(), bytes.data(), bytes.size()) == CHDB_SUCCESS) return;
  throw_if_failed(stream_.get());
  throw ClickHouseError::of_engine("The insert takes no more data");
}

Statistics InsertStream::finish() {
  chdb_result* raw = chdb_stream_done(stream_.get());
  const Result result(raw);
  throw_if_failed(raw);
  return result.statistics();
}

Result Connection::query(std::string_view sql, std::string_view format, const Parameters& parameters) {
  const ParameterArrays arrays(parameters);
  chdb_result* raw = chdb_query_with_params_n(
      *connection_, sql.data(), sql.size(), format.data(), format.size(), arrays.names.data(),
      arrays.name_sizes.data(), arrays.values.data(), arrays.value_sizes.data(), parameters.size());
  Result result(raw);
  throw_if_failed(raw);
  return result;
}

InsertStream Connection::insert(std::string_view head, std::string_view format,
                                const Parameters& parameters) {
  const ParameterArrays arrays(parameters);
  chdb_insert_stream* raw = chdb_stream_insert_with_params_n(
      *connection_, head.data(), head.size(), format.data(), format.size(), arrays.names.data(),
      arrays.name_sizes.data(), arrays.values.data(), arrays.value_sizes.data(), parameters.size());
  InsertStream stream(raw);
  throw_if_failed(raw);
  return stream;
}

Analysis Connection::analyze(std::string_view sql) {
  chdb_query_analysis_v1 analysis{sizeof(chdb_query_analysis_v1), 0, 0, CHDB_QUERY_UNKNOWN};
  if (chdb_classify_query_n(*connection_, sql.data(), sql.size(), nullptr, 0, &analysis) != CHDB_SUCCESS) {
    return {CHDB_QUERY_UNKNOWN, 0};
  }
  return {static_cast<chdb_query_class>(analysis.query_class), analysis.statement_count};
}

void Connection::clear_leftovers() {
  query("SELECT 1 FORMAT Null");
}

Engine::Engine(const EngineOptions& options)
    : path_argument_("--path=" + options.data_path),
      config_argument_("--config-file=" + options.config_file),
      anchor_(connect_or_throw(path_argument_, config_argument_)),
      version_(one_value(anchor_, "SELECT version()")),
      timezone_(one_value(anchor_, "SELECT timezone()")),
      display_name_(one_value(anchor_, "SELECT displayName()")),
      query_memory_(std::stoull(one_value(anchor_, "SELECT getSetting('max_memory_usage')"))) {}

Connection Engine::connect() const {
  return Connection(connect_or_throw(path_argument_, config_argument_));
}

// The engine gives its own query ids and can't be told one, so ours travel in the setting log_comment.
void Engine::kill(std::string_view query_id) const {
  connect().query(
      fmt::format("KILL QUERY WHERE Settings['log_comment'] = {} ASYNC", string_literal(query_id)));
}

std::string string_literal(std::string_view text) {
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') out += '\\';
    out += letter;
  }
  out += '\'';
  return out;
}

}  // namespace freshet::store
