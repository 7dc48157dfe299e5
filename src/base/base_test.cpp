#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/cpu_step.h"
#include "base/json_text.h"
#include "base/queue.h"
#include "base/shell_word.h"
#include "base/utf8.h"

namespace freshet {
namespace {

std::string as_a_shell_reads(const std::string& word) {
  const std::unique_ptr<FILE, int (*)(FILE*)> shell(popen(("printf %s " + word).c_str(), "r"), pclose);
  std::string read(1'000, '\0');
  read.resize(fread(read.data(), 1, read.size(), shell.get()));
  return read;
}

TEST(ShellWord, IsReadByAShellAsTheNameItIs) {
  for (const std::string name :
       {"Sales Dept.Order", "it's.\"quoted\"", "a.$HOME", "a.`id`", "a.b;c&d|e>f", "tab\there",
        "a.gr\u00f6\u00dfe", "back\\slash", "*?[a]{b,c}~!#", "'", "''", ""})
    EXPECT_EQ(as_a_shell_reads(shell_word(name)), name) << shell_word(name);
  for (const std::string name : {"public.orders", "/var/lib/freshet-1"}) EXPECT_EQ(shell_word(name), name);
}

TEST(ByteReader, RefusesToReadPastTheEnd) {
  ByteReader reader("abc");
  EXPECT_EQ(reader.be<std::int16_t>(), 0x6162);
  EXPECT_THROW(reader.be<std::int16_t>(), Error);
  EXPECT_EQ(reader.left(), 1u);
}

TEST(ByteReader, VarintRoundTripsAtItsLimits) {
  for (const std::uint64_t value : {0ull, 127ull, 128ull, 1ull << 63, ~0ull}) {
    std::string bytes;
    append_varint(bytes, value);
    EXPECT_EQ(ByteReader(bytes).varint(), value);
  }
}

TEST(ByteReader, RefusesAVarintOfMoreThan64Bits) {
  const std::string ones(9, '\xff');
  EXPECT_EQ(ByteReader(ones + '\1').varint(), ~0ull);
  EXPECT_THROW(ByteReader(ones + '\2').varint(), Error);
  EXPECT_THROW(ByteReader(ones + "\xff\1").varint(), Error);
}

TEST(Utf8, IsToldFromOtherBytes) {
  for (const char* text :
       {"", "a", "plain ascii of many bytes", "gr\xc3\xbc\xc3\x9f dich", "\xf0\x9f\x8c\x8a"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text :
       {"\xff", "eight   \xc3", "\xc0\x80", "\xed\xa0\x80", "12345678\xf0\x9f\x8c 12345678"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Base64, ReadsBackWhatItWrote) {
  for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {std::string("\xff\0\xfe", 3), "/wD+"}}) {
    std::string written;
    append_base64(written, bytes);
    EXPECT_EQ(written, text);
    std::string read;
    EXPECT_TRUE(append_from_base64(read, text));
    EXPECT_EQ(read, bytes);
  }
  std::string ignored;
  for (const char* wrong : {"Z", "Zg=", "Zg===", "Zm9v!", "Zm 9v"})
    EXPECT_EQ(append_from_base64(ignored, wrong), std::string_view(wrong) == "Zg=") << wrong;
}

TEST(JsonText, StaysValidForAnyBytes) {
  std::string out;
  append_json_string(out, std::string_view("a\"\\\n\x01\xff\xed\xa0\x80\xc3\xa9", 11));
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\"");
}

TEST(Printable, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(printable("schéma.\"Order\" …"), "schéma.\"Order\" …");
  EXPECT_EQ(printable("a\nready\r\t\x1b[2J\x7f"), "a�ready���[2J�");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J\xff\xc3"),
            "�2J��");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "�x");
}

double counted(const std::string& step) {
  const std::string text = metrics::exposition();
  const std::string line = "freshet_cpu_seconds_total{step=\"" + step + "\"} ";
  return std::stod(text.substr(text.find(line) + line.size()));
}

void use_cpu(double seconds) {
  for (const double until = thread_cpu_seconds() + seconds; thread_cpu_seconds() < until;) {
  }
}

TEST(CpuStep, CountsATimeForTheInnermostStepOnly) {
  static const auto outer = CpuStep::counter("test_outer");
  static const auto inner = CpuStep::counter("test_inner");
  const double began = thread_cpu_seconds();
  {
    const CpuStep step(outer);
    {
      const CpuStep within(inner);
      use_cpu(0.02);
    }
    use_cpu(0.01);
  }
  const double all = thread_cpu_seconds() - began;
  use_cpu(0.01);  // nobody's
  EXPECT_GE(counted("test_inner"), 0.02);
  EXPECT_GE(counted("test_outer"), 0.01);
  EXPECT_LE(counted("test_inner") + counted("test_outer"), all);
}

TEST(BoundedQueue, HoldsNoMoreThanItsCapacityAndDrainsAfterClose) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_FALSE(queue.try_push(2));
  queue.close();
  EXPECT_EQ(queue.pop({}, std::chrono::milliseconds(0)), 1);
  EXPECT_EQ(queue.pop({}, std::chrono::milliseconds(0)), std::nullopt);
}

TEST(BoundedQueue, AStopRequestEndsAWait) {
  BoundedQueue<int> queue(1);
  std::jthread consumer(
      [&](std::stop_token stop) { EXPECT_EQ(queue.pop(stop, std::chrono::hours(1)), std::nullopt); });
  consumer.request_stop();
}

}  // namespace
}  // namespace freshet
