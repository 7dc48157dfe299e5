#include "app/stream_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <set>

#include "adapter/files/directory.h"
#include "app/line.h"
#include "contract/introspect.h"
#include "contract/project.h"
#include "contract/yaml.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAside = ".removed";

bool has_several_schemas(const std::vector<contract::StreamContract>& contracts,
                         const contract::StreamContract& more) {
  std::set<std::string> schemas{more.source.schema};
  for (const contract::StreamContract& contract : contracts) schemas.insert(contract.source.schema);
  return schemas.size() > 1;
}

// What two contracts of one name were set aside as, at different times, stays.
fs::path free_aside(const fs::path& contract) {
  fs::path aside = contract.string() + std::string(kAside);
  for (int number = 2; fs::exists(aside); ++number)
    aside = contract.parent_path() /
            fmt::format("{}.{}{}{}", contract.stem().string(), number, contract.extension().string(), kAside);
  return aside;
}

// Of two with one beginning: free_aside() counts up.
bool set_aside_before(const contract::StreamContract& a, const contract::StreamContract& b) {
  return std::pair(a.file.size(), a.file) < std::pair(b.file.size(), b.file);
}

}  // namespace

std::vector<contract::StreamContract> set_aside(const fs::path& project) {
  std::vector<contract::StreamContract> contracts;
  for (const std::string& name : files::list(project / "contracts"))
    if (name.ends_with(".yaml" + std::string(kAside)))
      contracts.push_back(contract::parse_contract(contract::read_yaml_file(project / "contracts" / name)));
  return contracts;
}

StreamFiles::~StreamFiles() {
  for (auto before = done_.rbegin(); before != done_.rend(); ++before) try {
      if (before->content)
        files::replace(before->file, *before->content);
      else
        files::remove(before->file);
    } catch (const Error& error) {  // beside the command's own error
      fmt::print(stderr, "{} isn't as it was: {}\n", before->file.string(), error.message());
    }
}

void StreamFiles::note(const fs::path& file) {
  done_.push_back({file, files::read_whole(file)});
}

bool StreamFiles::add(const contract::StreamContract& drafted) {
  const std::vector<contract::StreamContract> there = load_contracts(project_);
  if (std::exchange(looked_, true) == false) others_ = there;
  const bool known =
      std::ranges::find(there, drafted.source, &contract::StreamContract::source) != there.end();
  const bool written = !known && !take_back(drafted, there);
  if (written) write(drafted, there);
  add_schema(drafted.source.schema);
  return written;
}

bool StreamFiles::take_back(const contract::StreamContract& drafted,
                            const std::vector<contract::StreamContract>& there) {
  std::vector<contract::StreamContract> aside = set_aside(project_);
  std::erase_if(aside, [&](const auto& contract) { return contract.source != drafted.source; });
  const auto reviewed = std::ranges::max_element(aside, set_aside_before);
  if (reviewed == aside.end()) return false;
  fs::path file = reviewed->file.substr(0, reviewed->file.size() - kAside.size());
  if (fs::exists(file)) file = free_name(drafted, there);
  note(file);
  note(reviewed->file);
  files::rename(reviewed->file, file);
  said_.push_back(fmt::format("took back {}, which was set aside", file.string()));
  return true;
}

void StreamFiles::write(const contract::StreamContract& drafted,
                        const std::vector<contract::StreamContract>& there) {
  const fs::path file = free_name(drafted, there);
  contract::StreamContract named = drafted;
  named.mirror = free_mirror(drafted);
  note(file);
  files::replace(file, contract::contract_yaml(named));
  said_.push_back(fmt::format("wrote {}: review it", file.string()));
  if (named.mirror != drafted.mirror)
    said_.push_back(
        fmt::format("its mirror is called {}: a table that was removed may have left one called {}",
                    named.mirror, drafted.mirror));
}

// A mirror stays when its table is removed, with that table's rows. It may have had its schema's name in
// front, too: that depends on the other contracts of then.
std::string StreamFiles::free_mirror(const contract::StreamContract& drafted) const {
  std::set<std::string> left;
  for (const contract::StreamContract& aside : set_aside(project_)) {
    if (aside.source == drafted.source) continue;
    left.insert(aside.mirror);
    left.insert(aside.source.schema + "__" + aside.source.table);
  }
  if (!left.contains(drafted.mirror)) return drafted.mirror;
  const std::string with_schema = drafted.source.schema + "__" + drafted.source.table;
  std::string name = with_schema;
  for (int number = 2; left.contains(name); ++number) name = fmt::format("{}_{}", with_schema, number);
  return name;
}

// The name without its schema may be another table's, also of one that was set aside.
fs::path StreamFiles::free_name(const contract::StreamContract& drafted,
                                const std::vector<contract::StreamContract>& there) const {
  fs::path file;
  for (const bool with_schema : {has_several_schemas(there, drafted), true}) {
    file = project_ / "contracts" / contract::contract_file_name(drafted.source, with_schema);
    if (!fs::exists(file) && !fs::exists(file.string() + std::string(kAside))) return file;
  }
  throw Error(ErrorKind::config,
              file.string() + " is there already, or set aside, and describes another table",
              "rename it, then ask again");
}

// As `freshet init` writes the list. A person's file keeps all else as it is.
void StreamFiles::add_schema(const std::string& schema) {
  const std::vector<std::string> listed = contract::load_project(project_).source.schemas;
  if (listed.empty() || std::ranges::find(listed, schema) != listed.end()) return;
  const fs::path file = project_ / "pipeline.yaml";
  const std::string text = files::read_whole(file).value_or("");
  static const std::regex list(R"((\n +schemas: \[[^\]\n]*)\])");
  note(file);
  files::replace(file, std::regex_replace(text, list, "$1, " + contract::yaml_scalar(schema) + "]"));
  const std::vector<std::string> now = contract::load_project(project_).source.schemas;
  if (now.size() != listed.size() + 1 || now.back() != schema)
    throw Error(
        ErrorKind::config,
        fmt::format("source.schemas in {} lacks {}, and isn't written as one line", file.string(), schema),
        "add it there, then ask again");
  said_.push_back(fmt::format("added {} to source.schemas in {}", schema, file.string()));
}

void StreamFiles::remove(const contract::StreamContract& contract) {
  if (std::exchange(looked_, true) == false) others_ = load_contracts(project_);
  const fs::path aside = free_aside(contract.file);
  note(contract.file);
  note(aside);
  files::rename(contract.file, aside);
  said_.push_back(fmt::format("set {} aside as {}", contract.file, aside.filename().string()));
}

std::vector<contract::StreamContract> StreamFiles::checked() const {
  std::vector<contract::StreamContract> contracts = load_contracts(project_);
  for (const contract::StreamContract& now : contracts) {
    const auto before = std::ranges::find(others_, now.source, &contract::StreamContract::source);
    if (before == others_.end() || before->mirror == now.mirror) continue;
    throw Error(
        ErrorKind::config,
        fmt::format("the mirror of {} would be called {} instead of {}: another schema has a table of "
                    "its name",
                    to_string(now.source), now.mirror, before->mirror),
        "a project of its own for the other schema keeps both names: freshet init DIR --schema NAME");
  }
  return contracts;
}

}  // namespace freshet::app
