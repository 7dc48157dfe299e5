// What no file of the project may hold.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

#include "source_tree.h"

namespace freshet::house {
namespace {

// Above it a file is two ideas.
constexpr std::size_t kMaxLines = 500;

// Written so that this file doesn't hold what it looks for.
std::string word(std::string_view first, std::string_view second) {
  return std::string(first) + std::string(second);
}

TEST(Text, FilesStaySmall) {
  for (const SourceFile& file : all_files()) {
    if (!file.is_cpp()) continue;
    EXPECT_LE(file.lines.size(), kMaxLines) << file.path << ": is it two ideas?";
  }
}

TEST(Text, NothingIsLeftForLater) {
  const std::vector<std::string> marks{word("TO", "DO"),  word("FIX", "ME"),           word("X", "XX:"),
                                       word("HA", "CK:"), word("not ", "implemented"), word("#if", " 0")};
  for (const SourceFile& file : all_files()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      for (const std::string& mark : marks)
        EXPECT_EQ(file.lines[i].find(mark), std::string::npos) << place(file, i) << ": finish it, or drop it";
  }
}

TEST(Text, NoTestIsSkippedAndNoneWaitsByTheClock) {
  const std::vector<std::string> marks{word("GTEST_", "SKIP"), word("DISA", "BLED_"), word("sleep", "_for("),
                                       word("sleep", "_until("), word("us", "leep(")};
  for (const SourceFile& file : all_files()) {
    if (!file.is_cpp()) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      for (const std::string& mark : marks)
        EXPECT_EQ(file.lines[i].find(mark), std::string::npos)
            << place(file, i) << ": wait on a condition with a deadline";
  }
}

TEST(Text, PagesThatTheProgramNamesExist) {
  const std::regex page(R"(docs/[a-z_/-]+\.md)");
  for (const SourceFile& file : all_files()) {
    if (!file.is_below("src/") && !file.path.ends_with(".md")) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (line.starts_with("//")) continue;  // what a user is sent to is what counts
      for (std::sregex_iterator it(line.begin(), line.end(), page), end; it != end; ++it)
        EXPECT_TRUE(std::filesystem::exists(top() + "/" + it->str()))
            << place(file, i) << " names " << it->str();
    }
  }
}

TEST(Text, CommandsThatTheProgramNamesExist) {
  const std::set<std::string> commands{"up",         "capture",  "load",    "init",   "status",
                                       "parity",     "snapshot", "version", "doctor", "contract",
                                       "quarantine", "stream",   "sweep"};
  const std::regex in_pages(R"(`freshet ([a-z]+))");
  const std::regex in_hints(R"((?:`|[":] ?)freshet ([a-z]+)(?: [a-z]+)?[`"])");
  for (const SourceFile& file : all_files()) {
    const bool page = file.path.ends_with(".md");
    if (!page && (!file.is_below("src/") || file.is_unit_test())) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (line.find("purpose = ") != std::string::npos) continue;  // what a connection calls itself
      for (std::sregex_iterator it(line.begin(), line.end(), page ? in_pages : in_hints), end; it != end;
           ++it)
        EXPECT_TRUE(commands.contains(it->str(1))) << place(file, i) << " names " << it->str();
    }
  }
}

TEST(Text, PackageListsAreSorted) {
  for (const SourceFile& file : all_files()) {
    if (!file.path.starts_with("scripts/packages")) continue;
    EXPECT_TRUE(std::is_sorted(file.lines.begin(), file.lines.end())) << file.path;
    EXPECT_EQ(std::adjacent_find(file.lines.begin(), file.lines.end()), file.lines.end()) << file.path;
  }
}

}  // namespace
}  // namespace freshet::house
