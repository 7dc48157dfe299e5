// What a table looks like in the stream, judged against its contract: the list a person reads before mending
// either. Called by load and capture at every relation message.
#pragma once

#include <string>
#include <vector>

#include "change/schema.h"
#include "contract/contract.h"

namespace freshet::contract {

enum class FindingKind {
  column_dropped,
  column_renamed,  // probably: one gone, one new of the same type in the same place
  column_retyped,
  column_nullable,   // the contract says required
  column_added,      // waits until the contract takes it
  modifier_changed,  // varchar(10) -> varchar(20): the mirror holds both alike
  key_changed,
  key_unsupported,
  identity_lost,  // REPLICA IDENTITY NOTHING: no updates, no deletes
};

struct Finding {
  FindingKind kind;
  std::string column;  // empty: the table
  std::string text;    // for a person: what, where, was and is
  std::string hint;    // the next step
};

// A violation stops the stream, a notice doesn't.
bool is_violation(FindingKind kind);
bool has_violation(const std::vector<Finding>& findings);

// Findings in the order of the contract's columns, then the stream's; empty when the stream keeps what is
// promised.
std::vector<Finding> diff(const StreamContract& contract, const TableSchema& table);

}  // namespace freshet::contract
