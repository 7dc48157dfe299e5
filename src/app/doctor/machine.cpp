#include <fmt/format.h>

#include <filesystem>

#include "app/doctor/checks.h"
#include "app/listen.h"

namespace freshet::app::doctor {
namespace {

namespace fs = std::filesystem;

constexpr double kGigabyte = 1e9;

// The folder itself, or the one it will be made in.
fs::path there(fs::path folder) {
  while (!fs::exists(folder) && folder.has_parent_path() && folder != folder.parent_path())
    folder = folder.parent_path();
  return folder;
}

void check_disk(const Patient& patient, Findings& findings) {
  if (patient.options.kafka) return;
  const fs::path journal = patient.data.path() / patient.options.project.journal.dir;
  const std::uint64_t limit = patient.options.project.journal.size_limit;
  const std::uint64_t held = bytes_below(journal);
  std::error_code failure;
  const fs::space_info space = fs::space(there(journal), failure);
  if (failure) {
    findings.couldnt_look("disk", journal.string(), Error(ErrorKind::permission, failure.message()));
    return;
  }
  const std::string room = fmt::format("{:.1f} GB are free, and the journal may grow by {:.1f} GB",
                                       static_cast<double>(space.available) / kGigabyte,
                                       static_cast<double>(limit > held ? limit - held : 0) / kGigabyte);
  if (limit > held && space.available < limit - held)
    findings.warn("disk", journal.string(), room, "make room, or lower journal.size_limit in pipeline.yaml");
  else
    findings.ok("disk", journal.string(), room);
}

// The line has it while it runs.
void check_port(const Patient& patient, Findings& findings) {
  const auto& listen = patient.options.project.http.listen;
  if (!listen || patient.capture_runs || patient.load_runs) return;
  try {
    require_free(*listen);
    findings.ok("port", *listen, "is free");
  } catch (const Error& error) {
    findings.error("port", *listen, error);
  }
}

}  // namespace

void check_machine(const Patient& patient, Findings& findings) {
  check_disk(patient, findings);
  check_port(patient, findings);
}

}  // namespace freshet::app::doctor
