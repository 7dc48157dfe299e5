// What the stream doesn't say of a relation, from the source's catalogue as it is now: types behind OIDs,
// whether a column can be null, the primary key. Over a normal connection of the journal thread's own, with a
// deadline, so that the receive thread never waits for it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "adapter/postgres/connection.h"
#include "capture/catalog.h"
#include "capture/relations.h"

namespace freshet::capture {

// A column's binary form can't be read, and the slot sends binary: start again in text form.
class UnreadableInBinary : public Error {
 public:
  UnreadableInBinary(const std::string& stream, const Column& column);
};

class CatalogueLookup {
 public:
  // `binary`: the slot sends binary form.
  CatalogueLookup(postgres::ConnectOptions options, bool binary)
      : options_(std::move(options)), binary_(binary) {}

  // Throws SqlError when the server doesn't answer, UnreadableInBinary.
  RelationFacts operator()(const pgoutput::Relation& message);

 private:
  RelationFacts ask(const pgoutput::Relation& message);

  const postgres::ConnectOptions options_;
  const bool binary_;
  std::optional<postgres::Connection> connection_;
  std::optional<TypeCatalog> types_;
};

}  // namespace freshet::capture
