// A journal with a limit of its own: what may go, what must stay, and what a stream that stands may keep.
#include "suite.h"

namespace freshet::journal {
namespace {

std::set<std::string> lossy(const Reader& reader) {
  std::set<std::string> streams;
  for (const auto& [partition, left] : reader.gaps()) streams.insert(partition.stream);
  return streams;
}

TEST_P(BoundedJournal, AFullJournalGivesRoomAgainWhenItIsReleased) {
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

TEST_P(BoundedJournal, AStreamThatWasNotReleasedKeepsEverything) {
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

TEST_P(BoundedJournal, AHeldStreamIsReadWhenItRunsAgainAndStopsNobody) {
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

TEST_P(BoundedJournal, AHeldStreamThatOutgrowsItsShareGetsAGapUntilItIsPassed) {
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
  EXPECT_THAT(lossy(*reader), testing::ElementsAre("app.items"));
  const auto only = [](const std::string& name) {
    return [name](const std::string& stream) { return stream == name; };
  };
  EXPECT_ERROR(read_all(*reader, {}, at->ends, only("app.items")), identity);
  const Offset left = reader->gaps().at({"app.items", 0});
  EXPECT_EQ(read_all(*reader, reader->gaps(), at->ends, only("app.items"))["app.items"].size(),
            at->ends.at({"app.items", 0}).value() - left.value())
      << "what is left can be read";
  EXPECT_EQ(read_all(*reader, {}, at->ends, only("app.small"))["app.small"].size(), 1000u)
      << "the large one takes nothing from the small one";

  // A new writer knows of it, and a snapshot further on mends it.
  writer.reset();
  writer = journal->writer();
  EXPECT_THAT(lossy(*journal->reader()), testing::ElementsAre("app.items"));
  Ends ends = at->ends;
  ends.erase({"app.small", 0});
  reader->release(Confirmed::ends(ends), {"app.small"});
  EXPECT_THAT(reader->gaps(), testing::IsEmpty());
}

}  // namespace
}  // namespace freshet::journal
