// Streams that come into a load while it runs, beside those that it has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/rig.h"

namespace freshet::test {
namespace {

using Contracts = std::vector<contract::StreamContract>;

Row row(std::int64_t id, const char* name, const char* doc = "d") {
  return {id, name, doc, "1.50"};
}

class Added : public testing::Test {
 protected:
  void SetUp() override { rig.start(); }

  void change(const char* table, std::int64_t id) {
    source.insert(table, row(id, "n", "long"));
    source.update(table, row(id, "changed", kUnchanged));
    source.commit();
  }
  std::vector<std::string> streams() {
    std::vector<std::string> names;
    for (const load::TableStatus& table : rig.load().status().tables) names.push_back(table.mirror);
    return names;
  }

  const Contracts items{contract_of("items")};
  Rig rig{items};
  Source& source = rig.source();
};

TEST_F(Added, BringsWhatTheJournalHasOfThem) {
  change("items", 1);
  change("keeps", 1);
  rig.settle();
  rig.load().add(all_contracts()).get();
  EXPECT_THAT(streams(), testing::ElementsAre("items", "keeps", "rates"));
  change("items", 2);
  change("keeps", 2);
  source.remove("keeps", 1);
  source.commit();
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

TEST_F(Added, TwiceAreTheSame) {
  rig.load().add(all_contracts()).get();
  change("keeps", 1);
  rig.settle();
  rig.load().add(all_contracts()).get();
  EXPECT_EQ(streams().size(), 3U);
  change("keeps", 2);
  rig.settle();
  rig.expect_equal("keeps");
}

// From where it stood, with what load had noted of it.
TEST_F(Added, AgainGoOnWhereTheyStood) {
  rig.load().add(all_contracts()).get();
  source.insert("keeps", {1, "n", "long", "NaN"});
  source.commit();
  change("keeps", 2);
  rig.settle();
  rig.stop();
  rig.start();
  change("keeps", 3);
  change("items", 1);
  rig.settle();
  EXPECT_EQ(streams().size(), 1U);
  rig.load().add(all_contracts()).get();
  EXPECT_EQ(rig.status_of("app.keeps")->quarantined, 1U);
  change("items", 2);
  source.remove("keeps", 1);
  source.commit();
  rig.settle();
  // It catches up when what it had in quarantine was taken up again.
  EXPECT_TRUE(eventually([&] { return rig.status_of("app.keeps")->quarantined == 2; }));
  rig.expect_equal("items");
  rig.expect_equal_or_waiting("keeps");
}

TEST_F(Added, AreThereAfterLoadHasBegunAgain) {
  rig.load().add(all_contracts()).get();
  engine().kill();
  engine().start();
  change("keeps", 1);
  change("items", 1);
  rig.settle();
  rig.expect_equal("items");
  rig.expect_equal("keeps");
}

TEST_F(Added, WithoutAPossibleMirrorAreRefusedAndNoneIsTakenIn) {
  contract::StreamContract keyless = contract_of("keeps");
  for (contract::ColumnContract& column : keyless.columns) column.key_position = 0;
  auto refused = rig.load().add({contract_of("rates"), keyless});
  EXPECT_THROW(refused.get(), Error);
  EXPECT_EQ(streams().size(), 1U);
  change("items", 1);
  rig.settle();
  rig.expect_equal("items");
}

}  // namespace
}  // namespace freshet::test
