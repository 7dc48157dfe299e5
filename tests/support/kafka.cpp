#include "support/kafka.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>

#include "adapter/kafka/handle.h"
#include "adapter/kafka/partition.h"
#include "base/error.h"
#include "support/files.h"

namespace freshet::test {
namespace {

constexpr std::chrono::seconds kStartPatience{90};
constexpr std::chrono::seconds kStopPatience{30};
constexpr std::chrono::seconds kCallPatience{1};

std::string archives() {
  const char* folder = std::getenv("FRESHET_TEST_KAFKA_ARCHIVES");
  if (folder == nullptr)
    throw std::runtime_error("FRESHET_TEST_KAFKA_ARCHIVES isn't set: scripts/install-kafka.sh");
  return std::string(folder) + "/*";
}

std::vector<std::string> java(const std::string& main, std::vector<std::string> arguments) {
  // Quick to start, and small; it is no broker to measure.
  std::vector<std::string> command = {
      "java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", archives(), main};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

bool answers(const std::string& brokers) {
  try {
    kafka::Consumer({.brokers = brokers, .deadline = kCallPatience}).partitions("__consumer_offsets");
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Sends one request of an administrator, and waits for its answer.
void ask(const std::string& brokers, const std::string& topic,
         const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& request) {
  constexpr int kPatienceMs = 30'000;
  const kafka::Handle client = kafka::Configuration({.brokers = brokers}).open(RD_KAFKA_PRODUCER);
  const kafka::QueueHandle answers(rd_kafka_queue_new(client.get()));
  request(client.get(), answers.get());
  const kafka::EventHandle event(rd_kafka_queue_poll(answers.get(), kPatienceMs));
  if (!event || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error("the cluster doesn't alter the topic " + topic);
}

}  // namespace

KafkaBroker::KafkaBroker(const std::vector<std::string>& settings) : dir_("freshet-kafka-") {
  port_ = free_port();
  const int controller = free_port();
  std::ofstream properties(dir_.path() + "/server.properties");
  properties << fmt::format(
      "process.roles=broker,controller\n"
      "node.id=1\n"
      "controller.quorum.voters=1@127.0.0.1:{1}\n"
      "listeners=PLAINTEXT://127.0.0.1:{0},CONTROLLER://127.0.0.1:{1}\n"
      "advertised.listeners=PLAINTEXT://127.0.0.1:{0}\n"
      "controller.listener.names=CONTROLLER\n"
      "log.dirs={2}/data\n"
      "auto.create.topics.enable=false\n"
      "offsets.topic.replication.factor=1\n"
      "offsets.topic.num.partitions=1\n"
      "transaction.state.log.replication.factor=1\n"
      "transaction.state.log.min.isr=1\n"
      "transaction.state.log.num.partitions=1\n"
      "group.initial.rebalance.delay.ms=0\n"
      "log.cleaner.dedupe.buffer.size=1100000\n",
      port_, controller, dir_.path());
  for (const std::string& line : settings) properties << line << '\n';
  properties.close();
  const int failed =
      run({.arguments = java("kafka.tools.StorageTool", {"format", "-t", "freshettestsfreshetts", "-c",
                                                         dir_.path() + "/server.properties"}),
           .output = dir_.path() + "/log"});
  if (failed != 0) throw std::runtime_error("Kafka's folder can't be made: " + log());
  start();
}

std::string KafkaBroker::brokers() const {
  return fmt::format("127.0.0.1:{}", port_);
}

std::string KafkaBroker::log() const {
  return contents(dir_.path() + "/log");
}

void KafkaBroker::start() {
  process_ = std::make_unique<Process>(
      ProcessOptions{.arguments = java("kafka.Kafka", {dir_.path() + "/server.properties"}),
                     .output = dir_.path() + "/log"});
  if (!eventually([&] { return answers(brokers()) || !process_->running(); }, kStartPatience) ||
      !process_->running())
    throw std::runtime_error("the Kafka broker didn't start: " + log());
}

void KafkaBroker::stop() {
  process_->stop(SIGTERM, kStopPatience);
}

void KafkaBroker::kill() {
  process_->stop(SIGKILL, kStopPatience);
}

std::string shared_kafka() {
  if (const char* given = std::getenv("FRESHET_TEST_KAFKA")) return given;
  static KafkaBroker broker;
  return broker.brokers();
}

void delete_topic(const std::string& brokers, const std::string& topic) {
  ask(brokers, topic, [&](rd_kafka_t* client, rd_kafka_queue_t* answers) {
    rd_kafka_DeleteTopic_t* wanted = rd_kafka_DeleteTopic_new(topic.c_str());
    rd_kafka_DeleteTopics(client, &wanted, 1, nullptr, answers);
    rd_kafka_DeleteTopic_destroy(wanted);
  });
  // A consumer of its own each time: one remembers what it saw.
  const auto is_gone = [&] { return kafka::Consumer({.brokers = brokers}).partitions(topic) == 0; };
  if (!eventually(is_gone)) throw std::runtime_error("the topic " + topic + " is still there");
}

void set_partitions(const std::string& brokers, const std::string& topic, int count) {
  ask(brokers, topic, [&](rd_kafka_t* client, rd_kafka_queue_t* answers) {
    rd_kafka_NewPartitions_t* wanted =
        rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(count), nullptr, 0);
    rd_kafka_CreatePartitions(client, &wanted, 1, nullptr, answers);
    rd_kafka_NewPartitions_destroy(wanted);
  });
  const auto has_them = [&] { return kafka::Consumer({.brokers = brokers}).partitions(topic) == count; };
  if (!eventually(has_them)) throw std::runtime_error("the topic " + topic + " doesn't get its partitions");
}

std::string unique_topic_prefix() {
  static std::atomic<int> count = 0;
  return fmt::format("test-{}-{}", ::getpid(), ++count);
}

}  // namespace freshet::test
