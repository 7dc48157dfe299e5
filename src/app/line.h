// Line: the stages of one process put together, from PostgreSQL to the status page. The one place where all
// of them are known. Owned by the main thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/clickhouse/endpoint.h"
#include "app/data_dir.h"
#include "app/line_status.h"
#include "app/supervisor.h"
#include "app/variables.h"
#include "contract/contract.h"
#include "contract/project.h"
#include "journal/kafka.h"

namespace freshet::app {

struct LineOptions {
  contract::Project project;
  std::vector<contract::StreamContract> contracts;
  std::string source;                              // the address, with its password
  std::optional<journal::KafkaOptions> kafka;      // nothing: the embedded journal
  std::optional<clickhouse::Endpoint> clickhouse;  // nothing: the embedded engine
  bool capture = true;
  bool load = true;
  std::string give_up_position;  // capture::Options
  std::filesystem::path store_program;
  Variables variables;  // of the environment, that the project refers to
};

// Of the project in that folder, with names that ClickHouse takes. Throws Error{config} with file and line.
std::vector<contract::StreamContract> load_contracts(const std::filesystem::path& project);

// For the project in that folder, its contracts and addresses read. Throws Error{config} with file and line.
LineOptions line_options(const std::filesystem::path& project, const contract::Environment& environment);

class Line {
 public:
  // Takes the ports, and starts nothing else yet. Throws Error{config}.
  Line(LineOptions options, const DataDir& data, Clock& clock, Supervisor::FailureListener on_failure);
  ~Line();

  void start();
  // In order; within the deadlines of what is under way.
  void stop();

  // The project as it is now, read and found sound, once somebody has asked for it by the control socket and
  // more has changed than that streams were added, which it takes in by itself: the line is to be put
  // together anew from it.
  std::optional<LineOptions> take_reload();

  // What it goes by, the streams that it has taken in included.
  LineOptions options() const;

  // Collects, and publishes it for the status page and the control socket.
  const LineStatus& refresh();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace freshet::app
