#include "capture/notes.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace freshet::capture {
namespace {

Notes full_notes() {
  Notes notes;
  notes.system_id = "7300000000000000001";
  notes.timeline = 3;
  notes.database = "my \"db\"\n 5:x";
  notes.slot = "freshet";
  notes.slot_note = SlotNote::made;
  notes.slot_generation = "00ff";
  notes.consistent_point = Lsn(0x1'0000'0010);
  notes.heartbeat = {Lsn(77), "abc"};
  notes.snapshots = {{"app.orders", "blocks 0-10"}, {"app.ünlike ly\n", ""}};
  notes.again = {"app.orders", "app. x"};
  notes.bindings = {{"app.orders", "1 table=5"}, {"app. x", ""}};
  return notes;
}

TEST(Notes, AreReadAsTheyWereWritten) {
  EXPECT_EQ(decode_notes(encode(full_notes())), full_notes());
  EXPECT_EQ(decode_notes(encode(Notes())), Notes());
  EXPECT_EQ(decode_notes(""), std::nullopt);
}

TEST(Notes, RefuseWhatWasCutOff) {
  const std::string text = encode(full_notes());
  for (std::size_t size = 1; size < text.size(); ++size) {
    if (text[size - 1] == '\n') continue;  // whole facts
    EXPECT_THROW(decode_notes(text.substr(0, size)), Error) << size;
  }
  EXPECT_THROW(decode_notes("unknown 1:x\n"), Error);
}

}  // namespace
}  // namespace freshet::capture
