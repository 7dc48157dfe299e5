// Frames: pgoutput messages in a row, as they wait in a batch between the threads or in the spool. In memory
// or in a nameless file only, so the layout is nobody else's business:
//   u32 size of the message | u32 owner | u64 LSN | message
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "capture/pgoutput.h"

namespace freshet::capture {

struct Frame {
  Lsn lsn;                   // of the WAL record; 0 where the server gives none (relations, types)
  pgoutput::Xid owner = 0;   // the (sub)transaction within a stream block, else 0
  std::string_view message;  // borrowed
};

inline constexpr std::size_t kFrameHead = 16;

inline void append_frame(std::string& to, const Frame& frame) {
  append_le(to, static_cast<std::uint32_t>(frame.message.size()));
  append_le(to, frame.owner);
  append_le(to, frame.lsn.value());
  to += frame.message;
}

class FrameReader {
 public:
  explicit FrameReader(std::string_view frames) : from_(frames) {}

  bool at_end() const { return from_.at_end(); }
  std::size_t left() const { return from_.left(); }
  // Whether the next frame is here as a whole.
  bool whole() const {
    return left() >= kFrameHead && left() - kFrameHead >= load_le<std::uint32_t>(from_.position());
  }
  Frame next() {
    const auto size = from_.le<std::uint32_t>();
    Frame frame;
    frame.owner = from_.le<std::uint32_t>();
    frame.lsn = Lsn(from_.le<std::uint64_t>());
    frame.message = from_.bytes(size);
    return frame;
  }

 private:
  ByteReader from_;
};

}  // namespace freshet::capture
