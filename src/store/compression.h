// Bodies in and out as streams of bytes: gzip, deflate, zstd, lz4 (frame format), or as they are.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace freshet::store {

enum class Coding { identity, gzip, deflate, zstd, lz4 };

std::string_view to_string(Coding coding);
// By a Content-Encoding header; nothing when we don't know it.
std::optional<Coding> coding_named(std::string_view name);
// The one we like best among those of an Accept-Encoding header.
Coding choose_coding(std::string_view accepted);

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends to `out` what is ready; may keep bytes back until finish().
  virtual void write(std::string_view bytes, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
};
std::unique_ptr<Encoder> make_encoder(Coding coding);

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Takes bytes off the front of `in` and fills `out`; returns how many bytes it made. It has to be called
  // again with what is left, and with more when it made none. ClickHouseError when the bytes are damaged.
  virtual std::size_t read(std::string_view& in, std::span<char> out) = 0;
  // At the end of the input: ClickHouseError when it was cut off.
  virtual void end() = 0;
};
std::unique_ptr<Decoder> make_decoder(Coding coding);

}  // namespace freshet::store
