// A connection to the engine with what requests have set on it: query id, settings, database, roles. A
// request without a session gets a new one; a session keeps one for all its requests.
#pragma once

#include <optional>
#include <string>

#include "store/access.h"
#include "store/engine.h"
#include "store/query_request.h"

namespace freshet::store {

class Workspace {
 public:
  Workspace(const Engine& engine, User user);

  // Before every statement. Settings of an earlier request of the session are taken back first: they count
  // for their own request only, while what SET statements set stays.
  void prepare(const QueryRequest& request);
  // After a failed statement, at once: until then the engine keeps its rows, and counts its query as running.
  void recover() noexcept;

  Connection& connection() { return connection_; }

 private:
  struct Applied {
    std::string value;
    std::string original;  // as in SET name = …
  };

  void take_roles(const std::vector<std::string>& roles);
  void take_back_settings(const Settings& wanted);
  std::string original_of(const std::string& name);

  User user_;
  Connection connection_;
  bool failed_ = false;
  bool roles_changed_ = false;
  std::map<std::string, Applied> applied_;
};

}  // namespace freshet::store
