#include "conformance/suite.h"
#include "journal/embedded.h"
#include "support/process.h"

namespace freshet::journal {
namespace {

class EmbeddedUnderTest final : public JournalUnderTest {
 public:
  explicit EmbeddedUnderTest(const Settings& settings)
      : options_{.directory = folder_.path() + "/journal",
                 .limit = settings.limit,
                 .segment_bytes = settings.segment_bytes} {}

  std::unique_ptr<Writer> writer() override { return open_writer(options_); }
  std::unique_ptr<Reader> reader() override { return open_reader(options_); }

 private:
  test::TempDir folder_;
  EmbeddedOptions options_;
};

const MakeJournal make_embedded = [](JournalUnderTest::Settings settings) {
  return std::make_unique<EmbeddedUnderTest>(settings);
};

INSTANTIATE_TEST_SUITE_P(Embedded, JournalConformance, testing::Values(make_embedded));
INSTANTIATE_TEST_SUITE_P(Embedded, BoundedJournal, testing::Values(make_embedded));

}  // namespace
}  // namespace freshet::journal
