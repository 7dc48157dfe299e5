// One writer after another: generations, epochs, shapes, and what a dead one left behind.
#include "suite.h"

namespace freshet::journal {
namespace {

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

}  // namespace
}  // namespace freshet::journal
