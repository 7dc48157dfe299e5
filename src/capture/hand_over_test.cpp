#include "capture/hand_over.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace freshet::capture {
namespace {

using namespace std::chrono_literals;

Batch batch_of(std::size_t bytes) {
  Batch batch;
  batch.frames = std::string(bytes, 'x');
  return batch;
}

TEST(HandOver, HoldsNoMoreThanItsBudgetButOneBatchOfAnySize) {
  HandOver hand_over(100);
  Batch huge = batch_of(1000);
  EXPECT_TRUE(hand_over.push(huge, 0ms));
  EXPECT_TRUE(huge.empty());
  Batch small = batch_of(1);
  EXPECT_FALSE(hand_over.push(small, 0ms));
  EXPECT_EQ(small.frames.size(), 1u);
  EXPECT_EQ(hand_over.pop(0ms)->frames.size(), 1000u);
  EXPECT_TRUE(hand_over.push(small, 0ms));
}

TEST(HandOver, CountsWhatATransactionHasSpooled) {
  StreamSpoolUse use;
  HandOver hand_over(100);
  const auto streamed = [&] {
    Batch batch;
    batch.transaction = std::make_unique<SpooledTransaction>(use);
    const std::string message(80, 'x');
    batch.transaction->append({.lsn = Lsn(1), .owner = 1, .message = message});
    return batch;
  };
  Batch first = streamed();
  Batch second = streamed();
  EXPECT_TRUE(hand_over.push(first, 0ms));
  EXPECT_FALSE(hand_over.push(second, 0ms));
  ASSERT_TRUE(second.transaction);
  EXPECT_TRUE(hand_over.pop(0ms));
  EXPECT_TRUE(hand_over.push(second, 0ms));
}

TEST(HandOver, GivesEverythingBeforeTheEnd) {
  HandOver hand_over(100);
  Batch batch = batch_of(10);
  ASSERT_TRUE(hand_over.push(batch, 0ms));
  hand_over.end(std::make_exception_ptr(std::runtime_error("gone")));
  EXPECT_TRUE(hand_over.pop(0ms));
  EXPECT_THROW(hand_over.pop(0ms), std::runtime_error);
}

TEST(HandOver, WakesWhoeverWaits) {
  HandOver hand_over(10);
  std::jthread producer([&] {
    for (int i = 0; i < 1000; ++i) {
      Batch batch = batch_of(8);
      ASSERT_TRUE(hand_over.push(batch, 10s));
    }
  });
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(hand_over.pop(10s));
}

}  // namespace
}  // namespace freshet::capture
