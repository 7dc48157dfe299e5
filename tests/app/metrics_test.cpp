// /metrics of a running line is what docs/metrics.md says: those metrics, and of each that is told by stream
// or by table one for every stream from the start. A series that is born at 1 has no increase, so no alert
// sees it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>

#include "freshet_process.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

// A quiet table: nothing ever happens to it.
constexpr const char* kSchema =
    "CREATE TABLE item (id bigint PRIMARY KEY, name text); CREATE TABLE quiet (id int PRIMARY KEY);"
    "INSERT INTO item SELECT g, 'name' FROM generate_series(1, 100) g";

struct Explained {
  std::set<std::string> names;
  std::set<std::string> series;  // of the quiet table
};

// From the page's tables: "| `name`, `name` | `label` | meaning |".
Explained explained() {
  const std::regex row(R"(^\| (`freshet_[^|]*) \| ([^|]*)\|)"), name("`(freshet_[a-z_]+)`");
  std::istringstream page(contents(std::string(std::getenv("FRESHET_SOURCE_DIR")) + "/docs/metrics.md"));
  Explained all;
  std::smatch match;
  for (std::string line; std::getline(page, line);) {
    if (!std::regex_search(line, match, row)) continue;
    const std::string names = match[1], labels = match[2];
    for (std::sregex_iterator it(names.begin(), names.end(), name), end; it != end; ++it) {
      all.names.insert((*it)[1]);
      if (labels.find("`stream`") != std::string::npos)
        all.series.insert((*it)[1].str() + R"({stream="public.quiet"})");
      if (labels.find("`table`") != std::string::npos)
        all.series.insert((*it)[1].str() + R"({table="quiet"})");
    }
  }
  return all;
}

std::set<std::string> found(const std::string& text, const std::regex& what) {
  std::set<std::string> all;
  for (std::sregex_iterator it(text.begin(), text.end(), what), end; it != end; ++it) all.insert((*it)[1]);
  return all;
}

std::string missing(const std::set<std::string>& wanted, const std::set<std::string>& there) {
  std::string names;
  for (const std::string& one : wanted)
    if (!there.contains(one)) names += one + " ";
  return names;
}

TEST(Metrics, AreThoseOfThePageAndThereForEveryStreamBeforeAnythingHappens) {
  TestDatabase database;
  const Installation line(database, kSchema);
  const auto up = line.start();
  const std::string http = line.endpoints(*up).http;
  ASSERT_TRUE(line.wait_until_loaded()) << line.output();
  const Explained page = explained();
  ASSERT_FALSE(page.names.empty());
  ASSERT_FALSE(page.series.empty());

  const std::regex name("# TYPE (freshet_[a-z_]+) "), series(R"(\n(freshet_[a-z_]+\{[^}]*\}) )");
  std::string text;
  const auto lacks = [&] {
    text = http_get(http, "/metrics").body;
    return missing(page.names, found(text, name)) + missing(page.series, found(text, series));
  };
  eventually([&] { return lacks().empty(); }, 20s);  // gauges are told once a second
  EXPECT_EQ(lacks(), "");
  EXPECT_EQ(missing(found(text, name), page.names), "") << "docs/metrics.md doesn't explain them";
}

}  // namespace
}  // namespace freshet::test
