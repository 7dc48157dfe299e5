#include "app/line_control.h"

#include "app/control.h"
#include "app/data_dir.h"
#include "base/error.h"
#include "base/shell_word.h"

namespace freshet::app {
namespace {

Error nothing_runs(const std::filesystem::path& data) {
  return Error(ErrorKind::config, "nothing runs on " + data.string(),
               "start it with: freshet up PROJECT --data " + shell_word(data.string()));
}

}  // namespace

// `up` answers where load does.
std::string ask_capture(const std::filesystem::path& data, const std::string& command,
                        const std::string& argument) {
  if (std::filesystem::exists(data)) {
    const DataDir dir(data);
    for (const Role role : {Role::capture, Role::load})
      if (auto answer = ask(dir.socket(role), command, argument)) return *answer;
  }
  throw nothing_runs(data);
}

std::string ask_load(const std::filesystem::path& data, const std::string& command,
                     const std::string& argument) {
  if (std::filesystem::exists(data))
    if (auto answer = ask(DataDir(data).socket(Role::load), command, argument)) return *answer;
  throw nothing_runs(data);
}

}  // namespace freshet::app
