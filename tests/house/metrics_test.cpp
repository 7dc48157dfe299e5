// Every metric has a line in docs/metrics.md that says how to read it, and the page names none that is gone.
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "source_tree.h"

namespace freshet::house {
namespace {

const std::string kPage = "docs/metrics.md";

std::string joined(const SourceFile& file) {
  std::string text;
  for (const std::string& line : file.lines) text += line + "\n";
  return text;
}

std::map<std::string, std::string> registered() {
  const std::regex registration(R"(\b(?:counter|gauge|histogram)\(\s*"(freshet_[a-z0-9_]+)\")");
  std::map<std::string, std::string> where;
  for (const SourceFile& file : all_files()) {
    if (!file.is_below("src/") || !file.is_cpp() || file.is_unit_test()) continue;
    const std::string text = joined(file);
    for (std::sregex_iterator it(text.begin(), text.end(), registration), end; it != end; ++it)
      where.emplace((*it)[1], file.path);
  }
  return where;
}

std::set<std::string> documented() {
  const std::regex name(R"(`(freshet_[a-z0-9_]+)`)");
  std::set<std::string> names;
  for (const SourceFile& file : all_files()) {
    if (file.path != kPage) continue;
    const std::string text = joined(file);
    for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it)
      names.insert((*it)[1]);
  }
  return names;
}

TEST(Metrics, EachHasALineOnThePage) {
  const auto names = documented();
  for (const auto& [name, path] : registered())
    EXPECT_EQ(names.count(name), 1u) << path << " registers `" << name << "`, which " << kPage
                                     << " doesn't explain";
}

TEST(Metrics, ThePageNamesNoneThatIsGone) {
  const auto metrics = registered();
  for (const std::string& name : documented())
    EXPECT_EQ(metrics.count(name), 1u) << kPage << " explains `" << name << "`, which nothing registers";
}

}  // namespace
}  // namespace freshet::house
