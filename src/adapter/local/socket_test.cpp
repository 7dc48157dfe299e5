#include "adapter/local/socket.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/error.h"

namespace freshet::local {
namespace {

using namespace std::chrono_literals;

// A folder whose path is longer than a socket's address may be.
class LocalSocket : public testing::Test {
 protected:
  LocalSocket() { std::filesystem::create_directories(path_.parent_path()); }
  ~LocalSocket() override { std::filesystem::remove_all(top_); }

  const std::filesystem::path top_ =
      std::filesystem::temp_directory_path() / ("freshet-local-" + std::to_string(getpid()));
  const std::filesystem::path path_ = top_ / std::string(120, 'x') / "control.sock";
};

TEST_F(LocalSocket, CarriesLinesBothWays) {
  const Listener listener(path_);
  std::jthread server([&] {
    auto peer = listener.accept(10s);
    ASSERT_TRUE(peer);
    peer->write_line(peer->read_line(10s) + " yourself", 10s);
    peer->write_line(std::string(1 << 20, 'y'), 10s);
  });
  auto client = Connection::connect(path_);
  ASSERT_TRUE(client);
  client->write_line("hello", 10s);
  EXPECT_EQ(client->read_line(10s), "hello yourself");
  EXPECT_EQ(client->read_line(10s).size(), 1u << 20);
  EXPECT_THROW(client->read_line(10s), Error);  // it has left
}

TEST_F(LocalSocket, SaysWhenNobodyListens) {
  EXPECT_FALSE(Connection::connect(path_));
  {
    const Listener gone(path_);
  }
  EXPECT_FALSE(Connection::connect(path_));
}

TEST_F(LocalSocket, GivesUpOnASilentPeer) {
  const Listener listener(path_);
  auto client = Connection::connect(path_);
  ASSERT_TRUE(client);
  EXPECT_THROW(client->read_line(20ms), Error);
}

TEST_F(LocalSocket, TakesThePlaceOfADeadProcess) {
  ASSERT_EQ(std::system(("touch '" + path_.string() + "'").c_str()), 0);
  const Listener listener(path_);
  EXPECT_TRUE(Connection::connect(path_));
}

}  // namespace
}  // namespace freshet::local
