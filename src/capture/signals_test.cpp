#include "capture/signals.h"

#include <gtest/gtest.h>

#include "base/nonce.h"

namespace freshet::capture {
namespace {

TEST(Signals, AreReadAsTheyAreWritten) {
  const Beat beat{"generation", make_nonce()};
  EXPECT_EQ(std::get<Beat>(parse_signal(to_text(beat))), beat);
  EXPECT_NE(make_nonce(), make_nonce());
  EXPECT_EQ(std::get<Canary>(parse_signal("canary g 7 1700000000000000")),
            (Canary{"g", 7, 1'700'000'000'000'000}));
  EXPECT_TRUE(std::holds_alternative<Mark>(parse_signal("mark")));
}

TEST(Signals, OthersWordsAreNone) {
  for (const std::string_view text : {"", " ", "marks", "mark g", "beat", "beat g", "beat g n more",
                                      "canary g x 1", "canary g 1 2x", "canary g 1", "other g n"}) {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_signal(text))) << text;
  }
}

}  // namespace
}  // namespace freshet::capture
