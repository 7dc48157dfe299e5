#include <fmt/format.h>

#include "app/doctor/checks.h"
#include "app/running_project.h"

namespace freshet::app::doctor {
namespace {

constexpr const char* kLine = "line";

// With what they say themselves to do about it.
std::string next_step(const std::string& hint) {
  return hint.empty() ? "freshet status shows more" : hint;
}

void check_stages(const LineStatus& status, Findings& findings) {
  for (const StageLine& stage : status.stages) {
    if (stage.error.empty() || stage.state == "running") continue;
    const std::string what = fmt::format("is {}: {}", stage.state, stage.error);
    if (stage.state == "retrying")
      findings.warn("stage", stage.name, what, next_step(stage.hint));
    else
      findings.error("stage", stage.name, what, next_step(stage.hint));
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
    const std::string what = fmt::format("is {}: {}", stream.state, stream.error);
    if (paused)
      findings.warn("stream", stream.name, what, next_step(stream.hint));
    else
      findings.error("stream", stream.name, what, next_step(stream.hint));
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
