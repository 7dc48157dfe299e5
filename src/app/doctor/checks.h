// What `freshet doctor` looks at, a file for each part: doctor/<part>.cpp. Every check only reads, takes its
// turn on the main thread, and tells what it found instead of throwing; what couldn't be asked is told, too.
#pragma once

#include <optional>
#include <string>

#include "adapter/clickhouse/endpoint.h"
#include "adapter/postgres/connection.h"
#include "app/data_dir.h"
#include "app/doctor/findings.h"
#include "app/line.h"
#include "capture/source_check.h"

namespace freshet::app::doctor {

struct Patient {
  const LineOptions& options;
  const DataDir& data;  // may not be there
  bool has_journal = false;
  bool capture_runs = false;
  bool load_runs = false;
  std::optional<clickhouse::Endpoint> clickhouse;  // as far as it is known where it is
};

// Settings, rights, room, the slot, transactions that hold a snapshot up, the publication and its tables.
void check_source(const Patient& patient, Findings& findings);
// Contracts beside what the source's tables are. `seen`: those that could be looked at.
void check_tables(const Patient& patient, postgres::Connection& source, const capture::Inspection& seen,
                  Findings& findings);
// Room for the journal, and the port.
void check_machine(const Patient& patient, Findings& findings);
// What the processes that run say of their stages, and of streams that stand or have something in quarantine.
void check_line(const Patient& patient, Findings& findings);
// Within reach, its version and rights, and the mirrors that are there.
void check_clickhouse(const Patient& patient, Findings& findings);

}  // namespace freshet::app::doctor
