// The reference project under its own traffic: history by snapshot, every kind of change live, parity at the
// end.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "line/line.h"
#include "support/files.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

int generate(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{built("adshop-generator")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run({.arguments = all, .environment = {}, .output = "", .user = ""}, 240s);
}

// The project with a free port for its page, and its periodic tables read often.
std::string adshop(const TempDir& dir, const std::string& source_url) {
  namespace fs = std::filesystem;
  const fs::path copy = fs::path(dir.path()) / "adshop";
  fs::copy(fs::path(std::getenv("FRESHET_SOURCE_DIR")) / "projects/adshop", copy,
           fs::copy_options::recursive);
  const std::string often = "  periodic: 5s\nhttp:\n  listen: 127.0.0.1:0\n";
  std::stringstream pipeline;
  pipeline << std::ifstream(copy / "pipeline.yaml").rdbuf();
  const std::string text = pipeline.str();
  std::ofstream(copy / "pipeline.yaml") << std::regex_replace(text, std::regex("  periodic: 1h\n"), often);
  edit_file(copy / "pipeline.yaml", "slot: freshet\n", "slot: " + slot_for(source_url) + "\n");
  return copy;
}

TEST(Adshop, IsMirroredUnderItsOwnTraffic) {
  TempDir dir;
  TestDatabase database;
  ASSERT_EQ(generate({"schema", database.url()}), 0);
  ASSERT_EQ(generate({"history", "--days", "1", "--seed", "1", "--scale", "0.2", database.url()}), 0);
  Line line(adshop(dir, database.url()), database.url());
  line.start();
  ASSERT_EQ(generate({"live", "--rate", "800", "--seed", "2", "--for", "25", database.url()}), 0);
  ASSERT_TRUE(line.wait_until_loaded()) << line.log_tail();
  EXPECT_EQ(line.parity(), 0);
  EXPECT_EQ(line.stop(), 0) << line.log_tail();
}

}  // namespace
}  // namespace freshet::test
