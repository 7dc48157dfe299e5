// The journal against a model in memory: random appends, seals, crashes with torn tails, reads of any range,
// releases and held streams. The seed is the test's parameter.
#include <random>

#include "base/bytes.h"
#include "embedded_journal.h"
#include "journal/embedded/block_reader.h"

namespace freshet::journal {
namespace {

constexpr std::size_t kStreams = 4;
constexpr int kSteps = 1500;
constexpr std::chrono::milliseconds kNow{0};

class Model : public EmbeddedJournalTest, public testing::WithParamInterface<unsigned> {
 protected:
  void SetUp() override {
    options_.limit = 64 << 20;
    options_.segment_bytes = 16 << 10;
    for (std::size_t i = 0; i < kStreams; ++i) streams_[i].table = make_table("t" + std::to_string(i));
    writer_ = open_writer(options_);
    reader_ = open_reader(options_);
  }

  void step() {
    const std::uint64_t what = pick(100);
    if (what < 60) return append();
    if (what < 80) return seal();
    if (what < 83) return die_unsealed();
    if (what < 86) return lose_power_in_a_seal();
    if (what < 92) return read_a_range();
    if (what < 96) return follow();
    release();
  }

  void append() {
    Stream& stream = streams_[pick(kStreams)];
    if (pick(20) == 0) stream.table = make_table(stream.table->table, static_cast<int>(2 + pick(5)));
    Row row = insert(stream.table, lsn_ + 1, noise(pick(50) == 0 ? pick(100000) : pick(300), random_()));
    row.epoch = epoch_;
    writer_->append(row.change());
    stream.rows.push_back(std::move(row));
  }

  void seal() {
    if (pick(3) == 0) writer_->keep(notes_ = noise(pick(50), random_()));
    if (pick(30) == 0) writer_->set_epoch(++epoch_);
    ++lsn_;
    take_as_sealed(writer_->seal(Lsn(lsn_), static_cast<Micros>(lsn_)).get());
    for (std::size_t i = 0; i < kStreams; ++i)
      ASSERT_EQ(end_of(watermarks_.back().ends, i), streams_[i].sealed);
  }

  void take_as_sealed(const Watermark& watermark) {
    watermarks_.push_back(watermark);
    sealed_notes_ = notes_;
    for (Stream& stream : streams_) stream.sealed = stream.rows.size();
  }

  void die_unsealed() {
    writer_.reset();
    reopen();
  }

  // The seal's bytes reach the disk in part or as a whole; its tail file doesn't.
  void lose_power_in_a_seal() {
    const std::string tail = content(directory() / "tail");
    const auto first = segments().front();
    ++lsn_;
    const Watermark in_doubt = writer_->seal(Lsn(lsn_), static_cast<Micros>(lsn_)).get();
    writer_.reset();
    put(directory() / "tail", tail);
    // Not when the disk has certainly got it: the seal began another file, or let retention take one.
    if (segments().front() == first && ends_in_a_watermark(last_segment())) tear_beyond(tail);
    writer_ = open_writer(options_);
    const auto& last = writer_->last();
    if (last && last->number == in_doubt.number) take_as_sealed(in_doubt);
    reopen();
  }

  static bool ends_in_a_watermark(const std::filesystem::path& segment) {
    BlockKind last{};
    BlockReader blocks(files::File::open(segment), 0, std::filesystem::file_size(segment),
                       BlockReader::Window::headers);
    while (const auto header = blocks.next()) last = header->kind;
    return last == BlockKind::watermark;
  }

  // Damages what isn't durable by this tail: the last file from some byte on.
  void tear_beyond(const std::string& tail) {
    const auto segment = load_le<std::uint64_t>(tail.data() + 12);
    const auto byte = load_le<std::uint64_t>(tail.data() + 20);
    const bool same = std::stoull(last_segment().filename()) == segment;
    std::string bytes = content(last_segment());
    const std::size_t from = same ? byte : 0;
    const std::size_t at = from + pick(bytes.size() - from + 1);
    if (pick(2) == 0)
      bytes.resize(at);
    else
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
    put(last_segment(), bytes);
  }

  void reopen() {
    writer_.reset();
    writer_ = open_writer(options_);
    for (Stream& stream : streams_) stream.rows.resize(stream.sealed);
    notes_ = sealed_notes_;
    ASSERT_EQ(writer_->kept(), notes_);
    ASSERT_EQ(writer_->last(), watermarks_.empty() ? std::optional<Watermark>() : watermarks_.back());
    epoch_ = watermarks_.empty() ? 0 : watermarks_.back().epoch;
  }

  void read_a_range() {
    if (watermarks_.empty()) return;
    if (pick(4) == 0) reader_ = open_reader(options_);
    const Ends& to = watermarks_[pick(watermarks_.size())].ends;
    Ends from;
    for (std::size_t i = 0; i < kStreams; ++i) {
      const std::uint64_t begin = end_of(released_, i), end = end_of(to, i);
      from[{name(i), 0}] = Offset(begin < end ? begin + pick(end - begin) : begin);
    }
    const SeenRows seen = read_all(*reader_, from, to);
    for (std::size_t i = 0; i < kStreams; ++i) {
      std::vector<Row> expected;
      for (std::uint64_t k = end_of(from, i); k < end_of(to, i); ++k) expected.push_back(streams_[i].rows[k]);
      ASSERT_TRUE(rows_of(seen, name(i)) == expected)
          << name(i) << " " << end_of(from, i) << ".." << end_of(to, i);
    }
  }

  void follow() {
    if (watermarks_.empty()) return;
    const Watermark& after = watermarks_[pick(watermarks_.size())];
    const std::optional<Watermark> found = reader_->next(after, pick(20000), kNow);
    ASSERT_EQ(found.has_value(), after.number != watermarks_.back().number);
    if (!found) return;
    ASSERT_GT(found->number, after.number);
    ASSERT_EQ(*found, watermarks_.at(found->number - 1));
  }

  // Some streams go on, others stay where they are; some of those are held.
  void release() {
    if (watermarks_.empty()) return;
    const Ends& at =
        watermarks_[watermarks_.size() - 1 - pick(std::min<std::size_t>(3, watermarks_.size()))].ends;
    std::set<std::string> held;
    for (std::size_t i = 0; i < kStreams; ++i) {
      if (pick(3) == 0) held.insert(name(i));
      if (pick(3) == 0) continue;
      released_[{name(i), 0}] = Offset(std::max(end_of(released_, i), end_of(at, i)));
    }
    reader_->release(Confirmed::ends(released_), held);
  }

  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  static std::string name(std::size_t stream) { return "app.t" + std::to_string(stream); }
  static std::uint64_t end_of(const Ends& ends, std::size_t stream) {
    const auto end = ends.find({name(stream), 0});
    return end == ends.end() ? 0 : end->second.value();
  }

  struct Stream {
    std::shared_ptr<TableSchema> table;
    std::vector<Row> rows;   // by offset
    std::size_t sealed = 0;  // how many of them
  };

  std::mt19937_64 random_{GetParam()};
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Reader> reader_;
  Stream streams_[kStreams];
  std::vector<Watermark> watermarks_;  // by number - 1
  std::uint64_t lsn_ = 0;
  Epoch epoch_ = 0;
  std::string notes_, sealed_notes_;
  Ends released_;
};

TEST_P(Model, AgreesWithTheJournal) {
  for (int i = 0; i < kSteps && !HasFatalFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    step();
  }
  EXPECT_GT(watermarks_.size(), 100u);
  EXPECT_GT(std::stoull(segments().front().filename()), 5u) << "retention took part";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Model, testing::Range(1u, 25u));

}  // namespace
}  // namespace freshet::journal
