#include "capture/binding.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/log.h"
#include "capture/scanner.h"

// 2 table=16385 key=741 published=16400.742 columns=1:23:9a3f01c2;2:1082:77b02a11:io; rows=e41d…
//   labels=16390:01ff… attributes=2d06… leaves=16388:16388:/745;16391:16402:/746;
//
// in one line. A column is its number, its type and a digest of its name (and of the type that the contract
// chooses for the mirror's, if any: another one has to be filled from the source), and, where the mirror has
// NULL for some kinds of values, their letters; `rows` is a digest of the columns' row versions; `labels` one
// of the enum labels' up to that OID, so that those added later change nothing.

namespace freshet::capture {
namespace {

using Number = std::uint32_t;
using Digest = std::uint64_t;

struct BoundColumn {
  Number number = 0;
  Number type = 0;
  Number name = 0;  // a digest, of the name and of the mirror's type where that is chosen

  friend auto operator<=>(const BoundColumn&, const BoundColumn&) = default;
};

struct BoundLeaf {
  Number file = 0;
  std::string attached;
};

struct Binding {
  Number table = 0;
  Number key = 0;
  std::string published;
  std::map<BoundColumn, std::string> columns;  // with what the mirror has NULL for
  Digest rows = 0;
  Number last_label = 0;
  Digest labels = 0;
  Digest attributes = 0;
  std::map<Number, BoundLeaf> leaves;
};

class Digester {
 public:
  void add(Number number) { text_ += fmt::format("{},", number); }
  Digest digest() const { return XXH3_64bits(text_.data(), text_.size()); }

 private:
  std::string text_;
};

BoundColumn bound(const SeenTable::Column& column) {
  std::string text = column.name;
  if (!column.chosen_type.empty()) text += '\0' + column.chosen_type;
  const Digest name = XXH3_64bits(text.data(), text.size());
  return {column.number, column.type, static_cast<Number>(name)};
}

Digest digest_rows(const SeenTable& table) {
  Digester digester;
  for (const SeenTable::Column& column : table.columns) {
    digester.add(column.number);
    digester.add(column.row);
  }
  return digester.digest();
}

Digest digest_labels(const SeenTable& table, Number last) {
  Digester digester;
  for (const auto& [label, row] : table.types.labels) {
    if (label > last) break;
    digester.add(label);
    digester.add(row);
  }
  return digester.digest();
}

Digest digest_attributes(const SeenTable& table) {
  Digester digester;
  for (const auto& [attribute, row] : table.types.attributes) {
    digester.add(attribute.first);
    digester.add(attribute.second);
    digester.add(row);
  }
  return digester.digest();
}

Binding binding_of(const SeenTable& table) {
  Binding binding;
  binding.table = table.oid;
  binding.key = table.key;
  binding.published = table.published;
  for (const SeenTable::Column& column : table.columns) binding.columns[bound(column)] = column.nulled;
  binding.rows = digest_rows(table);
  if (!table.types.labels.empty()) binding.last_label = table.types.labels.rbegin()->first;
  binding.labels = digest_labels(table, binding.last_label);
  binding.attributes = digest_attributes(table);
  for (const auto& [oid, leaf] : table.leaves) binding.leaves[oid] = {leaf.file, leaf.attached};
  return binding;
}

std::string encode(const Binding& binding) {
  std::string text =
      fmt::format("2 table={} key={} published={} columns=", binding.table, binding.key, binding.published);
  const auto to = std::back_inserter(text);
  for (const auto& [column, nulled] : binding.columns)
    fmt::format_to(to, "{}:{}:{:x}{}{};", column.number, column.type, column.name, nulled.empty() ? "" : ":",
                   nulled);
  fmt::format_to(to, " rows={:x} labels={}:{:x} attributes={:x} leaves=", binding.rows, binding.last_label,
                 binding.labels, binding.attributes);
  for (const auto& [oid, leaf] : binding.leaves)
    fmt::format_to(to, "{}:{}:{};", oid, leaf.file, leaf.attached);
  return text;
}

Binding decode(std::string_view text) {
  Scanner from(text, "what a stream is bound to");
  Binding binding;
  from.expect("2 table=");
  binding.table = from.number<Number>();
  from.expect(" key=");
  binding.key = from.number<Number>();
  from.expect(" published=");
  binding.published = from.until(' ');
  from.expect(" columns=");
  while (!from.skip(' ')) {
    BoundColumn column;
    column.number = from.number<Number>();
    from.expect(":");
    column.type = from.number<Number>();
    from.expect(":");
    column.name = from.number<Number>(16);
    binding.columns[column] = from.skip(':') ? from.until(';') : std::string_view();
    from.expect(";");
  }
  from.expect("rows=");
  binding.rows = from.number<Digest>(16);
  from.expect(" labels=");
  binding.last_label = from.number<Number>();
  from.expect(":");
  binding.labels = from.number<Digest>(16);
  from.expect(" attributes=");
  binding.attributes = from.number<Digest>(16);
  from.expect(" leaves=");
  while (!from.at_end()) {
    const auto oid = from.number<Number>();
    BoundLeaf& leaf = binding.leaves[oid];
    from.expect(":");
    leaf.file = from.number<Number>();
    from.expect(":");
    leaf.attached = from.until(';');
    from.expect(";");
  }
  return binding;
}

// Nothing of kPassedOver, and of what another Freshet wrote.
std::optional<Binding> read(std::string_view text) try {
  if (text == kPassedOver) return std::nullopt;
  return decode(text);
} catch (const Error& error) {
  log::warn("binding_unreadable", {{"error", error.message()}});
  return std::nullopt;
}

bool is_partitioned(const SeenTable& table) {
  return !table.leaves.contains(table.oid);
}

// What the mirror has of a column, and the column itself, are of one definition. Those that went are the
// contract's affair.
bool has_other_columns(const Binding& before, const SeenTable& now) {
  return std::ranges::any_of(
      now.columns, [&](const SeenTable::Column& column) { return !before.columns.contains(bound(column)); });
}

// What the mirror has as NULL by the contract's leave, which has taken it back: the values are at the source
// alone.
bool has_nulls_of_old(const Binding& before, const SeenTable& now) {
  return std::ranges::any_of(now.columns, [&](const SeenTable::Column& column) {
    const auto known = before.columns.find(bound(column));
    return known != before.columns.end() &&
           known->second.find_first_not_of(column.nulled) != std::string::npos;
  });
}

// VACUUM FULL and CLUSTER write a file with the same rows in it, and TRUNCATE is in the stream. Only an ALTER
// that gives a column other values changes the column's definition as well.
bool has_rewritten_columns(const Binding& before, const SeenTable& now) {
  if (before.rows == digest_rows(now)) return false;
  return std::ranges::any_of(now.leaves, [&](const auto& entry) {
    const auto known = before.leaves.find(entry.first);
    return known != before.leaves.end() && known->second.file != entry.second.file;
  });
}

bool lacks_a_leaf(const Binding& before, const SeenTable& now) {
  return std::ranges::any_of(before.leaves,
                             [&](const auto& leaf) { return !now.leaves.contains(leaf.first); });
}

// Of a partition neither a TRUNCATE nor what happens to it while it is detached is in the stream.
bool has_another_leaf(const Binding& before, const SeenTable& now) {
  return std::ranges::any_of(now.leaves, [&](const auto& entry) {
    const auto known = before.leaves.find(entry.first);
    return known != before.leaves.end() &&
           (known->second.file != entry.second.file || known->second.attached != entry.second.attached);
  });
}

bool has_a_filled_leaf_more(const Binding& before, const SeenTable& now) {
  return std::ranges::any_of(now.leaves, [&](const auto& entry) {
    return entry.second.may_have_rows && !before.leaves.contains(entry.first);
  });
}

}  // namespace

std::string bind(const SeenTable& table) {
  return encode(binding_of(table));
}

std::uint32_t bound_table(std::string_view binding) {
  const std::optional<Binding> bound = read(binding);
  return bound ? bound->table : 0;
}

bool keeps_changes_to_itself(const SeenTable& table) {
  using contract::RowIdentity;
  return table.comes_as_another || table.identity == RowIdentity::not_unique ||
         std::ranges::any_of(table.leaves, [](const auto& entry) {
           return !entry.second.logged || entry.second.identity == RowIdentity::another;
         });
}

std::string_view silent_change(std::string_view binding, const SeenTable& now) {
  const std::optional<Binding> before = read(binding);
  if (!before) return "changes were passed over, or never reached the stream";
  if (before->table != now.oid) return "the table was dropped and made again";
  if (before->published != now.published) return "the publication was altered, or the table's entry in it";
  // Attached and detached between two looks it is what it was, but what was done to it meanwhile.
  if (before->key != now.key) return "its primary key was altered, or it was a partition of another table";
  if (has_other_columns(*before, now))
    return "columns that the mirror has are new, renamed or of another type, there or here";
  if (has_nulls_of_old(*before, now))
    return "the contract no longer allows NULL for values that the mirror may have it for";
  if (before->labels != digest_labels(now, before->last_label)) return "labels of an enum were renamed";
  if (before->attributes != digest_attributes(now)) return "attributes of a composite type were altered";
  if (has_rewritten_columns(*before, now)) return "columns were altered, and the table rewritten";
  if (!is_partitioned(now)) return "";
  if (lacks_a_leaf(*before, now)) return "a partition was detached or dropped";
  if (has_another_leaf(*before, now)) return "a partition was truncated, rewritten or attached again";
  if (has_a_filled_leaf_more(*before, now)) return "a partition with rows was attached";
  return "";
}

}  // namespace freshet::capture
