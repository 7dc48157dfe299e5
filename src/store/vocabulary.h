// Which of the engine's table functions, table engines and settings are open to clients. Closed is whatever
// isn't named here: a new version of the library brings new ones, and each could reach files or other hosts.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/access.h"
#include "store/engine.h"

namespace freshet::store {

class Vocabulary {
 public:
  using Names = std::vector<std::string>;
  // What the engine has: all of its table functions, all of its engines, the settings that take a text.
  Vocabulary(const Names& table_functions, const Names& engines, const Names& text_settings);

  // Also of the few plain functions that reach files.
  bool is_closed_function(std::string_view name) const;
  bool is_closed_engine(std::string_view name) const;  // of tables and databases
  // A text may be a path, an address or SQL that no check of the statement sees.
  bool is_closed_setting(std::string_view name, User user) const;

 private:
  std::set<std::string> closed_functions_;  // in lower case
  std::set<std::string> closed_engines_;    // in lower case
  std::set<std::string> closed_settings_;
};

// Asks the engine.
Vocabulary read_vocabulary(const Engine& engine);

}  // namespace freshet::store
