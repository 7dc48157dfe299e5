#include "app/unresolved_keys.h"

#include <nlohmann/json.hpp>

#include "change/text/pg_text.h"
#include "change/tuple.h"

namespace freshet::app {
namespace {

std::string text_of(const Field& field, const Column& column) {
  if (field.form == Form::text) return std::string(field.bytes);
  std::string text;
  if (field.form != Form::binary || !pg_text::append_text(text, column.type, field.bytes))
    throw Error(ErrorKind::data, "the key column " + column.name + " has no value");
  return text;
}

std::vector<std::string> key_of(std::string_view tuple, const TableSchema& schema) {
  std::vector<std::string> key;
  TupleReader fields(tuple);
  for (const Column& column : schema.columns) {
    const Field field = fields.next();
    if (column.key) key.push_back(text_of(field, column));
  }
  return key;
}

capture::KeyRequest empty_request(const load::UnresolvedKeys& unresolved) {
  capture::KeyRequest request;
  request.schema = unresolved.schema.schema;
  request.table = unresolved.schema.table;
  for (const Column& column : unresolved.schema.columns)
    if (column.key) request.columns.push_back(column.name);
  request.v = unresolved.v;
  return request;
}

}  // namespace

std::vector<capture::KeyRequest> key_requests(const load::UnresolvedKeys& unresolved) {
  std::vector<capture::KeyRequest> requests;
  for (const std::string& tuple : unresolved.keys) {
    if (requests.empty() || requests.back().keys.size() == capture::kKeysPerRequest)
      requests.push_back(empty_request(unresolved));
    requests.back().keys.push_back(key_of(tuple, unresolved.schema));
  }
  return requests;
}

std::string to_json(const capture::KeyRequest& request) {
  nlohmann::json json{{"schema", request.schema},
                      {"table", request.table},
                      {"columns", request.columns},
                      {"keys", request.keys}};
  if (request.v) json["v"] = request.v->value();
  return json.dump();
}

capture::KeyRequest key_request(const std::string& json) try {
  const nlohmann::json read = nlohmann::json::parse(json);
  capture::KeyRequest request;
  read.at("schema").get_to(request.schema);
  read.at("table").get_to(request.table);
  read.at("columns").get_to(request.columns);
  read.at("keys").get_to(request.keys);
  if (read.contains("v")) request.v = Lsn(read.at("v").get<std::uint64_t>());
  return request;
} catch (const nlohmann::json::exception& error) {
  throw Error(ErrorKind::data, std::string("keys to read: ") + error.what());
}

}  // namespace freshet::app
