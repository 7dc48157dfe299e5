// What the parameters and headers of one request say about its query, in ClickHouse's names.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapter/http/request.h"
#include "store/engine.h"

namespace freshet::store {

using Settings = std::map<std::string, std::string>;

struct QueryRequest {
  std::string query;  // the part in the URL
  std::string query_id;
  std::string database;
  std::string default_format = "TabSeparated";
  std::string session_id;
  std::chrono::seconds session_timeout{60};
  bool session_check = false;  // the session has to be there
  bool close_session = false;
  bool read_only = false;        // GET, or the setting readonly
  bool hold_to_the_end = false;  // wait_end_of_query: answer only when all went well
  bool may_compress = false;
  bool native_protocol = false;  // the client asked for a revision of Native (clickhouse-go)
  std::vector<std::string> roles;
  Parameters parameters;
  Settings settings;  // every other parameter is one of the engine's settings
};

// ClickHouseError when a value can't be used.
QueryRequest read_query_request(const http::Request& request);

}  // namespace freshet::store
