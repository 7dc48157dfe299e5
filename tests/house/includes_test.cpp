// The arrows between folders: a stage knows base, change, contract, the journal's interface and the adapters,
// never another stage; only app knows all. So each can be read, changed, tested and handed over alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "source_tree.h"

namespace freshet::house {
namespace {

// "adapter/postgres" of "adapter/postgres/connection.h", "base" of "base/error.h".
std::string module_of(const std::string& path) {
  const std::size_t first = path.find('/');
  if (first == std::string::npos) return path;
  const std::string folder = path.substr(0, first);
  if (folder != "adapter") return folder;
  return path.substr(0, path.find('/', first + 1));
}

// What the files of a module of src/ may include besides their own; "adapter" stands for all adapters.
std::optional<std::set<std::string>> allowed_for(const std::string& module) {
  if (module == "base") return std::set<std::string>{};
  if (module == "change") return std::set<std::string>{"base"};
  if (module.starts_with("adapter/")) return std::set<std::string>{"base", "change"};
  if (module == "contract" || module == "journal") return std::set<std::string>{"base", "change", "adapter"};
  if (module == "store") return std::set<std::string>{"base", "adapter"};
  if (module == "app") return std::nullopt;  // everything
  return std::set<std::string>{"base", "change", "contract", "journal", "adapter"};
}

std::optional<std::string> included(const std::string& line, char open, char close) {
  static const std::string kDirective = "#include ";
  if (!line.starts_with(kDirective + open)) return std::nullopt;
  const std::size_t begin = kDirective.size() + 1;
  const std::size_t end = line.find(close, begin);
  if (end == std::string::npos) return std::nullopt;
  return line.substr(begin, end - begin);
}

// Only app chooses which journal there is; a stage's unit tests may, too.
bool is_journal_implementation(const std::string& header) {
  return header.starts_with("journal/embedded") || header.starts_with("journal/kafka");
}

TEST(Includes, PointAlongTheLineAndNeverToAnotherStage) {
  for (const SourceFile& file : all_files()) {
    if (!file.is_below("src/") || !file.is_cpp()) continue;
    const std::string module = module_of(file.path.substr(4));
    const auto allowed = allowed_for(module);
    if (!allowed) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const auto header = included(file.lines[i], '"', '"');
      if (!header || header->find('/') == std::string::npos) continue;
      const std::string other = module_of(*header);
      const std::string group = other.starts_with("adapter/") ? "adapter" : other;
      EXPECT_TRUE(other == module || allowed->count(group) != 0)
          << place(file, i) << ": src/" << module << " may not know " << *header;
      if (is_journal_implementation(*header) && module != "journal") {
        EXPECT_TRUE(file.is_unit_test())
            << place(file, i) << ": only app knows which journal there is; use journal/journal.h";
      }
    }
  }
}

// Headers that cost seconds to compile, or C handles that belong into one RAII type: where they may be
// included.
struct Heavy {
  std::string prefix;
  std::vector<std::string> folders;  // below which folders; empty: anywhere
  bool in_one_file;                  // of each folder
  bool in_headers = false;           // inner ones of the module, which its interface doesn't include
};

const std::vector<Heavy> kHeavy{
    {"CLI/", {}, true},
    {"nlohmann/",
     {"src/app/", "src/serve/", "src/parity/", "src/store/", "src/journal/kafka/", "tests/", "bench/"},
     false},
    {"simdjson.h", {"src/journal/kafka/"}, false, true},
    {"librdkafka/", {"src/adapter/kafka/"}, false, true},
    {"boost/beast", {"src/adapter/http/"}, false},
    {"yaml-cpp/", {"src/contract/"}, true},
    {"prometheus/", {"src/base/"}, true},
    {"libpq-fe.h", {"src/adapter/postgres/"}, false},
    {"curl/", {"src/adapter/", "tests/store/"}, false, true},
    {"chdb.h", {"src/store/"}, true},
};

bool is_allowed_in(const Heavy& heavy, const SourceFile& file) {
  return heavy.folders.empty() ||
         std::any_of(heavy.folders.begin(), heavy.folders.end(),
                     [&](const std::string& folder) { return file.is_below(folder); });
}

TEST(Includes, HeavyHeadersStayInFewCppFiles) {
  std::map<std::string, std::string> seen;  // folder and prefix -> the file that includes it
  for (const SourceFile& file : all_files()) {
    if (!file.is_cpp()) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const auto header = included(file.lines[i], '<', '>');
      if (!header) continue;
      for (const Heavy& heavy : kHeavy) {
        if (!header->starts_with(heavy.prefix)) continue;
        EXPECT_TRUE(heavy.in_headers || !file.is_header())
            << place(file, i) << ": <" << *header << "> belongs into a .cpp file";
        EXPECT_TRUE(is_allowed_in(heavy, file))
            << place(file, i) << ": <" << *header << "> isn't for this folder";
        if (!heavy.in_one_file) continue;
        const std::string folder = file.path.substr(0, file.path.rfind('/'));
        const auto [first, fresh] = seen.emplace(folder + " " + heavy.prefix, file.path);
        EXPECT_TRUE(fresh || first->second == file.path) << place(file, i) << ": <" << *header << "> is in "
                                                         << first->second << " already; one file is enough";
      }
    }
  }
}

TEST(Includes, HeadersAreGuardedByPragmaOnce) {
  for (const SourceFile& file : all_files()) {
    if (!file.is_header()) continue;
    EXPECT_NE(std::find(file.lines.begin(), file.lines.end(), "#pragma once"), file.lines.end()) << file.path;
    EXPECT_TRUE(!file.lines.empty() && file.lines[0].starts_with("//"))
        << file.path
        << ": a header opens with what it is, where it sits on the line and which thread calls it";
  }
}

}  // namespace
}  // namespace freshet::house
