#include <fmt/format.h>

#include "app/doctor/checks.h"
#include "app/running_project.h"

namespace freshet::app::doctor {
namespace {

constexpr const char* kLine = "line";

// A StageLine or StreamLine, with what it says itself to do about it.
template <class Part>
void tell(const char* check, const Part& part, bool may_be, Findings& findings) {
  const std::string what = fmt::format("is {}: {}", part.state, part.error);
  const std::string mend = part.hint.empty() ? "freshet status shows more" : part.hint;
  if (may_be)
    findings.warn(check, part.name, what, mend);
  else
    findings.error(check, part.name, what, mend);
}

void check_stages(const LineStatus& status, Findings& findings) {
  for (const StageLine& stage : status.stages) {
    if (stage.error.empty() || stage.state == "running") continue;
    tell("stage", stage, stage.state == "retrying", findings);
  }
}

// What capture says of a table is found at the source, and a sweep that asks, in ClickHouse.
void check_streams(const LineStatus& status, Findings& findings) {
  std::size_t standing = 0;
  for (const StreamLine& stream : status.streams) {
    const bool paused = stream.state == "paused";
    if (!paused && stream.state != "stopped" && stream.state != "gap" && stream.state != "quarantined")
      continue;
    ++standing;
    tell("stream", stream, paused, findings);
  }
  if (standing == 0) findings.ok("streams", kLine, "none stands, and nothing is in quarantine");
}

}  // namespace

void check_line(const Patient& patient, Findings& findings) try {
  const std::optional<LineStatus> status = ask_the_line(patient.data);
  if (!status) {
    findings.ok("reach", kLine, "it doesn't run now, so how its streams stand wasn't looked at");
    return;
  }
  check_stages(*status, findings);
  check_streams(*status, findings);
} catch (const Error& error) {
  findings.couldnt_look("reach", kLine, error);
}

}  // namespace freshet::app::doctor
