#include "store/compression.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "adapter/http/request.h"
#include "base/check.h"
#include "store/clickhouse_error.h"

namespace freshet::store {
namespace {

constexpr std::size_t kStep = 64u << 10;

[[noreturn]] void damaged(std::string_view coding) {
  throw ClickHouseError(code::kCannotDecompress, "CANNOT_DECOMPRESS",
                        "The request's body isn't valid " + std::string(coding) + ", or it was cut off");
}

class PlainEncoder final : public Encoder {
  void write(std::string_view bytes, std::string& out) override { out += bytes; }
  void finish(std::string&) override {}
};

class PlainDecoder final : public Decoder {
  std::size_t read(std::string_view& in, std::span<char> out) override {
    const std::size_t taken = in.copy(out.data(), out.size());
    in.remove_prefix(taken);
    return taken;
  }
  void end() override {}
};

Bytef* as_bytes(const char* text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text));
}

// zlib's window bits: 31 writes gzip, 47 reads gzip or zlib.
class ZlibEncoder final : public Encoder {
 public:
  explicit ZlibEncoder(int window_bits) {
    CHECK(::deflateInit2(&stream_, 3, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  ~ZlibEncoder() override { ::deflateEnd(&stream_); }

  void write(std::string_view bytes, std::string& out) override { run(bytes, Z_NO_FLUSH, out); }
  void finish(std::string& out) override { run({}, Z_FINISH, out); }

 private:
  void run(std::string_view bytes, int flush, std::string& out) {
    stream_.next_in = as_bytes(bytes.data());
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::array<char, kStep> step;
    do {
      stream_.next_out = as_bytes(step.data());
      stream_.avail_out = step.size();
      CHECK(::deflate(&stream_, flush) != Z_STREAM_ERROR);
      out.append(step.data(), step.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

class ZlibDecoder final : public Decoder {
 public:
  ZlibDecoder() { CHECK(::inflateInit2(&stream_, 47) == Z_OK); }
  ~ZlibDecoder() override { ::inflateEnd(&stream_); }

  std::size_t read(std::string_view& in, std::span<char> out) override {
    if (complete_ && !in.empty()) {  // gzip members may follow each other
      complete_ = false;
      CHECK(::inflateReset(&stream_) == Z_OK);
    }
    stream_.next_in = as_bytes(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = as_bytes(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = ::inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) damaged("gzip");
    complete_ = status == Z_STREAM_END;
    in.remove_prefix(in.size() - stream_.avail_in);
    return out.size() - stream_.avail_out;
  }
  void end() override {
    if (!complete_) damaged("gzip");
  }

 private:
  z_stream stream_{};
  bool complete_ = false;
};

class ZstdEncoder final : public Encoder {
 public:
  void write(std::string_view bytes, std::string& out) override { run(bytes, ZSTD_e_continue, out); }
  void finish(std::string& out) override { run({}, ZSTD_e_end, out); }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ::ZSTD_freeCCtx(context); }
  };

  void run(std::string_view bytes, ZSTD_EndDirective directive, std::string& out) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    std::array<char, kStep> step;
    for (bool done = false; !done;) {
      ZSTD_outBuffer to{step.data(), step.size(), 0};
      const std::size_t left = ::ZSTD_compressStream2(context_.get(), &to, &in, directive);
      CHECK(!::ZSTD_isError(left));
      out.append(step.data(), to.pos);
      done = directive == ZSTD_e_end ? left == 0 : in.pos == in.size;
    }
  }

  std::unique_ptr<ZSTD_CCtx, Free> context_{::ZSTD_createCCtx()};
};

class ZstdDecoder final : public Decoder {
 public:
  std::size_t read(std::string_view& in, std::span<char> out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t left = ::ZSTD_decompressStream(context_.get(), &to, &from);
    if (::ZSTD_isError(left)) damaged("zstd");
    if (from.pos > 0 || to.pos > 0) complete_ = left == 0;
    in.remove_prefix(from.pos);
    return to.pos;
  }
  void end() override {
    if (!complete_) damaged("zstd");
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_{::ZSTD_createDCtx()};
  bool complete_ = false;
};

class Lz4Encoder final : public Encoder {
 public:
  Lz4Encoder() { CHECK(!::LZ4F_isError(::LZ4F_createCompressionContext(&context_, LZ4F_VERSION))); }
  ~Lz4Encoder() override { ::LZ4F_freeCompressionContext(context_); }

  void write(std::string_view bytes, std::string& out) override {
    begin(out);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kStep))) {
      const std::string_view part = bytes.substr(0, kStep);
      grow(out, ::LZ4F_compressBound(part.size(), nullptr), [&](char* to, std::size_t room) {
        return ::LZ4F_compressUpdate(context_, to, room, part.data(), part.size(), nullptr);
      });
    }
  }
  void finish(std::string& out) override {
    begin(out);
    grow(out, ::LZ4F_compressBound(0, nullptr),
         [&](char* to, std::size_t room) { return ::LZ4F_compressEnd(context_, to, room, nullptr); });
  }

 private:
  void begin(std::string& out) {
    if (std::exchange(begun_, true)) return;
    grow(out, LZ4F_HEADER_SIZE_MAX,
         [&](char* to, std::size_t room) { return ::LZ4F_compressBegin(context_, to, room, nullptr); });
  }
  static void grow(std::string& out, std::size_t room, auto&& write) {
    const std::size_t before = out.size();
    out.resize(before + room);
    const std::size_t written = write(out.data() + before, room);
    CHECK(!::LZ4F_isError(written));
    out.resize(before + written);
  }

  LZ4F_cctx* context_ = nullptr;
  bool begun_ = false;
};

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() { CHECK(!::LZ4F_isError(::LZ4F_createDecompressionContext(&context_, LZ4F_VERSION))); }
  ~Lz4Decoder() override { ::LZ4F_freeDecompressionContext(context_); }

  std::size_t read(std::string_view& in, std::span<char> out) override {
    std::size_t taken = in.size();
    std::size_t made = out.size();
    const std::size_t left = ::LZ4F_decompress(context_, out.data(), &made, in.data(), &taken, nullptr);
    if (::LZ4F_isError(left)) damaged("lz4");
    if (taken > 0 || made > 0) complete_ = left == 0;
    in.remove_prefix(taken);
    return made;
  }
  void end() override {
    if (!complete_) damaged("lz4");
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool complete_ = false;
};

}  // namespace

std::string_view to_string(Coding coding) {
  switch (coding) {
    case Coding::identity: return "identity";
    case Coding::gzip: return "gzip";
    case Coding::deflate: return "deflate";
    case Coding::zstd: return "zstd";
    case Coding::lz4: return "lz4";
  }
  return "identity";
}

std::optional<Coding> coding_named(std::string_view name) {
  for (const Coding coding : {Coding::identity, Coding::gzip, Coding::deflate, Coding::zstd, Coding::lz4}) {
    if (http::equal_ignoring_case(name, to_string(coding))) return coding;
  }
  return std::nullopt;
}

// The cheapest first: on one machine, or in one data centre, the network isn't what is short.
Coding choose_coding(std::string_view accepted) {
  for (const Coding coding : {Coding::lz4, Coding::zstd, Coding::gzip, Coding::deflate}) {
    if (http::list_names(accepted, to_string(coding))) return coding;
  }
  return Coding::identity;
}

std::unique_ptr<Encoder> make_encoder(Coding coding) {
  switch (coding) {
    case Coding::identity: return std::make_unique<PlainEncoder>();
    case Coding::gzip: return std::make_unique<ZlibEncoder>(31);
    case Coding::deflate: return std::make_unique<ZlibEncoder>(15);
    case Coding::zstd: return std::make_unique<ZstdEncoder>();
    case Coding::lz4: return std::make_unique<Lz4Encoder>();
  }
  return std::make_unique<PlainEncoder>();
}

std::unique_ptr<Decoder> make_decoder(Coding coding) {
  switch (coding) {
    case Coding::identity: return std::make_unique<PlainDecoder>();
    case Coding::gzip:
    case Coding::deflate: return std::make_unique<ZlibDecoder>();
    case Coding::zstd: return std::make_unique<ZstdDecoder>();
    case Coding::lz4: return std::make_unique<Lz4Decoder>();
  }
  return std::make_unique<PlainDecoder>();
}

}  // namespace freshet::store
