#include "capture/snapshot_progress.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace freshet::capture {
namespace {

using testing::ElementsAre;

TEST(BlockSet, MergesWhatTouchesAndKnowsWhatIsMissing) {
  BlockSet set;
  set.add({64, 128});
  set.add({256, 300});
  EXPECT_THAT(set.missing(320), ElementsAre(Blocks{0, 64}, Blocks{128, 256}, Blocks{300, 320}));
  set.add({0, 64});
  set.add({128, 200});
  EXPECT_THAT(set.ranges(), ElementsAre(Blocks{0, 200}, Blocks{256, 300}));
  set.add({190, 260});
  EXPECT_THAT(set.ranges(), ElementsAre(Blocks{0, 300}));
  EXPECT_EQ(set.count(), 300u);
  EXPECT_THAT(set.missing(300), ElementsAre());
}

TEST(BlockSet, IgnoresAnEmptyRange) {
  BlockSet set;
  set.add({5, 5});
  EXPECT_THAT(set.ranges(), ElementsAre());
  EXPECT_THAT(set.missing(0), ElementsAre());
}

TEST(Progress, ComesBackAsItWasKept) {
  TableProgress progress{.v = Lsn(0x1'0000'0042), .flags = 1, .complete = false, .leaves = {}};
  EXPECT_EQ(decode_progress(encode(progress)), progress);
  progress.leaves = {{16'385, "00ffab", 300, {}}, {16'390, "12", 0, {}}};
  progress.leaves[0].taken.add({0, 64});
  progress.leaves[0].taken.add({128, 300});
  EXPECT_EQ(encode(progress),
            "1 v=1/42 flags=1 state=reading leaves=16385:00ffab:300:0-64,128-300;16390:12:0:;");
  EXPECT_EQ(decode_progress(encode(progress)), progress);
  progress.complete = true;
  EXPECT_EQ(decode_progress(encode(progress)), progress);
}

TEST(Progress, RefusesWhatItDidNotWrite) {
  for (const char* text :
       {"", "2 v=0/1", "1 v=0/1 flags=1 state=half leaves=", "1 v=x flags=1 state=reading leaves=",
        "1 v=0/1 flags=1 state=reading leaves=7:ab:10:5-4;",
        "1 v=0/1 flags=1 state=reading leaves=7:ab:10:0-11;", "1 v=0/1 flags=1 state=reading leaves=7:ab"}) {
    EXPECT_THROW(decode_progress(text), Error) << text;
  }
}

}  // namespace
}  // namespace freshet::capture
