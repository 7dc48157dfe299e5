#include "app/stream_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "contract/contract.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;
using contract::StreamContract;
using testing::ElementsAre;
using testing::HasSubstr;

StreamContract table(const std::string& schema, const std::string& name) {
  StreamContract contract;
  contract.source = {schema, name};
  contract.mirror = name;
  contract::ColumnContract key;
  key.name = "of_" + schema;
  key.type = contract::column_type("bigint", "");
  key.nullable = false;
  key.key_position = 1;
  contract.columns.push_back(key);
  return contract;
}

class StreamFilesOfAProject : public testing::Test {
 protected:
  StreamFilesOfAProject() {
    fs::create_directories(path_ / "contracts");
    put("pipeline.yaml", "name: shop\n");
    put("contracts/stays.yaml", contract::contract_yaml(table("a", "stays")));
  }
  ~StreamFilesOfAProject() override { fs::remove_all(path_); }

  void put(const std::string& file, const std::string& text) { std::ofstream(path_ / file) << text; }
  std::string text_of(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(path_ / file).rdbuf();
    return text.str();
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_ / "contracts"))
      names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  // As `freshet stream add`. The contracts that the line then reads.
  std::vector<StreamContract> add(const StreamContract& drafted) {
    StreamFiles files(path_);
    files.add(drafted);
    const std::vector<StreamContract> contracts = files.checked();
    files.keep();
    return contracts;
  }
  void remove(const std::string& schema, const std::string& name) {
    StreamFiles files(path_);
    for (const StreamContract& contract : contract::load_contracts(path_))
      if (contract.source == contract::TableName{schema, name}) files.remove(contract);
    files.checked();
    files.keep();
  }
  static std::string mirror_of(const std::vector<StreamContract>& contracts, const std::string& schema) {
    for (const StreamContract& contract : contracts)
      if (contract.source.schema == schema && contract.source.table != "stays") return contract.mirror;
    return "none";
  }

  const fs::path path_ = fs::temp_directory_path() / ("freshet-stream-files-" + std::to_string(getpid()));
};

// The mirror stands, with the rows of the one that has left.
TEST_F(StreamFilesOfAProject, ATableGetsNoMirrorThatAnotherLeftBehind) {
  EXPECT_EQ(mirror_of(add(table("a", "orders")), "a"), "orders");
  remove("a", "orders");
  EXPECT_EQ(mirror_of(add(table("b", "orders")), "b"), "b__orders");
  remove("b", "orders");
  EXPECT_EQ(mirror_of(add(table("a", "orders")), "a"), "orders") << "its own";
  remove("a", "orders");
  EXPECT_EQ(mirror_of(add(table("b", "orders")), "b"), "b__orders") << "its own";
  EXPECT_EQ(mirror_of(add(table("c", "a__orders")), "c"), "c__a__orders")
      << "that of a.orders may have been called so";
}

TEST_F(StreamFilesOfAProject, WhatWasSetAsideIsNeverWrittenOver) {
  const auto write = [&](const StreamContract& contract) {
    put("contracts/mine.yaml", contract::contract_yaml(contract));
  };
  write(table("a", "orders"));
  remove("a", "orders");
  write(table("b", "items"));
  remove("b", "items");
  write(table("c", "sums"));
  remove("c", "sums");
  EXPECT_THAT(names(),
              ElementsAre("mine.2.yaml.removed", "mine.3.yaml.removed", "mine.yaml.removed", "stays.yaml"));
  EXPECT_THAT(text_of("contracts/mine.yaml.removed"), HasSubstr("of_a"));
  EXPECT_THAT(text_of("contracts/mine.2.yaml.removed"), HasSubstr("of_b"));
  EXPECT_EQ(set_aside(path_).size(), 3u);
  add(table("b", "items"));
  EXPECT_THAT(text_of("contracts/mine.2.yaml"), HasSubstr("of_b")) << "its own is taken back";
}

TEST_F(StreamFilesOfAProject, OfTwoContractsOfATableTheOneSetAsideLastIsTakenBack) {
  for (int turn = 0; turn < 11; ++turn) {
    StreamContract contract = table("a", "orders");
    contract.description = "turn " + std::to_string(turn);
    put("contracts/mine.yaml", contract::contract_yaml(contract));
    remove("a", "orders");
  }
  add(table("a", "orders"));
  EXPECT_THAT(text_of("contracts/mine.11.yaml"), HasSubstr("turn 10"));
}

}  // namespace
}  // namespace freshet::app
