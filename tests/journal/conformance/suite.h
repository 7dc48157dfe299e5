// What every journal does, embedded or Kafka: instantiate JournalConformance with a function that makes one,
// and link freshet_journal_conformance. One with a limit of its own instantiates BoundedJournal as well.
#pragma once

#include <gmock/gmock.h>

#include "rows.h"
#include "support/process.h"

namespace freshet::journal {

// One journal, empty at first.
class JournalUnderTest {
 public:
  struct Settings {
    std::uint64_t limit = std::uint64_t{1} << 30;
    std::uint64_t segment_bytes = std::uint64_t{64} << 10;  // small: the tests cross many of them
  };

  virtual ~JournalUnderTest() = default;
  virtual std::unique_ptr<Writer> writer() = 0;
  virtual std::unique_ptr<Reader> reader() = 0;
};

using MakeJournal = std::function<std::unique_ptr<JournalUnderTest>(JournalUnderTest::Settings)>;

class JournalConformance : public testing::TestWithParam<MakeJournal> {
 protected:
  static constexpr std::uint64_t kAnyBytes = ~std::uint64_t{0};
  static constexpr std::chrono::milliseconds kNow{0};
  static constexpr std::chrono::seconds kSoon{10};

  std::unique_ptr<JournalUnderTest> make(JournalUnderTest::Settings settings) { return GetParam()(settings); }
  std::unique_ptr<JournalUnderTest> make() { return make({}); }

  // The newest watermark after `after`; there has to be one.
  static Watermark newest(Reader& reader, const std::optional<Watermark>& after = {}) {
    std::optional<Watermark> found = reader.next(after, kAnyBytes, kSoon);
    if (!found) throw Error(ErrorKind::transient, "no watermark");
    return *found;
  }

  static Watermark append_and_seal(Writer& writer, const std::vector<Row>& rows) {
    for (const Row& row : rows) writer.append(row.change());
    return writer.seal(rows.back().commit_lsn, rows.back().committed_at).get();
  }

  std::shared_ptr<TableSchema> orders_ = make_table("orders");
  std::shared_ptr<TableSchema> items_ = make_table("items");
};

// Likewise, for those that keep a limit of their own: Kafka's topics have their retention instead.
class BoundedJournal : public JournalConformance {};

}  // namespace freshet::journal
