// Random writers over a small schema with everything that is hard in it. What they do follows from their
// seed, as far as their transactions' interleaving allows.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace freshet::test {

// The schema `bank`:
//   left_entries, right_entries  each transaction adds kEntries rows to both, or none (insert only)
//   accounts                     updates, key changes, deletes, re-inserts within a transaction
//   documents                    large TOASTed values, updates that don't touch them
//   scratch                      filled and truncated, now and then by megabytes
//   archive                      large from the start
//   rates                        small; made to be read periodically
extern const char* const kBankSchema;
inline constexpr int kEntries = 3;

class Writers {
 public:
  Writers(std::string url, int threads, std::uint64_t seed);
  ~Writers() { stop(); }

  void stop();
  std::uint64_t transactions() const { return transactions_; }

 private:
  void work(std::stop_token stop, std::uint64_t seed, int number);

  std::string url_;
  std::atomic<std::uint64_t> transactions_{0};
  std::vector<std::jthread> threads_;
};

}  // namespace freshet::test
