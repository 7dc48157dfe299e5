#include "app/running_project.h"

#include "adapter/files/directory.h"
#include "app/control.h"
#include "app/line_status_join.h"
#include "app/line_status_json.h"
#include "app/variables.h"

namespace freshet::app {

std::filesystem::path project_of(const std::filesystem::path& named, const DataDir& data) {
  if (!named.empty()) return named;
  for (const Role role : kRoles)
    if (auto note = files::read_whole(data.project_note(role))) return *note;
  throw Error(ErrorKind::config, "nothing has run on " + data.path().string(), "name the project");
}

contract::Environment environment_for(const DataDir& data) {
  for (const Role role : {Role::load, Role::capture})
    if (const auto answer = ask(data.socket(role), "variables"))
      return overlaid(variables_from_json(*answer), contract::process_environment());
  return contract::process_environment();
}

std::optional<LineStatus> ask_the_line(const DataDir& data) {
  const auto line = [&](Role role) -> std::optional<LineStatus> {
    const auto answer = ask(data.socket(role), "status");
    return answer ? std::optional(line_status_from_json(*answer)) : std::nullopt;
  };
  std::optional<LineStatus> load = line(Role::load);
  std::optional<LineStatus> capture = line(Role::capture);
  if (load && capture) return joined(std::move(*load), *capture);
  return load ? load : capture;
}

}  // namespace freshet::app
