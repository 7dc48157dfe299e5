// What `freshet doctor` found, as values: collected by the checks beside this file, told as text or JSON.
// Main thread.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace freshet::app::doctor {

enum class Severity { error, warning, ok };

struct Finding {
  Severity severity = Severity::ok;
  std::string check;  // what was looked at, in few words
  std::string where;  // a table, a slot, a folder
  std::string what;
  std::string mend;  // the statement or command; empty where all is well
};

class Findings {
 public:
  void ok(std::string check, std::string where, std::string what);
  void warn(std::string check, std::string where, std::string what, std::string mend);
  void error(std::string check, std::string where, std::string what, std::string mend);
  void error(std::string check, std::string where, const Error& error);
  // Neither right nor wrong: it couldn't be asked.
  void couldnt_look(std::string check, std::string where, const Error& error);

  const std::vector<Finding>& all() const { return all_; }
  bool looked_everywhere() const { return looked_everywhere_; }
  int exit_status() const;

 private:
  std::vector<Finding> all_;
  bool looked_everywhere_ = true;
};

// The worst first.
std::string to_text(const Findings& findings);
std::string to_json(const Findings& findings);

}  // namespace freshet::app::doctor
