#include "capture/appender.h"

#include <gtest/gtest.h>

#include "capture/pgoutput_bytes.h"
#include "change/tuple.h"

namespace freshet::capture {
namespace {

struct Written {
  Op op;
  Lsn commit;
  Lsn change;
  std::string old;
  std::string row;

  friend bool operator==(const Written&, const Written&) = default;
};

class MemoryWriter : public journal::Writer, DurabilityWitness<MemoryWriter> {
 public:
  std::vector<Written> written;
  std::vector<int> flags;

  Generation generation() const override { return Generation(1); }
  const std::optional<journal::Watermark>& last() const override { return last_; }
  std::uint64_t room() override { return 1; }
  void append(const Change& change) override {
    flags.push_back(change.flags);
    written.push_back(
        {change.op, change.commit_lsn, change.change_lsn, std::string(change.old), std::string(change.row)});
  }
  Durable<journal::Watermark> seal(Lsn, Micros) override { return confirm(journal::Watermark()); }
  void keep(std::string) override {}
  const std::string& kept() const override { return kept_; }
  void set_epoch(Epoch) override {}

 private:
  std::optional<journal::Watermark> last_;
  std::string kept_;
};

// `key` of a table (id, v): its primary key, in the catalogue.
RelationLookup catalogue(std::vector<bool> key) {
  return [key](const pgoutput::Relation& message) {
    RelationFacts facts;
    facts.schema.schema = message.schema;
    facts.schema.table = message.table;
    facts.schema.columns.resize(message.columns.size());
    facts.primary_key = key;
    return facts;
  };
}

class AppenderTest : public testing::Test {
 protected:
  AppenderTest() { connect(); }

  void connect(std::optional<HeartbeatNote> expected = {}, std::vector<bool> key = {true, false}) {
    relations_.restart(catalogue(std::move(key)));
    appender_.restart(std::move(expected));
  }
  void apply(const std::string& message, std::uint64_t lsn = 0) {
    appender_.apply(Frame{Lsn(lsn), 0, message});
  }
  void announce(char identity = 'd') {
    apply(test::relation(5, "public", "t", {{"id", 23, true}, {"v", 25, identity == 'f'}}, identity));
  }
  static FinishedChunk first_chunk(Lsn v, std::uint8_t flags = kSweep) {
    FinishedChunk chunk;
    chunk.stream = "public.t";
    chunk.schema = std::make_shared<TableSchema>();
    chunk.v = v;
    chunk.first = true;
    chunk.flags = flags;
    return chunk;
  }
  void beat(std::uint64_t commit, const std::string& nonce, const std::string& generation = "mine") {
    apply(test::begin(commit, 0, 9));
    apply(test::message("freshet", to_text({generation, nonce})));
    apply(test::commit(commit, commit + 8));
  }

  MemoryWriter writer_;
  std::vector<Written>& written_ = writer_.written;
  Relations relations_{WantedStreams{{"public.t", {}}}};
  Appender appender_{JournalPort(writer_), relations_, "mine", Lsn(100), 0};
};

using test::fields;

TEST_F(AppenderTest, GivesEachChangeItsVersion) {
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  EXPECT_TRUE(appender_.in_transaction());
  apply(test::commit(200, 208));
  EXPECT_EQ(written_, (std::vector<Written>{{Op::insert, Lsn(200), Lsn(150), "", fields({"1", "a"})}}));
  EXPECT_FALSE(appender_.in_transaction());
  EXPECT_EQ(appender_.passed(), Lsn(200));
}

TEST_F(AppenderTest, DropsTransactionsThatAreInTheJournalButLearnsTheirRelations) {
  apply(test::begin(100, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 90);
  apply(test::commit(100, 108));
  EXPECT_TRUE(written_.empty());
  apply(test::begin(108, 0, 8));
  apply(test::insert(5, {"2", "b"}), 104);
  apply(test::commit(108, 116));
  EXPECT_EQ(written_.size(), 1u);
}

TEST_F(AppenderTest, ATransactionMayCommitExactlyWhereTheServerHadSent) {
  appender_.sent_below(Lsn(300));
  EXPECT_EQ(appender_.passed(), Lsn(299));
  apply(test::begin(300, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 290);
  apply(test::commit(300, 308));
  EXPECT_EQ(written_.size(), 1u);
}

TEST_F(AppenderTest, AKeyChangeEndsOneRowAndBeginsAnother) {
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::update(5, 'K', {"1", ""}, {"2", "~"}), 150);
  apply(test::update(5, 'K', {"2", ""}, {"2", "b"}), 160);  // sent for a TOASTed key that stayed
  apply(test::update(5, 0, {}, {"2", "c"}), 170);
  ASSERT_EQ(written_.size(), 4u);
  EXPECT_EQ(written_[0], (Written{Op::moved, Lsn(200), Lsn(150), fields({"1", ""}), fields({"2", "~"})}));
  EXPECT_EQ(written_[1], (Written{Op::update, Lsn(200), Lsn(150), fields({"1", ""}), fields({"2", "~"})}));
  EXPECT_EQ(written_[2].op, Op::update);
  EXPECT_EQ(written_[3], (Written{Op::update, Lsn(200), Lsn(170), "", fields({"2", "c"})}));
}

TEST_F(AppenderTest, FullRowsFillToastAndMoveOnlyWithTheirPrimaryKey) {
  apply(test::begin(200, 0, 7));
  announce('f');
  apply(test::update(5, 'O', {"1", "long"}, {"1", "~"}), 150);
  apply(test::update(5, 'O', {"1", "long"}, {"3", "~"}), 160);
  ASSERT_EQ(written_.size(), 3u);
  EXPECT_EQ(written_[0],
            (Written{Op::update, Lsn(200), Lsn(150), fields({"1", "long"}), fields({"1", "long"})}));
  EXPECT_EQ(written_[1].op, Op::moved);
  EXPECT_EQ(written_[2].row, fields({"3", "long"}));
}

TEST_F(AppenderTest, FullRowsWithoutAPrimaryKeyMayAlwaysHaveMoved) {
  connect({}, {});
  apply(test::begin(200, 0, 7));
  announce('f');
  apply(test::update(5, 'O', {"1", "a"}, {"1", "b"}), 150);
  apply(test::update(5, 'O', {"1", "b"}, {"1", "b"}), 160);
  ASSERT_EQ(written_.size(), 3u);
  EXPECT_EQ(written_[0].op, Op::moved);
  EXPECT_EQ(written_[1].op, Op::update);
  EXPECT_EQ(written_[2].op, Op::update);
}

TEST_F(AppenderTest, AnnouncesASnapshotBeforeTheFirstChange) {
  appender_.will_be_read("public.t");
  appender_.will_be_read("public.other");
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  apply(test::insert(5, {"2", "b"}), 160);
  ASSERT_EQ(written_.size(), 3u);
  EXPECT_EQ(written_[0], (Written{Op::snapshot_begin, Lsn(101), Lsn(0), "", ""}));
  EXPECT_EQ(written_[1].op, Op::insert);
  EXPECT_EQ(written_[2].op, Op::insert);
}

TEST_F(AppenderTest, AnnouncesALaterSnapshotAboveAllThatWasApplied) {
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  apply(test::commit(200, 208));
  appender_.sent_below(Lsn(250));
  appender_.will_be_read("public.t");
  apply(test::begin(300, 0, 8));
  apply(test::insert(5, {"2", "b"}), 260);
  ASSERT_EQ(written_.size(), 3u);
  EXPECT_EQ(written_[1], (Written{Op::snapshot_begin, Lsn(250), Lsn(0), "", ""}));
  EXPECT_EQ(written_[2].op, Op::insert);
}

TEST_F(AppenderTest, AnnouncesNoSnapshotThatHasBegun) {
  appender_.will_be_read("public.t");
  auto chunk = first_chunk(Lsn(120));
  appender_.append(chunk);
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  ASSERT_EQ(written_.size(), 2u);
  EXPECT_EQ(written_[0], (Written{Op::snapshot_begin, Lsn(120), Lsn(0), "", ""}));
  EXPECT_EQ(written_[1].op, Op::insert);
}

// It is what frees a stream that lacks earlier records.
TEST_F(AppenderTest, SaysOfOneBeginThatNothingIsLackingFromThereOn) {
  const auto flags = [this] { return writer_.flags; };
  appender_.will_be_read("public.t");
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  apply(test::commit(200, 208));
  auto chunk = first_chunk(Lsn(120));
  appender_.append(chunk);
  EXPECT_EQ(flags(), (std::vector<int>{kSweep | kFromHere, 0, kSweep})) << "the change came first";
  writer_.flags.clear();
  appender_.will_be_read("public.t");
  chunk = first_chunk(Lsn(220), 0);
  appender_.append(chunk);
  EXPECT_EQ(flags(), std::vector<int>{0}) << "of a partition";
  chunk = first_chunk(Lsn(230));
  appender_.append(chunk);
  EXPECT_EQ(flags(), (std::vector<int>{0, kSweep | kFromHere}));
}

TEST_F(AppenderTest, AHalfTransactionHoldsUntilItCameAgain) {
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  connect();
  EXPECT_TRUE(appender_.in_transaction());
  apply(test::begin(200, 0, 7));
  announce();
  apply(test::insert(5, {"1", "a"}), 150);
  apply(test::commit(200, 208));
  EXPECT_FALSE(appender_.in_transaction());
  EXPECT_EQ(written_[0], written_[1]);
}

TEST_F(AppenderTest, TheFirstTransactionMustBeTheHeartbeat) {
  const HeartbeatNote note{Lsn(90), "abc"};
  connect(note);
  beat(90, "abc");
  beat(300, "next");
  EXPECT_EQ(appender_.heartbeat(), (HeartbeatNote{Lsn(300), "next"}));

  connect(note);
  EXPECT_THROW(beat(90, "forged"), Error);
  connect(note);
  EXPECT_THROW(apply(test::begin(96, 0, 7)), Error);
  connect(note);
  EXPECT_NO_THROW(appender_.sent_below(Lsn(90)));
  EXPECT_THROW(appender_.sent_below(Lsn(91)), Error);
  connect(note);
  pgoutput::StreamCommit streamed;
  streamed.commit_lsn = Lsn(96);
  EXPECT_THROW(appender_.begin(streamed), Error);
}

TEST_F(AppenderTest, HeartbeatsOfAnotherProjectAreNoneOfOurs) {
  beat(300, "abc", "theirs");
  EXPECT_FALSE(appender_.heartbeat());
}

TEST_F(AppenderTest, RefusesWhatDoesNotFitTogether) {
  EXPECT_THROW(apply(test::commit(300, 308)), Error);
  EXPECT_THROW(apply(test::stream_start(7)), Error);
  apply(test::begin(200, 0, 7));
  EXPECT_THROW(apply(test::insert(5, {"1", "a"})), Error) << "never announced";
  announce();
  EXPECT_THROW(apply(test::insert(5, {"1"})), Error) << "a column is missing";
}

}  // namespace
}  // namespace freshet::capture
