#include "journal/embedded/log_state.h"

#include <algorithm>

#include "base/error.h"

#include "journal/embedded/watermark.h"

namespace freshet::journal {
namespace {

void advance(std::uint64_t& next, const BlockHeader& header, const std::string& stream) {
  if (header.first != next)
    throw Error(ErrorKind::data, "records of " + stream + " go on at offset " + std::to_string(header.first) +
                                     " instead of " + std::to_string(next));
  next += header.records;
}

}  // namespace

void LogState::apply(const BlockHeader& header, std::string_view raw) {
  generation = std::max(generation, header.generation);
  switch (header.kind) {
    case BlockKind::segment: journal = read_segment_body(raw); return;
    case BlockKind::stream:
      catalog.learn(header, raw);
      next.resize(catalog.size());
      next[header.stream - 1] = header.first;
      return;
    case BlockKind::schema: catalog.learn(header, raw); return;
    case BlockKind::notes: notes = raw; return;
    case BlockKind::resume:
    case BlockKind::watermark: last = read_seal(raw, catalog, journal).watermark; return;
    case BlockKind::data:
      advance(next[catalog.at(header.stream).number - 1], header, catalog.at(header.stream).partition.stream);
      return;
    case BlockKind::opening: return;
  }
}

void LogState::append_prelude(std::string& to, std::uint64_t number) const {
  append_block(to, {.kind = BlockKind::segment, .generation = generation, .first = number},
               segment_body(journal));
  for (std::uint32_t i = 1; i <= catalog.size(); ++i) {
    const Catalog::Stream& stream = catalog.at(i);
    append_block(to, {.kind = BlockKind::stream, .stream = i, .generation = generation, .first = next[i - 1]},
                 stream.partition.stream);
    if (stream.schemas.empty()) continue;
    const auto& [schema, shape] = *stream.schemas.rbegin();
    append_block(to, {.kind = BlockKind::schema, .stream = i, .schema = schema, .generation = generation},
                 encode_schema(shape));
  }
  append_block(to, {.kind = BlockKind::notes, .generation = generation}, notes);
  append_block(to, {.kind = BlockKind::resume, .generation = generation, .first = last ? last->number : 0},
               seal_body({0, last}, catalog));
}

Ends LogState::ends() const {
  Ends ends;
  for (std::uint32_t i = 1; i <= catalog.size(); ++i) ends[catalog.at(i).partition] = Offset(next[i - 1]);
  return ends;
}

}  // namespace freshet::journal
