// What every journal does, embedded or Kafka: instantiate JournalConformance with a function that makes one.
#pragma once

#include <gmock/gmock.h>

#include <thread>

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

TEST_P(JournalConformance, ANewJournalHasNoWatermark) {
  const auto journal = make();
  EXPECT_EQ(journal->reader()->next({}, kAnyBytes, kNow), std::nullopt);
  const auto writer = journal->writer();
  EXPECT_EQ(writer->last(), std::nullopt);
  EXPECT_EQ(writer->kept(), "");
  EXPECT_EQ(journal->reader()->next({}, kAnyBytes, kNow), std::nullopt);
}

TEST_P(JournalConformance, WhatWasSealedIsReadBackAsItWas) {
  const auto journal = make();
  const auto writer = journal->writer();
  std::vector<Row> rows;
  for (int op = 1; op <= 8; ++op) {
    Row row = insert(orders_, 100 + static_cast<std::uint64_t>(op), "x");
    row.op = static_cast<Op>(op);
    row.flags = static_cast<std::uint8_t>(op & 3);
    row.change_lsn = Lsn(~std::uint64_t{0} - 5);
    row.xid = ~std::uint32_t{0};
    row.committed_at = -1;
    row.old = op % 2 == 0 ? tuple_of({"old"}) : "";
    if (op == 5) row.row = "";
    rows.push_back(row);
  }
  const Watermark sealed = append_and_seal(*writer, rows);

  const auto reader = journal->reader();
  const Watermark found = newest(*reader);
  EXPECT_EQ(found, sealed);
  EXPECT_EQ(found.generation, writer->generation());
  EXPECT_EQ(found.ends, (Ends{{{"app.orders", 0}, Offset(8)}}));
  const SeenRows seen = read_all(*reader, {}, found.ends);
  EXPECT_EQ(rows_of(seen, "app.orders"), rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(seen.at("app.orders")[i].offset.value(), i);
    EXPECT_EQ(seen.at("app.orders")[i].generation, writer->generation());
  }
}

TEST_P(JournalConformance, WhatWasNotSealedIsNotSeen) {
  const auto journal = make();
  const auto writer = journal->writer();
  const auto reader = journal->reader();
  for (std::uint64_t lsn = 1; lsn < 2000; ++lsn)
    writer->append(insert(orders_, lsn, std::string(500, 'x')).change());
  EXPECT_EQ(reader->next({}, kAnyBytes, kNow), std::nullopt);
  writer->seal(Lsn(2000), 0);
  EXPECT_EQ(newest(*reader).commit_lsn, Lsn(2000));
}

TEST_P(JournalConformance, EveryRangeBetweenTwoWatermarksIsWhole) {
  const auto journal = make();
  const auto writer = journal->writer();
  std::vector<Watermark> watermarks;
  std::vector<Row> orders, items;
  for (std::uint64_t seal = 0; seal < 60; ++seal) {
    for (std::uint64_t i = 0; i < seal; ++i) {
      orders.push_back(insert(orders_, seal * 100 + i, std::string(100 * i, 'o')));
      writer->append(orders.back().change());
      if (i % 3 != 0) continue;
      items.push_back(insert(items_, seal * 100 + i, "i"));
      writer->append(items.back().change());
    }
    watermarks.push_back(writer->seal(Lsn(seal * 100 + 99), 0).get());
  }
  const auto reader = journal->reader();
  const auto expect_range = [&](const Ends& from, const Ends& to) {
    const SeenRows seen = read_all(*reader, from, to);
    for (const auto& [stream, all] : {std::pair{"app.orders", &orders}, {"app.items", &items}}) {
      const auto at = [&](const Ends& ends) {
        const auto end = ends.find({stream, 0});
        return end == ends.end() ? 0 : static_cast<std::ptrdiff_t>(end->second.value());
      };
      EXPECT_EQ(rows_of(seen, stream), std::vector<Row>(all->begin() + at(from), all->begin() + at(to)));
    }
  };
  for (std::size_t to = 0; to < watermarks.size(); to += 7)
    for (std::size_t from = 0; from <= to; from += 5)
      expect_range(watermarks[from].ends, watermarks[to].ends);
  expect_range({}, watermarks.back().ends);
}

TEST_P(JournalConformance, NextGoesAsFarAsTheBytesAllowButAtLeastOneWatermark) {
  const auto journal = make();
  const auto writer = journal->writer();
  std::vector<Watermark> watermarks;
  for (std::uint64_t i = 1; i <= 20; ++i)
    watermarks.push_back(append_and_seal(*writer, {insert(orders_, i, std::string(10000, 'x'))}));
  const auto reader = journal->reader();
  EXPECT_EQ(reader->next({}, 1, kNow), watermarks[0]);
  EXPECT_EQ(reader->next({}, 35000, kNow), watermarks[2]);
  EXPECT_EQ(reader->next(watermarks[2], 25000, kNow), watermarks[4]);
  EXPECT_EQ(reader->next(watermarks[4], kAnyBytes, kNow), watermarks[19]);
  EXPECT_EQ(reader->next(watermarks[19], kAnyBytes, kNow), std::nullopt);
}

TEST_P(JournalConformance, StreamsMayBeLeftOutAndReadLater) {
  const auto journal = make();
  const auto writer = journal->writer();
  for (std::uint64_t i = 1; i <= 50; ++i)
    append_and_seal(*writer, {insert(orders_, i, std::string(5000, 'o')), insert(items_, i, "i")});
  const auto reader = journal->reader();
  const Ends all = newest(*reader).ends;
  const auto is = [](const std::string& name) {
    return [name](const std::string& stream) { return stream == name; };
  };
  EXPECT_EQ(read_all(*reader, {}, all, is("app.orders")).size(), 1u);
  const SeenRows items = read_all(*reader, {{{"app.items", 0}, Offset(20)}}, all, is("app.items"));
  EXPECT_EQ(items.at("app.items").size(), 30u);
  EXPECT_EQ(items.at("app.items").front().offset, Offset(20));
  EXPECT_EQ(read_all(*reader, {}, {{{"app.items", 0}, Offset(3)}}).size(), 1u) << "only what `to` names";
}

TEST_P(JournalConformance, AWriterGoesOnWhereTheLastOneSealed) {
  const auto journal = make();
  std::optional<Watermark> last;
  std::vector<Row> rows;
  for (std::uint64_t run = 1; run <= 5; ++run) {
    const auto writer = journal->writer();
    EXPECT_EQ(writer->generation(), Generation(run));
    EXPECT_EQ(writer->last(), last);
    EXPECT_EQ(writer->kept(), run == 1 ? "" : "run " + std::to_string(run - 1));
    writer->keep("run " + std::to_string(run));
    rows.push_back(insert(orders_, run, "x"));
    last = append_and_seal(*writer, {rows.back()});
    writer->keep("not sealed");
  }
  const auto reader = journal->reader();
  EXPECT_EQ(newest(*reader), last);
  EXPECT_EQ(rows_of(read_all(*reader, {}, last->ends), "app.orders"), rows);
}

TEST_P(JournalConformance, TheEpochIsKeptAndStampsEveryRowAfterIt) {
  const auto journal = make();
  {
    const auto writer = journal->writer();
    append_and_seal(*writer, {insert(orders_, 10, "a")});
    writer->append(insert(orders_, 11, "b").change());
    writer->set_epoch(3);
    EXPECT_EQ(append_and_seal(*writer, {insert(orders_, 1, "c")}).epoch, 3) << "LSNs may start anew";
  }
  const auto writer = journal->writer();
  EXPECT_EQ(append_and_seal(*writer, {insert(orders_, 2, "d")}).epoch, 3);
  const auto reader = journal->reader();
  std::vector<int> epochs;
  for (const Row& row : rows_of(read_all(*reader, {}, newest(*reader).ends), "app.orders"))
    epochs.push_back(row.epoch);
  EXPECT_THAT(epochs, testing::ElementsAre(0, 0, 3, 3));
}

// What a dead writer appended and didn't seal is either gone or of an older generation, so that load drops it
// by its commit LSN.
TEST_P(JournalConformance, LeftoversOfADeadWriterAreToldApart) {
  const auto journal = make();
  const Row before = insert(orders_, 1, "sealed");
  append_and_seal(*journal->writer(), {before});
  {
    const auto dying = journal->writer();
    for (std::uint64_t i = 0; i < 5000; ++i)
      dying->append(insert(orders_, 50, std::string(100, 'l')).change());
  }
  const auto writer = journal->writer();
  const Row again = insert(orders_, 50, "whole");
  const auto reader = journal->reader();
  const auto visible = [&](const Watermark& watermark) {
    std::vector<Row> rows;
    const SeenRows all = read_all(*reader, {}, watermark.ends);
    for (const Seen& seen : all.at("app.orders"))
      if (seen.generation == watermark.generation || seen.row.commit_lsn <= watermark.commit_lsn)
        rows.push_back(seen.row);
    return rows;
  };
  // The transaction at 50 hasn't come again yet, then it has.
  EXPECT_EQ(visible(writer->seal(Lsn(40), 0).get()), std::vector<Row>{before});
  const Watermark with = append_and_seal(*writer, {again});
  SeenRows all = read_all(*reader, {{{"app.orders", 0}, Offset(1)}}, with.ends);
  EXPECT_EQ(all["app.orders"].back().row, again);
}

TEST_P(JournalConformance, ASchemaMayChangeInMidStream) {
  const auto journal = make();
  auto writer = journal->writer();
  std::vector<Row> rows;
  for (std::uint64_t i = 1; i <= 30; ++i) {
    // Every third row the table has another shape; every fifth seals; every tenth opens anew.
    rows.push_back(insert(make_table("orders", 2 + static_cast<int>(i / 3)), i, std::string(3000, 'x')));
    writer->append(rows.back().change());
    if (i % 5 == 0) writer->seal(Lsn(i), 0);
    if (i % 10 != 0) continue;
    writer.reset();
    writer = journal->writer();
  }
  const auto reader = journal->reader();
  const Ends all = newest(*reader).ends;
  EXPECT_EQ(rows_of(read_all(*reader, {}, all), "app.orders"), rows);
  EXPECT_EQ(rows_of(read_all(*journal->reader(), {{{"app.orders", 0}, Offset(28)}}, all), "app.orders"),
            std::vector<Row>(rows.end() - 2, rows.end()));
}

TEST_P(JournalConformance, AShapeHasOneAddressForAReader) {
  const auto journal = make();
  const auto writer = journal->writer();
  for (std::uint64_t i = 1; i <= 40; ++i) {
    const auto copy = std::make_shared<TableSchema>(*orders_);
    append_and_seal(*writer, {insert(copy, i, std::string(5000, 'x'))});
  }
  const auto reader = journal->reader();
  std::set<const TableSchema*> addresses;
  const auto visit = [&](const Change& change, const Partition&, Offset) { addresses.insert(change.schema); };
  reader->read({}, newest(*reader).ends, visit);
  reader->read({}, newest(*reader).ends, visit);
  EXPECT_EQ(addresses.size(), 1u);
}

TEST_P(JournalConformance, StreamsAreAddedAsTheyCome) {
  const auto journal = make();
  const auto writer = journal->writer();
  const auto reader = journal->reader();
  std::optional<Watermark> after;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    append_and_seal(*writer, {insert(make_table("t" + std::to_string(i)), i, std::string(1000, 'x'))});
    if (i % 50 != 0) continue;
    const Watermark found = newest(*reader, after);
    EXPECT_EQ(found.ends.size(), i);
    EXPECT_EQ(read_all(*reader, after ? after->ends : Ends(), found.ends).size(), 50u);
    after = found;
  }
  EXPECT_EQ(read_all(*journal->reader(), {}, after->ends).size(), 300u);
}

TEST_P(JournalConformance, ARecordOf64MiBPasses) {
  const auto journal = make();
  const auto writer = journal->writer();
  std::string big(std::size_t{64} << 20, 'x');
  for (std::size_t i = 0; i < big.size(); i += 13) big[i] = static_cast<char>(i * 2654435761u >> 13);
  const std::vector<Row> rows = {insert(orders_, 1, "a"), insert(orders_, 2, big), insert(orders_, 3, "b")};
  append_and_seal(*writer, rows);
  const auto reader = journal->reader();
  EXPECT_TRUE(rows_of(read_all(*reader, {}, newest(*reader).ends), "app.orders") == rows);
}

TEST_P(JournalConformance, APositionOfAnotherJournalIsRefused) {
  const auto journal = make();
  const auto other = make();
  const Watermark sealed = append_and_seal(*journal->writer(), {insert(orders_, 1, "x")});
  const Watermark foreign = append_and_seal(*other->writer(), {insert(orders_, 1, "x")});
  EXPECT_NE(sealed.journal, foreign.journal);
  EXPECT_ERROR(journal->reader()->next(foreign, kAnyBytes, kNow), identity);
}

TEST_P(JournalConformance, APositionOfAnotherHistoryIsRefused) {
  const auto journal = make();
  const auto writer = journal->writer();
  append_and_seal(*writer, {insert(orders_, 1, "x")});
  Watermark altered = append_and_seal(*writer, {insert(orders_, 2, "x")});
  append_and_seal(*writer, {insert(orders_, 3, "x")});
  altered.commit_lsn = Lsn(77);
  EXPECT_ERROR(journal->reader()->next(altered, kAnyBytes, kNow), identity);
}

TEST_P(JournalConformance, APositionThatASuccessorNeverSawIsRefused) {
  const auto journal = make();
  Watermark lost = append_and_seal(*journal->writer(), {insert(orders_, 1, "x")});
  lost.number += 5;
  append_and_seal(*journal->writer(), {insert(orders_, 2, "x")});
  EXPECT_ERROR(journal->reader()->next(lost, kAnyBytes, kNow), identity);
}

TEST_P(JournalConformance, ARangeThatIsNotThereIsRefused) {
  const auto journal = make();
  const auto writer = journal->writer();
  append_and_seal(*writer, {insert(orders_, 1, "x")});
  EXPECT_ERROR(read_all(*journal->reader(), {}, {{{"app.orders", 0}, Offset(2)}}), identity);
}

TEST_P(JournalConformance, AFullJournalGivesRoomAgainWhenItIsReleased) {
  const auto journal = make({.limit = 1 << 20});
  const auto writer = journal->writer();
  const auto reader = journal->reader();
  EXPECT_GT(writer->room(), std::uint64_t{900} << 10);
  EXPECT_EQ(reader->limit(), 1u << 20);
  std::uint64_t lsn = 0;
  const auto fill = [&] {
    while (writer->room() > 0) {
      ASSERT_LT(++lsn, 10000u);
      append_and_seal(*writer, {insert(orders_, lsn, noise(5000, lsn))});
    }
  };
  fill();
  const Watermark first = newest(*reader);
  EXPECT_EQ(read_all(*reader, {}, first.ends)["app.orders"].size(), lsn) << "nothing goes before its release";
  EXPECT_GT(reader->bytes(), std::uint64_t{1} << 20);

  reader->release(Confirmed::ends(first.ends), {});
  ASSERT_TRUE(test::eventually([&] { return writer->room() > std::uint64_t{500} << 10; }));
  EXPECT_LT(reader->bytes(), std::uint64_t{500} << 10);
  fill();
  const Watermark second = newest(*reader, first);
  EXPECT_EQ(read_all(*reader, first.ends, second.ends)["app.orders"].size(),
            lsn - first.ends.at({"app.orders", 0}).value());
  EXPECT_ERROR(read_all(*journal->reader(), {}, second.ends), identity);
}

TEST_P(JournalConformance, AStreamThatWasNotReleasedKeepsEverything) {
  const auto journal = make({.limit = 1 << 20});
  const auto writer = journal->writer();
  const auto reader = journal->reader();
  for (std::uint64_t lsn = 1; writer->room() > 0; ++lsn)
    append_and_seal(*writer, {insert(orders_, lsn, noise(5000, lsn)), insert(items_, lsn, "i")});
  const Ends all = newest(*reader).ends;
  reader->release(Confirmed::ends({{{"app.orders", 0}, all.at({"app.orders", 0})}}), {});
  EXPECT_FALSE(test::eventually([&] { return writer->room() > 0; }, std::chrono::milliseconds(200)));
  EXPECT_EQ(read_all(*reader, {}, all)["app.items"].size(), all.at({"app.items", 0}).value());
}

TEST_P(JournalConformance, AHeldStreamIsReadWhenItRunsAgainAndStopsNobody) {
  const auto journal = make({.limit = 2 << 20});
  const auto writer = journal->writer();
  const auto reader = journal->reader();
  std::vector<Row> items;
  std::optional<Watermark> at;
  for (std::uint64_t lsn = 1; lsn <= 2000; ++lsn) {
    // The held stream changes its shape on the way.
    items.push_back(
        insert(lsn % 400 == 0 ? items_ = make_table("items", static_cast<int>(2 + lsn / 400)) : items_, lsn,
               noise(20, lsn)));
    append_and_seal(*writer, {insert(orders_, lsn, noise(5000, lsn)), items.back()});
    if (lsn % 50 != 0) continue;
    at = newest(*reader, at);
    Ends ends = at->ends;
    ends[{"app.items", 0}] = Offset(10);
    reader->release(Confirmed::ends(ends), {"app.items"});
    ASSERT_TRUE(test::eventually([&] { return writer->room() > std::uint64_t{300} << 10; })) << "at " << lsn;
  }
  EXPECT_THAT(reader->gaps(), testing::IsEmpty());
  const auto only_items = [](const std::string& stream) { return stream == "app.items"; };
  const Ends from = {{{"app.items", 0}, Offset(10)}};
  const std::vector<Row> expected(items.begin() + 10, items.end());
  EXPECT_EQ(rows_of(read_all(*reader, from, at->ends, only_items), "app.items"), expected);
  EXPECT_EQ(rows_of(read_all(*journal->reader(), from, at->ends, only_items), "app.items"), expected);
}

TEST_P(JournalConformance, AHeldStreamThatOutgrowsItsShareGetsAGapUntilItIsPassed) {
  const auto journal = make({.limit = 2 << 20});
  auto writer = journal->writer();
  const auto reader = journal->reader();
  const auto small = make_table("small");
  std::optional<Watermark> at;
  std::uint64_t lsn = 0;
  const auto run = [&](int seals) {
    for (int i = 0; i < seals; ++i) {
      ++lsn;
      append_and_seal(*writer, {insert(orders_, lsn, noise(3000, lsn)), insert(items_, lsn, noise(3000, lsn)),
                                insert(small, lsn, "s")});
      if (lsn % 50 != 0) continue;
      at = newest(*reader, at);
      Ends ends = at->ends;
      ends.erase({"app.items", 0});
      ends.erase({"app.small", 0});
      reader->release(Confirmed::ends(ends), {"app.items", "app.small"});
      ASSERT_TRUE(test::eventually([&] { return writer->room() > std::uint64_t{300} << 10; }));
    }
  };
  run(1000);
  EXPECT_THAT(reader->gaps(), testing::ElementsAre("app.items"));
  const auto only = [](const std::string& name) {
    return [name](const std::string& stream) { return stream == name; };
  };
  EXPECT_ERROR(read_all(*reader, {}, at->ends, only("app.items")), identity);
  EXPECT_EQ(read_all(*reader, {}, at->ends, only("app.small"))["app.small"].size(), 1000u)
      << "the large one takes nothing from the small one";

  // A new writer knows of it, and a snapshot further on mends it.
  writer.reset();
  writer = journal->writer();
  EXPECT_THAT(journal->reader()->gaps(), testing::ElementsAre("app.items"));
  Ends ends = at->ends;
  ends.erase({"app.small", 0});
  reader->release(Confirmed::ends(ends), {"app.small"});
  EXPECT_THAT(reader->gaps(), testing::IsEmpty());
}

TEST_P(JournalConformance, AReaderFollowsAWriter) {
  const auto journal = make();
  constexpr std::uint64_t kSeals = 300;
  std::thread writing([&] {
    const auto writer = journal->writer();
    for (std::uint64_t i = 1; i <= kSeals; ++i)
      append_and_seal(*writer, {insert(orders_, i, std::string(2000, 'x')), insert(items_, i, "i")});
  });
  const auto reader = journal->reader();
  std::optional<Watermark> at;
  std::uint64_t expected = 0;
  while (!at || at->commit_lsn < Lsn(kSeals)) {
    const std::optional<Watermark> next = reader->next(at, 20000, kSoon);
    ASSERT_TRUE(next);
    for (const Row& row : rows_of(read_all(*reader, at ? at->ends : Ends(), next->ends), "app.orders"))
      ASSERT_EQ(row.commit_lsn.value(), ++expected);
    at = next;
    EXPECT_EQ(at->commit_lsn.value(), expected);
  }
  writing.join();
}

}  // namespace freshet::journal
