// What is appended and sealed is read back, whole and in order.
#include <thread>

#include "suite.h"

namespace freshet::journal {
namespace {

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
  for (auto op = static_cast<std::uint8_t>(kFirstOp); op <= static_cast<std::uint8_t>(kLastOp); ++op) {
    Row row = insert(orders_, 100 + op, "x");
    row.op = static_cast<Op>(op);
    row.flags = op % 2 == 0 ? kSweep | kPeriodic | kByKey : kByKey;
    row.change_lsn = Lsn(~std::uint64_t{0} - 5);
    row.xid = ~std::uint32_t{0};
    row.committed_at = -1;
    row.old = op % 2 == 0 ? tuple_of({"old", "row"}) : "";
    if (row.op == Op::truncate) row.row = "";
    rows.push_back(row);
  }
  const Watermark sealed = append_and_seal(*writer, rows);

  const auto reader = journal->reader();
  const Watermark found = newest(*reader);
  EXPECT_EQ(found, sealed);
  EXPECT_EQ(found.generation, writer->generation());
  EXPECT_EQ(found.ends, (Ends{{{"app.orders", 0}, Offset(rows.size())}}));
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

TEST_P(JournalConformance, APartitionIsReadUntilItsReaderHasEnough) {
  const auto journal = make();
  const auto writer = journal->writer();
  for (std::uint64_t i = 1; i <= 50; ++i)
    append_and_seal(*writer, {insert(orders_, i, std::string(5000, 'o')), insert(items_, i, "i")});
  const auto reader = journal->reader();
  std::vector<Offset> taken;
  const auto until = [&](std::uint64_t enough) {
    return [&taken, enough](const Change&, Offset offset) {
      if (offset == Offset(enough)) return false;
      taken.push_back(offset);
      return true;
    };
  };
  const Partition items{"app.items", 0};
  reader->read_while(items, Offset(20), Offset(50), until(23));
  EXPECT_EQ(taken, (std::vector{Offset(20), Offset(21), Offset(22)}));
  taken.clear();
  reader->read_while(items, Offset(23), Offset(50), until(23));
  EXPECT_EQ(taken, std::vector<Offset>());
  reader->read_while(items, Offset(23), Offset(50), until(99));
  EXPECT_EQ(taken.size(), 27U);
}

TEST_P(JournalConformance, StreamsAreAddedAsTheyCome) {
  const auto journal = make();
  const auto writer = journal->writer();
  const auto reader = journal->reader();
  std::optional<Watermark> after;
  for (std::uint64_t i = 1; i <= 120; ++i) {
    append_and_seal(*writer, {insert(make_table("t" + std::to_string(i)), i, std::string(1000, 'x'))});
    if (i % 20 != 0) continue;
    const Watermark found = newest(*reader, after);
    EXPECT_EQ(found.ends.size(), i);
    EXPECT_EQ(read_all(*reader, after ? after->ends : Ends(), found.ends).size(), 20u);
    after = found;
  }
  EXPECT_EQ(read_all(*journal->reader(), {}, after->ends).size(), 120u);
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

}  // namespace
}  // namespace freshet::journal
