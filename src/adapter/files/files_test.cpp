#include <gmock/gmock.h>
#include <stdlib.h>

#include <thread>

#include "adapter/files/directory.h"

namespace freshet::files {
namespace {

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "freshet-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
  }
  ~Files() override { std::filesystem::remove_all(folder_); }

  template <class Call>
  static ErrorKind error_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.kind();
    }
    throw std::runtime_error("no error");
  }

  Path folder_;
};

TEST_F(Files, ReadsAndWritesAtAnyPlace) {
  File file = File::create(folder_ / "a");
  file.write_at(5, "world");
  file.write_at(0, "hello");
  file.sync_data();
  char bytes[20];
  EXPECT_EQ(std::string_view(bytes, file.read_at(3, bytes, sizeof bytes)), "loworld");
  file.truncate(4);
  EXPECT_EQ(File::open(folder_ / "a").size(), 4u);
  EXPECT_EQ(read_whole(folder_ / "a"), "hell");
}

TEST_F(Files, WhatIsNotThereIsToldApart) {
  EXPECT_FALSE(File::open_if_there(folder_ / "none"));
  EXPECT_EQ(read_whole(folder_ / "none"), std::nullopt);
  EXPECT_FALSE(files::remove(folder_ / "none"));
  EXPECT_THAT(list(folder_ / "none"), testing::IsEmpty());
  EXPECT_EQ(error_of([&] { File::open(folder_ / "none"); }), ErrorKind::config);
}

TEST_F(Files, AFullDeviceIsACapacityError) {
  File full = File::open_to_write("/dev/full");
  EXPECT_EQ(error_of([&] { full.write_at(0, "x"); }), ErrorKind::capacity);
}

TEST_F(Files, AFileIsReplacedAsAWhole) {
  replace(folder_ / "a", "old");
  replace(folder_ / "a", "new content");
  EXPECT_EQ(read_whole(folder_ / "a"), "new content");
  EXPECT_THAT(list(folder_), testing::ElementsAre("a"));
}

TEST_F(Files, FoldersAreMadeWithTheirParents) {
  make_directory(folder_ / "x" / "y" / "z");
  make_directory(folder_ / "x" / "y" / "z");
  EXPECT_THAT(list(folder_ / "x" / "y"), testing::ElementsAre("z"));
}

TEST_F(Files, ALockKeepsASecondHolderOutUntilItGoes) {
  const Path path = folder_ / "lock";
  EXPECT_FALSE(DirectoryLock::is_held(path));
  {
    const DirectoryLock lock(path, "the test");
    EXPECT_TRUE(DirectoryLock::is_held(path));
    EXPECT_EQ(error_of([&] { DirectoryLock(path, "the test"); }), ErrorKind::config);
  }
  EXPECT_FALSE(DirectoryLock::is_held(path));
  const DirectoryLock again(path, "the test");
}

// `freshet status` beside a start must not look like a second holder.
TEST_F(Files, WhoAsksForALockKeepsNobodyOut) {
  const Path path = folder_ / "lock";
  const std::jthread asks([&](std::stop_token stop) {
    while (!stop.stop_requested()) DirectoryLock::is_held(path);
  });
  for (int i = 0; i < 1'000; ++i) EXPECT_NO_THROW(DirectoryLock(path, "the test"));
}

}  // namespace
}  // namespace freshet::files
