#include "conformance/suite.h"
#include "journal/kafka.h"
#include "support/kafka.h"

namespace freshet::journal {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BoundedJournal);

namespace {

class KafkaUnderTest final : public JournalUnderTest {
 public:
  std::unique_ptr<Writer> writer() override { return open_writer(options_); }
  std::unique_ptr<Reader> reader() override { return open_reader(options_); }

 private:
  // A record of 64 MiB is in the suite.
  KafkaOptions options_{.cluster = {.brokers = test::shared_kafka()},
                        .prefix = test::unique_topic_prefix(),
                        .topic_config = {{"max.message.bytes", "100000000"}}};
};

INSTANTIATE_TEST_SUITE_P(Kafka, JournalConformance, testing::Values([](JournalUnderTest::Settings) {
                           return std::make_unique<KafkaUnderTest>();
                         }));

}  // namespace
}  // namespace freshet::journal
