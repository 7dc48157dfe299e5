#include "capture/relations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace freshet::capture {
namespace {

std::vector<bool> identity_of(const pgoutput::Relation& message) {
  std::vector<bool> identity;
  for (const pgoutput::RelationColumn& column : message.columns) identity.push_back(column.identity);
  return identity;
}

// Empty when one of them isn't published: what the key then is, the contract's check decides.
std::vector<bool> marked(const std::vector<std::string>& names, const TableSchema& schema) {
  std::vector<bool> key(schema.columns.size());
  for (const std::string& name : names) {
    const auto column = std::ranges::find(schema.columns, name, &Column::name);
    if (column == schema.columns.end()) return {};
    key[static_cast<std::size_t>(column - schema.columns.begin())] = true;
  }
  return key;
}

// What is announced as whole old rows may have their keys alone: taken for no more, also where it is more.
void take_for_keys(TableSchema& schema, const std::vector<bool>& key) {
  schema.identity = ReplicaIdentity::index;
  for (std::size_t column = 0; column < key.size(); ++column) schema.columns[column].key = key[column];
}

std::string stream_of(const pgoutput::Relation& message) {
  return fmt::format("{}.{}", message.schema, message.table);
}

}  // namespace

KeptRelation::KeptRelation(const pgoutput::Relation& message) : message_(message) {
  message_.schema = keep(message.schema);
  message_.table = keep(message.table);
  for (pgoutput::RelationColumn& column : message_.columns) column.name = keep(column.name);
}

void Relations::want(const WantedStreams& streams) {
  wanted_.insert(streams.begin(), streams.end());
  for (const auto& [oid, relation] : unwanted_)
    if (wanted_.contains(stream_of(relation.message()))) by_oid_.erase(oid);
  last_ = nullptr;
}

void Relations::restart(RelationLookup look_up) {
  look_up_ = std::move(look_up);
  by_oid_.clear();
  unwanted_.clear();
  last_ = nullptr;
}

const KnownRelation& Relations::announce(const pgoutput::Relation& message) {
  auto relation = std::make_unique<KnownRelation>();
  relation->stream = stream_of(message);
  unwanted_.erase(message.oid);
  const auto wanted = wanted_.find(relation->stream);
  relation->wanted = wanted != wanted_.end();
  if (relation->wanted) {
    RelationFacts facts = look_up_(message);
    relation->schema = std::move(facts.schema);
    if (message.identity != ReplicaIdentity::full)
      relation->key = identity_of(message);
    else if (wanted->second.empty())
      relation->key = std::move(facts.primary_key);
    else
      relation->key = marked(wanted->second, relation->schema);
    if (message.identity == ReplicaIdentity::full && !facts.sends_whole_rows && !relation->key.empty())
      take_for_keys(relation->schema, relation->key);
    relation->count = &counts_[relation->stream];
  } else {
    unwanted_.emplace(message.oid, message);
  }
  last_oid_ = message.oid;
  last_ = &keep(std::move(relation));
  by_oid_[message.oid] = last_;
  return *last_;
}

// A relation is announced again for every VACUUM: mostly as it was.
const KnownRelation& Relations::keep(std::unique_ptr<KnownRelation> relation) {
  for (const auto& known : all_) {
    if (*known == *relation) return *known;
  }
  return *all_.emplace_back(std::move(relation));
}

const KnownRelation& Relations::find(pgoutput::Oid oid) {
  if (oid == last_oid_ && last_ != nullptr) return *last_;
  const auto found = by_oid_.find(oid);
  if (found == by_oid_.end()) {
    if (const auto passed_over = unwanted_.extract(oid)) return announce(passed_over.mapped().message());
    throw Error(ErrorKind::data,
                fmt::format("the stream changes relation {} without having announced it", oid));
  }
  last_oid_ = oid;
  last_ = found->second;
  return *last_;
}

}  // namespace freshet::capture
