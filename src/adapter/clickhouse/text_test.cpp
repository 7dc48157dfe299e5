#include <gtest/gtest.h>
#include <lz4frame.h>
#include <zstd.h>

#include "adapter/clickhouse/compress.h"
#include "adapter/clickhouse/endpoint.h"
#include "adapter/clickhouse/exception_tail.h"
#include "adapter/clickhouse/quote.h"
#include "adapter/clickhouse/server_error.h"
#include "adapter/clickhouse/tsv.h"

namespace freshet::clickhouse {
namespace {

TEST(Endpoint, NeverHoldsASecretInItsUrl) {
  try {
    const Endpoint endpoint("http://ann:s3cret@host:8123");
    FAIL() << endpoint.url();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(std::string(error.what()).find("s3cret"), std::string::npos);
  }
  EXPECT_EQ(Endpoint("http://host:8123//").url(), "http://host:8123");
  for (const char* wrong : {"host:8123", "ftp://host", "http://", "http://:8123", "http://host/?user=x"})
    EXPECT_THROW(Endpoint{wrong}, Error) << wrong;
  EXPECT_THROW(Endpoint("http://host", {"ann", "s3cret\n"}), Error);
}

TEST(Quote, KeepsAnyNameAndAnyText) {
  EXPECT_EQ(quote_identifier("we`ird \"na.me\\"), "`we\\`ird \"na.me\\\\`");
  EXPECT_EQ(quote_table("raw", "my.table"), "`raw`.`my.table`");
  EXPECT_EQ(quote_literal(std::string_view("it's\n\0", 6)), "'it\\'s\\n\\0'");
  EXPECT_EQ(quote_array(std::vector<std::string>{"a", "b'c"}), "['a','b\\'c']");
  EXPECT_EQ(escape_tsv("it's \\ \t"), "it's \\\\ \\t");
}

TEST(Tsv, TellsNullFromTextAndUnescapes) {
  EXPECT_EQ(parse_tsv("a\\tb\t\\N\t\nx\\\\N\t\\0\t\\'\n"),
            (Rows{{"a\tb", std::nullopt, ""}, {"x\\N", std::string(1, '\0'), "'"}}));
  EXPECT_TRUE(parse_tsv("").empty());
  EXPECT_THROW(parse_tsv("1\n2"), Error) << "a cut answer";
}

TEST(ServerError, KindFollowsTheCode) {
  EXPECT_EQ(code_in("Code: 210. DB::NetException: ... Code: 60. DB::Exception"), 210);
  EXPECT_EQ(code_in("Bad gateway"), 0);
  EXPECT_EQ(kind_of(252, ""), ErrorKind::transient);
  EXPECT_EQ(kind_of(516, ""), ErrorKind::permission);
  EXPECT_EQ(kind_of(243, ""), ErrorKind::capacity);
  EXPECT_EQ(kind_of(75, "errno: 28, strerror: No space left on device"), ErrorKind::capacity);
  EXPECT_EQ(kind_of(12345, ""), ErrorKind::data);
}

TEST(ServerError, AlwaysNamesANextStep) {
  for (const ServerCode code : {0, 12345, 36, 48, 60, 159, 190, 241, 319, 516})
    EXPECT_NE(ServerError(code, "Code: 1.", "INSERT").hint(), "") << code;
}

TEST(Compress, MakesFramesThatTheLibrariesUnpack) {
  const std::string bytes(100'000, 'x');
  std::string unpacked(bytes.size(), '\0');
  const std::string zstd = compress(Encoding::zstd, bytes);
  EXPECT_EQ(ZSTD_decompress(unpacked.data(), unpacked.size(), zstd.data(), zstd.size()), bytes.size());
  EXPECT_EQ(unpacked, bytes);

  const std::string lz4 = compress(Encoding::lz4, bytes);
  unpacked.assign(bytes.size(), '\0');
  LZ4F_dctx* context = nullptr;
  ASSERT_FALSE(LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)));
  std::size_t to = unpacked.size();
  std::size_t from = lz4.size();
  EXPECT_EQ(LZ4F_decompress(context, unpacked.data(), &to, lz4.data(), &from, nullptr), 0u);
  LZ4F_freeDecompressionContext(context);
  EXPECT_EQ(unpacked, bytes);
  EXPECT_EQ(compress(Encoding::none, bytes), bytes);
}

constexpr std::string_view kTag = "qwertyuiopasdfgh";
constexpr std::string_view kRows = "row\r\n__exc";
constexpr std::string_view kFailed =
    "row\r\n__exc\r\n__exception__\r\nqwertyuiopasdfgh\r\nCode: 241. too\nmuch\n"
    "19 qwertyuiopasdfgh\r\n__exception__\r\n";

TEST(ExceptionTail, IsFoundWhereverTheBytesAreCut) {
  for (std::size_t cut = 0; cut <= kFailed.size(); ++cut) {
    ExceptionTail tail(kTag);
    std::string passed;
    const auto pass_on = [&](std::string_view bytes) { passed += bytes; };
    tail.take(kFailed.substr(0, cut), pass_on);
    tail.take(kFailed.substr(cut), pass_on);
    tail.finish(pass_on);
    EXPECT_TRUE(tail.found()) << cut;
    EXPECT_EQ(passed, kRows) << cut;
    EXPECT_EQ(tail.message(), "Code: 241. too\nmuch") << cut;
  }
}

TEST(ExceptionTail, PassesOnEverythingWhenThereIsNone) {
  for (const std::string_view tag : {kTag, std::string_view("anothertaganothe"), std::string_view()}) {
    const std::string_view bytes = tag == kTag ? "1\r\n__exception__\r\nqwe" : kFailed;
    ExceptionTail tail(tag);
    std::string passed;
    const auto pass_on = [&](std::string_view piece) { passed += piece; };
    for (const char& byte : bytes) tail.take({&byte, 1}, pass_on);
    tail.finish(pass_on);
    EXPECT_FALSE(tail.found());
    EXPECT_EQ(passed, bytes);
  }
}

}  // namespace
}  // namespace freshet::clickhouse
