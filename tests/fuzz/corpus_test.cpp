// Every committed input, of the fuzzers' own finding and the seeds, once more in each build: what was found
// stays found. A fault ends the program after the name of its input.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "fuzz/targets.h"
#include "support/files.h"

namespace freshet::fuzz {
namespace {

struct Target {
  const char* name;
  void (*run)(std::string_view);
};

void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}

class Corpus : public testing::TestWithParam<Target> {};

TEST_P(Corpus, IsRefusedOrKeptWhole) {
  const std::filesystem::path folder = std::filesystem::path(FRESHET_CORPUS) / GetParam().name;
  int inputs = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::printf("%s\n", file.path().c_str());
    std::fflush(stdout);
    GetParam().run(test::contents(file.path()));
    ++inputs;
  }
  EXPECT_GE(inputs, 3);
}

INSTANTIATE_TEST_SUITE_P(All, Corpus,
                         testing::Values(Target{"envelope", envelope}, Target{"pgoutput", pgoutput},
                                         Target{"record", record}, Target{"segments", segments},
                                         Target{"yaml", yaml}),
                         [](const auto& info) { return std::string(info.param.name); });

#ifdef FRESHET_FUZZ_REQUESTS
INSTANTIATE_TEST_SUITE_P(Store, Corpus, testing::Values(Target{"requests", requests}),
                         [](const auto& info) { return std::string(info.param.name); });
#endif

}  // namespace
}  // namespace freshet::fuzz
