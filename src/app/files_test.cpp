#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "app/control.h"
#include "app/data_dir.h"
#include "app/log_file.h"
#include "base/error.h"
#include "base/log.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

class Data : public testing::Test {
 protected:
  ~Data() override { fs::remove_all(path_); }

  const fs::path path_ = fs::temp_directory_path() / ("freshet-data-" + std::to_string(getpid()));
};

TEST_F(Data, OneProcessPerRole) {
  const DataDir data(path_);
  const auto load = take(data, Role::load);
  EXPECT_TRUE(is_taken(data, Role::load));
  EXPECT_FALSE(is_taken(data, Role::capture));
  try {
    take(data, Role::load);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_NE(error.message().find(std::to_string(getpid())), std::string::npos) << error.message();
  }
}

TEST_F(Data, TheJournalMayLieElsewhere) {
  const DataDir data(path_);
  EXPECT_EQ(data.journal("journal"), path_ / "journal");
  EXPECT_EQ(data.journal(path_ / "big" / "disk"), path_ / "big" / "disk");
  EXPECT_TRUE(fs::is_directory(path_ / "big" / "disk"));
}

TEST_F(Data, ALongLogIsRotatedAndOnlySomeAreKept) {
  const DataDir data(path_);
  const fs::path path = data.log() / "up.jsonl";
  LogFile file(path, 1);
  for (int i = 0; i < 8; ++i) {
    log::info("line", {{"number", i}});
    file.rotate_if_long();
  }
  log::info("last");
  std::string line;
  std::getline(std::ifstream(path), line);
  EXPECT_NE(line.find("last"), std::string::npos) << line;
  std::getline(std::ifstream(path.string() + ".1"), line);
  EXPECT_NE(line.find(R"("number":7)"), std::string::npos) << line;
  EXPECT_TRUE(fs::exists(path.string() + ".5"));
  EXPECT_FALSE(fs::exists(path.string() + ".6"));
}

TEST_F(Data, WhatOthersWriteIntoTheirLogsIsBoundedWhileTheyWrite) {
  const DataDir data(path_);
  const fs::path path = data.log() / "store.log";
  std::ofstream child(path, std::ios::app);
  const auto lines = [&] {
    bound_output(data.log(), 100);
    std::string before;
    std::string now;
    std::getline(std::ifstream(path.string() + ".1"), before, '\0');
    std::getline(std::ifstream(path), now, '\0');
    return before + "|" + now;
  };
  child << "short\n" << std::flush;
  EXPECT_EQ(lines(), "|short\n");
  const std::string text(100, 'x');
  child << text << std::flush;
  EXPECT_EQ(lines(), "short\n" + text + "|");
  child << text << std::flush;
  EXPECT_EQ(lines(), text + "|") << "one old file, and no hole where the first content was";
  child << "last" << std::flush;
  EXPECT_EQ(lines(), text + "|last");
}

TEST_F(Data, ACommandIsARequestToTheRunningProcess) {
  const DataDir data(path_);
  const fs::path socket = data.socket(Role::load);
  EXPECT_EQ(ask(socket, "status"), std::nullopt);
  const ControlServer server(socket,
                             {{"status", [](const std::string&) { return std::string(R"({"rows":7})"); }},
                              {"echo", [](const std::string& argument) { return argument; }},
                              {"fail", [](const std::string&) -> std::string {
                                 throw Error(ErrorKind::capacity, "full", "make room");
                               }}});
  std::jthread thread([&](std::stop_token stop) { server.run(stop); });
  std::optional<std::string> answer;
  while (!(answer = ask(socket, "status"))) std::this_thread::yield();
  EXPECT_EQ(answer, R"({"rows":7})");
  EXPECT_EQ(ask(socket, "echo", R"({"keys":["a"]})"), R"({"keys":["a"]})");
  for (const auto& [command, kind] :
       {std::pair("fail", ErrorKind::capacity), {"x", ErrorKind::unsupported}}) {
    try {
      ask(socket, command);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_NE(error.hint(), "");
    }
  }
}

}  // namespace
}  // namespace freshet::app
