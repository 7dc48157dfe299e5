#include "doctor_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace freshet::test {
namespace {

constexpr std::string_view kMending = "         -> ";

void expect_mends_in_json(const std::string& output) {
  for (const auto& finding : nlohmann::json::parse(output)["findings"])
    EXPECT_EQ(finding["severity"] == "ok", finding["mend"].get<std::string>().empty()) << finding;
}

void expect_mends_in_text(const std::string& output) {
  std::istringstream lines(output);
  std::string finding;
  for (std::string line; std::getline(lines, line); finding = line) {
    if (!finding.starts_with("error ") && !finding.starts_with("warning ")) continue;
    EXPECT_TRUE(line.starts_with(kMending) && line.size() > kMending.size()) << finding << "\n" << line;
  }
}

}  // namespace

Ended doctor(const Installation& line, const std::vector<std::string>& more,
             const std::vector<std::string>& environment) {
  std::vector<std::string> arguments{"doctor", line.project(), "--data", line.data()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  Ended said = freshet(arguments, environment);
  const bool json = std::ranges::find(more, "--json") != more.end();
  json ? expect_mends_in_json(said.output) : expect_mends_in_text(said.output);
  return said;
}

std::string mend_of(const std::string& json, const std::string& what) {
  const auto report = nlohmann::json::parse(json);
  for (const auto& finding : report["findings"])
    if (finding["what"].get<std::string>().find(what) != std::string::npos)
      return finding["mend"].get<std::string>();
  return "";
}

}  // namespace freshet::test
