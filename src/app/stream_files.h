// The files of a project as `freshet stream add` and `remove` change them: whole, checked as the line reads
// them, or not at all. Main thread of a command.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "contract/contract.h"

namespace freshet::app {

// The contracts that StreamFiles::remove set aside; `file` is where. Throws Error{config} with file and line.
std::vector<contract::StreamContract> set_aside(const std::filesystem::path& project);

class StreamFiles {
 public:
  explicit StreamFiles(std::filesystem::path project) : project_(std::move(project)) {}
  // What wasn't kept is taken back.
  ~StreamFiles();

  StreamFiles(const StreamFiles&) = delete;
  StreamFiles& operator=(const StreamFiles&) = delete;

  // Writes its contract: true; or takes back the one that remove() set aside last; or finds it there. A new
  // one's mirror is none that another table's contract, set aside, may have left behind. Where pipeline.yaml
  // lists the project's schemas and lacks the table's, that is added. Throws Error{config}.
  bool add(const contract::StreamContract& drafted);
  // Sets a contract aside, as <name>.yaml.removed, or <name>.2.yaml.removed where that is taken, and so on.
  void remove(const contract::StreamContract& contract);
  // The project's contracts, read as the line reads them; its other streams keep their mirrors. Throws
  // Error{config}.
  std::vector<contract::StreamContract> checked() const;
  void keep() { done_.clear(); }

  // What was done, in words, for whoever asked.
  const std::vector<std::string>& said() const { return said_; }

 private:
  // How one file was: no content: it wasn't there.
  struct Before {
    std::filesystem::path file;
    std::optional<std::string> content;
  };
  void note(const std::filesystem::path& file);
  bool take_back(const contract::StreamContract& drafted, const std::vector<contract::StreamContract>& there);
  void write(const contract::StreamContract& drafted, const std::vector<contract::StreamContract>& there);
  std::filesystem::path free_name(const contract::StreamContract& drafted,
                                  const std::vector<contract::StreamContract>& there) const;
  std::string free_mirror(const contract::StreamContract& drafted) const;
  void add_schema(const std::string& schema);

  const std::filesystem::path project_;
  std::vector<Before> done_;
  std::vector<std::string> said_;
  std::vector<contract::StreamContract> others_;  // as they were
  bool looked_ = false;
};

}  // namespace freshet::app
