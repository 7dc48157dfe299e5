#include "journal/embedded/catalog.h"

#include "base/error.h"

namespace freshet::journal {

void Catalog::learn(const BlockHeader& header, std::string_view raw) {
  if (header.kind == BlockKind::stream) {
    if (const Stream* known = find(std::string(raw))) {
      if (known->number != header.stream)
        throw Error(ErrorKind::data, "stream " + std::string(raw) + " has two numbers in this journal");
      return;
    }
    if (header.stream != streams_.size() + 1)
      throw Error(ErrorKind::data, "stream " + std::string(raw) + " has a number out of turn");
    add(std::string(raw));
  } else if (header.kind == BlockKind::schema) {
    std::map<std::uint32_t, TableSchema>& schemas = at(header.stream).schemas;
    // Announced again in every file: the first one stays, for its address is given out.
    if (!schemas.contains(header.schema)) schemas.emplace(header.schema, decode_schema(raw));
  }
}

Catalog::Stream& Catalog::add(std::string name) {
  const auto number = static_cast<std::uint32_t>(streams_.size() + 1);
  numbers_.emplace(name, number);
  return streams_.emplace_back(Stream{number, {std::move(name), 0}, {}});
}

Catalog::Stream& Catalog::at(std::uint32_t number) {
  if (number == 0 || number > streams_.size())
    throw Error(ErrorKind::data, "a block is of stream " + std::to_string(number) + ", which has no name");
  return streams_[number - 1];
}

const Catalog::Stream* Catalog::find(const std::string& name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? nullptr : &streams_[found->second - 1];
}

const TableSchema& Catalog::schema(std::uint32_t stream, std::uint32_t number) const {
  const auto& schemas = at(stream).schemas;
  const auto found = schemas.find(number);
  if (found == schemas.end())
    throw Error(ErrorKind::data, "schema " + std::to_string(number) + " of stream " +
                                     at(stream).partition.stream + " was never announced");
  return found->second;
}

}  // namespace freshet::journal
