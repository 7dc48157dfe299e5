// How the kinds of change are named in an envelope.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"
#include "change/change.h"

namespace freshet::journal {

struct OpForm {
  Op op;
  std::string_view name;
  std::string_view debezium;  // what its readers take it for
  bool keyed_by_old = false;
};

inline constexpr std::array kOpForms = {
    OpForm{Op::insert, "insert", "c"},
    OpForm{Op::update, "update", "u"},
    OpForm{Op::remove, "delete", "d", true},
    OpForm{Op::moved, "move", "d", true},  // the new key's own record follows
    OpForm{Op::truncate, "truncate", "t"},
    OpForm{Op::snapshot_begin, "snapshot_begin", "m"},
    OpForm{Op::snapshot_row, "snapshot_row", "r"},
    OpForm{Op::snapshot_end, "snapshot_end", "m"},
    OpForm{Op::snapshot_gone, "snapshot_gone", "d", true},
};
static_assert(kOpForms.size() == static_cast<std::size_t>(kLastOp));

inline const OpForm& form_of(Op op) {
  const OpForm& form = kOpForms[static_cast<std::size_t>(op) - static_cast<std::size_t>(kFirstOp)];
  CHECK(form.op == op);
  return form;
}

inline const OpForm* form_named(std::string_view name) {
  const auto* found = std::ranges::find(kOpForms, name, &OpForm::name);
  return found == kOpForms.end() ? nullptr : found;
}

}  // namespace freshet::journal
