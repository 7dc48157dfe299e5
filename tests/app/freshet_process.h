// A freshet process of a test: a project written by `freshet init` from a database of the test's own, a DATA
// folder that goes with it, and what the process says on its ports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/clickhouse/client.h"
#include "app/line_status.h"
#include "support/http_get.h"
#include "support/postgres.h"
#include "support/process.h"

namespace freshet::test {

struct Ended {
  int status = 0;
  std::string output;  // standard output and error
};

// Runs freshet to its end.
Ended freshet(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {});

class Installation {
 public:
  // Writes the project from the database as `statements` leave it.
  Installation(TestDatabase& database, const std::string& statements);

  std::string data() const { return folder_.path() + "/data"; }
  std::string project() const { return folder_.path() + "/project"; }
  std::string folder() const { return folder_.path(); }

  // A role on this DATA; its output in <folder>/<role>.out.
  std::unique_ptr<Process> start(const std::string& role = "up",
                                 const std::vector<std::string>& more = {}) const;
  std::string output(const std::string& role = "up") const;

  // Waits for DATA/endpoints.json. Throws when the process ends instead.
  app::EndpointLine endpoints(Process& process) const;
  std::optional<app::LineStatus> status() const;
  bool wait_until_loaded() const;
  Ended parity() const;

 private:
  TempDir folder_;
};

// The single value that a query gives, or "" while it can't be asked.
std::string mirror_value(const app::EndpointLine& endpoints, const std::string& sql);

}  // namespace freshet::test
