#include "capture/pgoutput.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "capture/pgoutput_bytes.h"

namespace freshet::capture::pgoutput {
namespace {

// Written out, so that the builders of pgoutput_bytes.h don't only agree with themselves.
const std::string kBegin("B\0\0\0\0\1\x95\x2c\xd8\0\2\xfe\x71\x1f\x4e\x2b\xc0\0\0\2\xe4", 21);

std::string join(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += part;
  return bytes;
}

TEST(Pgoutput, ReadsABegin) {
  const auto begin = std::get<Begin>(decode(kBegin, Block::ordinary));
  EXPECT_EQ(to_string(begin.commit_lsn), "0/1952CD8");
  EXPECT_EQ(begin.xid, 740u);
}

TEST(Pgoutput, CountsTimeFrom1970) {
  const std::string bytes = test::begin(16, 0, 7);
  EXPECT_EQ(std::get<Begin>(decode(bytes, Block::ordinary)).committed_at, 946'684'800'000'000);
}

TEST(Pgoutput, ReadsARelation) {
  const std::string bytes = test::relation(16385, "", "t", {{"id", 23, true}, {"name"}}, 'f');
  const auto relation = std::get<Relation>(decode(bytes, Block::ordinary));
  EXPECT_EQ(relation.oid, 16385u);
  EXPECT_EQ(relation.schema, "pg_catalog");
  EXPECT_EQ(relation.table, "t");
  EXPECT_EQ(relation.identity, ReplicaIdentity::full);
  ASSERT_EQ(relation.columns.size(), 2u);
  EXPECT_TRUE(relation.columns[0].identity);
  EXPECT_EQ(relation.columns[1].name, "name");
  EXPECT_EQ(relation.columns[1].type, 25u);
  EXPECT_FALSE(relation.columns[1].identity);
}

TEST(Pgoutput, PassesTuplesOnAsTheyAre) {
  const std::string bytes = test::update(5, 'K', {"1", ""}, {"2", "~"});
  const auto update = std::get<Update>(decode(bytes, Block::ordinary));
  EXPECT_EQ(update.old_kind, OldTuple::key);
  EXPECT_EQ(update.old.fields, test::fields({"1", ""}));
  EXPECT_EQ(update.row.columns, 2);
  EXPECT_EQ(update.row.fields, test::fields({"2", "~"}));
  EXPECT_GE(update.row.fields.data(), bytes.data());
  EXPECT_LE(update.row.fields.data() + update.row.fields.size(), bytes.data() + bytes.size());
}

TEST(Pgoutput, FindsTheOwnerInAStreamBlock) {
  const std::string bytes = test::insert(5, {"x"}, 901);
  EXPECT_EQ(owner(bytes), 901u);
  EXPECT_EQ(std::get<Insert>(decode(bytes, Block::streamed)).relation, 5u);
  EXPECT_EQ(owner("O"), 0u);
}

TEST(Pgoutput, ReadsEveryOtherMessage) {
  const auto commit = std::get<Commit>(decode(test::commit(16, 24, 1), Block::ordinary));
  EXPECT_EQ(commit.commit_lsn, Lsn(16));
  EXPECT_EQ(commit.end_lsn, Lsn(24));

  std::string origin = "O";
  append_be(origin, std::uint64_t{77});
  origin += std::string("elsewhere\0", 10);
  EXPECT_EQ(std::get<Origin>(decode(origin, Block::streamed)).name, "elsewhere");

  const std::string type = join({"Y", std::string("\0\0\x40\1", 4), std::string("app\0mood\0", 9)});
  EXPECT_EQ(std::get<Type>(decode(type, Block::ordinary)).name, "mood");

  const std::string removal = test::remove(5, 'O', {"1", "a"});
  EXPECT_EQ(std::get<Delete>(decode(removal, Block::ordinary)).old_kind, OldTuple::full);

  const auto truncate = std::get<Truncate>(decode(test::truncate({5, 6}, 9), Block::streamed));
  EXPECT_EQ(truncate.relations, (std::vector<Oid>{5, 6}));

  const std::string text = test::message("freshet", "hello", 99);
  const auto message = std::get<Message>(decode(text, Block::ordinary));
  EXPECT_TRUE(message.transactional);
  EXPECT_EQ(message.lsn, Lsn(99));
  EXPECT_EQ(message.prefix, "freshet");
  EXPECT_EQ(message.content, "hello");

  EXPECT_TRUE(std::get<StreamStart>(decode(test::stream_start(9), Block::ordinary)).first);
  EXPECT_TRUE(std::holds_alternative<StreamStop>(decode(test::stream_stop(), Block::streamed)));
  EXPECT_EQ(std::get<StreamCommit>(decode(test::stream_commit(9, 64), Block::ordinary)).commit_lsn, Lsn(64));
  EXPECT_EQ(std::get<StreamAbort>(decode(test::stream_abort(9, 10), Block::ordinary)).subtransaction, 10u);
}

// 65,535 columns in a message of some bytes would take 2 MB before the first one is missed.
TEST(Pgoutput, TakesMemoryForTheColumnsThatAreThere) {
  std::string bytes = test::relation(5, "s", "t", {{"a"}, {"b"}});
  EXPECT_EQ(std::get<Relation>(decode(bytes, Block::ordinary)).columns.capacity(), 2u);
  const std::size_t count_at = bytes.find('d') + 1;
  bytes[count_at] = '\xff';
  EXPECT_THROW(decode(bytes, Block::ordinary), Error);
}

TEST(Pgoutput, RefusesAnUnknownReplicaIdentity) {
  EXPECT_THROW(decode(test::relation(5, "s", "t", {{"a"}}, 'x'), Block::ordinary), Error);
}

// Whatever is cut off or added, the decoder refuses it and never reads outside of the bytes (asan watches).
TEST(Pgoutput, RefusesEveryCutAndEveryAddition) {
  const std::vector<std::string> messages = {
      test::begin(16, 0, 7),
      test::commit(16, 24),
      test::relation(5, "s", "t", {{"a", 25, true}, {"b"}}),
      test::insert(5, {"x", "", "~"}),
      test::update(5, 'O', {"x", "y"}, {"x", "~"}),
      test::update(5, 0, {}, {"x", "~"}),
      test::remove(5, 'K', {"x", ""}),
      test::truncate({5, 6, 7}),
      test::message("freshet", "hello"),
      test::stream_start(9),
      test::stream_commit(9, 64),
      test::stream_abort(9, 10),
  };
  for (const std::string& message : messages) {
    EXPECT_NO_THROW(decode(message, Block::ordinary));
    EXPECT_THROW(decode(message + 'x', Block::ordinary), Error) << message[0];
    for (std::size_t size = 0; size < message.size(); ++size) {
      const std::string cut(message, 0, size);
      EXPECT_THROW(decode(cut, Block::ordinary), Error) << message[0] << size;
    }
  }
}

TEST(Pgoutput, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(decode("?", Block::ordinary), Error);
  EXPECT_THROW(decode(std::string("I\0\0\0\5N\0\1x", 9), Block::ordinary), Error);
  EXPECT_THROW(decode(std::string("I\0\0\0\5N\0\1t\xff\xff\xff\xff", 13), Block::ordinary), Error);
  EXPECT_THROW(decode(std::string("U\0\0\0\5X\0\0N\0\0", 11), Block::ordinary), Error);
}

}  // namespace
}  // namespace freshet::capture::pgoutput
