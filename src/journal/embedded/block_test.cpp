#include "journal/embedded/block.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "journal/record.h"

namespace freshet::journal {
namespace {

BlockHeader data_header() {
  return {.kind = BlockKind::data,
          .epoch = 3,
          .stream = 4,
          .schema = 5,
          .records = 6,
          .generation = Generation(7),
          .first = 8,
          .lowest_commit = Lsn(9),
          .highest_commit = Lsn(10)};
}

std::string body_of(const std::string& block) {
  std::string buffer;
  const auto header = parse_header(block);
  return std::string(unpack(*header, std::string_view(block).substr(kHeaderSize), buffer));
}

TEST(Block, KeepsItsHeaderAndBody) {
  for (const std::string& raw : {std::string(), std::string("short"), std::string(100000, 'x')}) {
    std::string bytes = "before";
    append_block(bytes, data_header(), raw);
    const std::string block = bytes.substr(6);
    const auto header = parse_header(block);
    ASSERT_TRUE(header);
    BlockHeader expected = data_header();
    expected.compressed = raw.size() > 1000;
    expected.raw_size = static_cast<std::uint32_t>(raw.size());
    expected.size = header->size;
    expected.body_sum = header->body_sum;
    EXPECT_EQ(*header, expected);
    EXPECT_EQ(block.size(), kHeaderSize + header->size);
    EXPECT_TRUE(body_intact(*header, std::string_view(block).substr(kHeaderSize)));
    EXPECT_EQ(body_of(block), raw);
  }
}

TEST(Block, IsNeverLargerThanItsBodyAndHeader) {
  std::mt19937 random(1);
  std::string noise;
  for (int i = 0; i < 1000; ++i) noise += static_cast<char>(random());
  std::string block;
  append_block(block, data_header(), noise);
  EXPECT_EQ(block.size(), kHeaderSize + noise.size());
  EXPECT_EQ(body_of(block), noise);
}

TEST(Block, AnyChangedBitIsNoticed) {
  std::string block;
  append_block(block, data_header(), "a body of some bytes");
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    std::string changed = block;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const auto header = parse_header(changed);
    if (bit / 8 < kHeaderSize)
      EXPECT_FALSE(header) << "bit " << bit;
    else
      EXPECT_FALSE(body_intact(*header, std::string_view(changed).substr(kHeaderSize))) << "bit " << bit;
  }
}

TEST(Block, NothingShorterThanAHeaderIsOne) {
  std::string block;
  append_block(block, data_header(), "x");
  for (std::size_t size = 0; size < kHeaderSize; ++size) EXPECT_FALSE(parse_header(block.substr(0, size)));
  EXPECT_FALSE(parse_header(std::string(kHeaderSize, '\0')));
}

TEST(Block, ABodyThatDoesNotUnpackIsRefused) {
  std::string block;
  append_block(block, data_header(), std::string(1000, 'x'));
  BlockHeader header = *parse_header(block);
  const std::string_view body = std::string_view(block).substr(kHeaderSize);
  std::string buffer;
  EXPECT_THROW(unpack(header, body.substr(1), buffer), Error);
  ++header.raw_size;
  EXPECT_THROW(unpack(header, body, buffer), Error);
}

std::string block_of(const BlockHeader& header, const std::string& raw) {
  std::string block;
  append_block(block, header, raw);
  return block;
}

template <class Change>
bool is_one(const Change& change) {
  BlockHeader header = data_header();
  change(header);
  return parse_header(block_of(header, "body")).has_value();
}

// Whoever reads the block divides by its records, and looks for its stream.
TEST(Block, DataWithoutAStreamOrRecordsIsNone) {
  EXPECT_TRUE(is_one([](BlockHeader&) {}));
  EXPECT_FALSE(is_one([](BlockHeader& header) { header.stream = 0; }));
  EXPECT_FALSE(is_one([](BlockHeader& header) { header.records = 0; }));
}

// The next generation, record or schema would be number 0.
TEST(Block, ANumberThatNoWriterCountsToIsNone) {
  EXPECT_FALSE(is_one([](BlockHeader& header) { header.first = UINT64_MAX; }));
  EXPECT_FALSE(is_one([](BlockHeader& header) { header.schema = UINT32_MAX; }));
  for (const BlockKind kind : {BlockKind::data, BlockKind::opening})
    EXPECT_FALSE(is_one([&](BlockHeader& header) {
      header.kind = kind;
      header.generation = Generation(UINT64_MAX);
    }));
}

TEST(Record, RefusesACommitBeyondWhatAVersionHolds) {
  Change change;
  change.commit_lsn = kCommitLsnMax;
  std::string bytes;
  append_record(bytes, change);
  ByteReader from(bytes);
  EXPECT_EQ(read_record(from).version().commit(), kCommitLsnMax);
  bytes[13] = 1;
  ByteReader beyond(bytes);
  EXPECT_THROW(read_record(beyond), Error);
}

TEST(Record, RefusesBytesThatAreNone) {
  Change change;
  change.old = "old";
  change.row = "the row";
  std::string bytes;
  append_record(bytes, change);
  EXPECT_EQ(bytes.size(), record_size(change));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut(std::string_view(bytes).substr(0, size));
    EXPECT_THROW(read_record(cut), Error) << size;
  }
  for (const int op : {0, static_cast<int>(kLastOp) + 1}) {
    bytes[0] = static_cast<char>(op);
    ByteReader unknown(bytes);
    EXPECT_THROW(read_record(unknown), Error) << op;
  }
}

}  // namespace
}  // namespace freshet::journal
