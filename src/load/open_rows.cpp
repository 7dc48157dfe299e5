#include "load/open_rows.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace freshet::load {
namespace {

// Each time a merge has taken a row, and there is only one merge less to come.
constexpr int kReadsMax = 10;
constexpr std::size_t kNone = ~std::size_t{0};
// Which record Image::recorded names.
constexpr std::uint32_t kTaken = 0;
constexpr std::uint32_t kLastResort = 1;

bool is_removal(const Batch::Record& record) {
  return record.op == Op::remove || record.op == Op::snapshot_gone;
}

// Where a column that `row` doesn't send may stand all the same.
bool sent_in_old(const TableSchema& schema, const Column& column, const Field& old) {
  return (schema.identity == ReplicaIdentity::full || column.key) && old.form != Form::unchanged &&
         !old.null();
}

}  // namespace

std::string key_tuple(const Mirror& mirror, const TableSchema& schema, std::string_view row,
                      std::string_view old) {
  std::string tuple;
  TupleReader from_row(row.empty() ? old : row);
  TupleReader from_old(old.empty() ? row : old);
  for (const Column& column : schema.columns) {
    Field field = from_row.next();
    const Field before = from_old.next();
    if (field.form == Form::unchanged) field = before;
    const bool in_key = std::ranges::any_of(
        mirror.key, [&](std::size_t key) { return mirror.columns[key].name == column.name; });
    append_field(tuple, in_key ? field : Field{});
  }
  return tuple;
}

void TableLoad::OpenRows::resolve() {
  find_keys();
  sort_images();
  if (table_.settling_) drop_unseen_of_ended_keys();
  plan();
  int reads = 0;
  for (std::uint32_t next = 0; next < images_.size() && !table_.stopped_;) {
    const std::uint32_t end = fetch(next);
    if (end == next) {
      if (++reads > kReadsMax)
        throw Error(
            ErrorKind::transient,
            table_.mirror_.raw() + " is merged whenever its rows are read: a round's values can't be found");
      plan();
      continue;
    }
    reads = 0;
    for (; next < end && !table_.stopped_; ++next) {
      if (begins_version(next) && table_.filled_bytes() >= table_.context_.fill_bytes_max)
        table_.send_filled();
      if (sources_[next].ours && !table_.stopped_) apply(next, plan_.filled[next]);
    }
  }
}

void TableLoad::OpenRows::plan() {
  read_mirror();
  std::vector<Held> held;
  for (const HeldRows::Row& row : held_.rows()) {
    const bool blank = row.deleted == 2 || (row.deleted == 1 && !table_.mirror_.keeps());
    held.push_back({id_of(std::string(row.key)), row.version, blank});
  }
  plan_.filled = fill(images_, held);
  trace(plan_);
  if (!table_.mirror_.keeps()) return;
  std::vector<Image> any = images_;
  for (Image& image : any) image.donors_from = Version();
  relaxed_.filled = fill(any, held);
  trace(relaxed_);
}

// Once for all: a row that changes often is a long chain of images.
void TableLoad::OpenRows::trace(Plan& plan) {
  const std::size_t slots = missing_.size();
  plan.origins.resize(images_.size() * slots);
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    const Filled& filled = plan.filled[i];
    const bool takes = images_[i].open && filled.filling == Filling::batch;
    CHECK(!takes || filled.donor < i);
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const bool sent = !takes || fields_of(i)[missing_[slot]].form != Form::unchanged;
      plan.origins[i * slots + slot] = sent ? i : plan.origins[filled.donor * slots + slot];
    }
  }
}

// Brings the values for images from `from` on; up to which one. To none, where the mirror was merged since
// its versions were read.
std::uint32_t TableLoad::OpenRows::fetch(std::uint32_t from) {
  for (;;) {
    const Wanted wanted = wanted_from(from);
    // A single row may be as large as it is.
    const std::size_t bytes_max = wanted.several ? table_.context_.fill_bytes_max : kNone;
    switch (fetch(wanted, bytes_max)) {
      case Fetched::all: {
        const std::size_t bytes = held_.values_bytes() + recorded_.bytes() + last_resorts_.bytes();
        if (wanted.count() >= table_.donors_at_once_ && bytes < bytes_max / 4) table_.donors_at_once_ *= 2;
        return wanted.to;
      }
      case Fetched::gone: return from;
      case Fetched::too_much:
        table_.donors_at_once_ =
            std::max<std::size_t>(std::min(table_.donors_at_once_, wanted.count()) / 4, 1);
        break;
    }
  }
}

Fetched TableLoad::OpenRows::fetch(const Wanted& wanted, std::size_t bytes_max) {
  Session& session = table_.context_.session;
  Fetched fetched = held_.read_values(session, table_.mirror_, missing_, wanted.held, bytes_max);
  if (fetched == Fetched::all)
    fetched = recorded_.read_values(session, table_.mirror_, wanted.taken, bytes_max);
  if (fetched == Fetched::all)
    fetched = last_resorts_.read_values(session, table_.mirror_, wanted.last_resorts, bytes_max);
  return fetched;
}

TableLoad::OpenRows::Wanted TableLoad::OpenRows::wanted_from(std::uint32_t from) {
  Wanted wanted{from, {}, {}, {}};
  std::size_t earlier = 0;
  for (; wanted.to < images_.size(); ++wanted.to) {
    if (begins_version(wanted.to)) {
      earlier = wanted.count();
      if (earlier >= table_.donors_at_once_) break;
    }
    if (!sources_[wanted.to].ours) continue;
    add_wanted(wanted, plan_, wanted.to);
    if (plan_.filled[wanted.to].filling == Filling::waits && table_.mirror_.keeps())
      add_wanted(wanted, relaxed_, wanted.to);
    if (earlier > 0 && wanted.count() > earlier) wanted.several = true;
  }
  return wanted;
}

void TableLoad::OpenRows::add_wanted(Wanted& wanted, const Plan& plan, std::uint32_t image) {
  for (std::size_t slot = 0; slot < missing_.size(); ++slot) {
    const std::uint32_t origin = plan.origins[image * missing_.size() + slot];
    if (fields_of(origin)[missing_[slot]].form != Form::unchanged) continue;
    const Filled& filled = plan.filled[origin];
    if (filled.filling == Filling::mirror)
      wanted.held.insert(filled.donor);
    else if (filled.filling == Filling::recorded)
      (filled.donor == kTaken ? wanted.taken : wanted.last_resorts).insert(name_of(origin));
  }
}

// Images of the open rows first, for their keys; then of every other change of these keys.
void TableLoad::OpenRows::find_keys() {
  const std::set<std::size_t> open(table_.open_.begin(), table_.open_.end());
  for (const std::size_t index : open) add_image(index, true);
  for (std::size_t i = 0; i < table_.batch_.size(); ++i) {
    if (open.contains(i) || table_.is_aside(i)) continue;
    const Batch::Record record = table_.batch_[i];
    const bool gone = is_removal(record) || record.op == Op::moved;
    if (ids_.contains(table_.key_of(record, gone ? record.old : record.row))) add_image(i, false);
  }
}

void TableLoad::OpenRows::add_image(std::size_t index, bool ours) {
  const Batch::Record record = table_.batch_[index];
  // Gone by a TRUNCATE, whatever its values; unless these are kept.
  if (record.version <= table_.floor_.at() && !table_.mirror_.keeps()) {
    if (ours) drop(index);
    return;
  }
  if (record.op == Op::moved && table_.moved_nowhere(record)) return;
  images_.push_back(image_of(record, ours));
  sources_.push_back({index, ours, {}});
  images_.back().open = !images_.back().blank &&
                        std::ranges::any_of(fields_of(static_cast<std::uint32_t>(images_.size() - 1)),
                                            [](const Field& field) { return field.form == Form::unchanged; });
}

void TableLoad::OpenRows::drop(std::size_t index) {
  const Batch::Record record = table_.batch_[index];
  if (record.waited)
    table_.leave_waiting(record, table_.key_of(record, is_removal(record) ? record.old : record.row));
  if (record.replayed) table_.quarantine_.leaves(record, Outcome::superseded, table_.context_.round);
}

Image TableLoad::OpenRows::image_of(const Batch::Record& record, bool ours) {
  Image image;
  image.version = record.version;
  const bool gone = is_removal(record) || record.op == Op::moved;
  image.key = id_of(table_.key_of(record, gone ? record.old : record.row));
  image.donor = image.key;
  if (ours && !gone && !record.old.empty()) image.donor = id_of(table_.key_of(record, record.old));
  image.blank = gone && !(table_.mirror_.keeps() && is_removal(record));
  image.shows = record.shows;
  image.unseen_ok = record.op == Op::snapshot_gone || record.version <= table_.floor_.at();
  // The stream of a table may begin before its first snapshot does.
  const bool awaits_snapshot =
      table_.awaits_snapshot() || (table_.waiting_.any() && (table_.waiting_.concerns(*keys_[image.key]) ||
                                                             table_.waiting_.concerns(*keys_[image.donor])));
  // What led from the mirror's last state to the snapshot may have left quarantine with its end.
  const bool above_snapshot = record.replayed && record.version > table_.snapshots_.version();
  if ((awaits_snapshot || above_snapshot) && !image.unseen_ok)
    image.donors_from = std::max(table_.snapshots_.version(), kAnyVersion);
  image.after_reading = record.replayed && !awaits_snapshot && record.version > table_.read_until_;
  return image;
}

void TableLoad::OpenRows::sort_images() {
  std::vector<std::uint32_t> order(images_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return images_[i].version; });
  std::vector<Image> images;
  std::vector<Source> sources;
  for (const std::uint32_t i : order) {
    images.push_back(images_[i]);
    sources.push_back(std::move(sources_[i]));
  }
  images_ = std::move(images);
  sources_ = std::move(sources);
}

// The snapshot is over. What a removal ended may take its last values from before it, or needn't be kept at
// all.
void TableLoad::OpenRows::drop_unseen_of_ended_keys() {
  std::set<KeyId> ended;
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    if (is_removal(record_of(i)))
      ended.insert(images_[i].key);
    else
      ended.erase(images_[i].key);
  }
  for (Image& image : images_) {
    if (!ended.contains(image.key)) continue;
    image.unseen_ok = true;
    image.donors_from = Version();
  }
}

void TableLoad::OpenRows::read_mirror() {
  std::vector<std::string> keys;
  std::set<KeyId> asked;
  std::vector<bool> missing(table_.mirror_.columns.size());
  bool from_other_key = false;
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    if (!images_[i].open) continue;
    for (const KeyId id : {images_[i].key, images_[i].donor})
      if (asked.insert(id).second) keys.push_back(*keys_[id]);
    const std::vector<Field>& fields = fields_of(i);
    for (std::size_t column = 0; column < fields.size(); ++column)
      if (fields[column].form == Form::unchanged) missing[column] = true;
    from_other_key = from_other_key || images_[i].key != images_[i].donor;
  }
  slot_.assign(missing.size(), kNone);
  missing_.clear();
  for (std::size_t column = 0; column < missing.size(); ++column) {
    if (!missing[column]) continue;
    slot_[column] = missing_.size();
    missing_.push_back(column);
  }
  if (keys.empty()) return;
  held_ = HeldRows::read(table_.context_.session, table_.mirror_, keys);
  if (from_other_key)
    recorded_ = Fills::read(table_.context_.session, table_.mirror_, keys, Fills::Kind::taken);
  if (std::ranges::any_of(images_, &Image::unseen_ok))
    last_resorts_ = Fills::read(table_.context_.session, table_.mirror_, keys, Fills::Kind::last_resort);
  for (Image& image : images_) {
    if (!image.open) continue;
    const Fills::Of row{*keys_[image.key], image.version};
    image.recorded.reset();
    if (recorded_.has(row))
      image.recorded = kTaken;
    else if (image.unseen_ok && last_resorts_.has(row))
      image.recorded = kLastResort;
  }
}

void TableLoad::OpenRows::apply(std::uint32_t image, const Filled& filled) {
  switch (filled.filling) {
    case Filling::complete:
    case Filling::batch:
    case Filling::mirror:
    case Filling::recorded: append(image); break;
    case Filling::superseded:
    case Filling::unseen: break;
    case Filling::waits: begin_waiting(image); break;
    case Filling::missing:
      return table_.refuse(sources_[image].record, judge_missing(table_.mirror_, images_[image].version));
  }
  if (table_.stopped_) return;
  if (filled.filling != Filling::waits) end_waiting(image);
  const bool loaded = filled.filling <= Filling::recorded || filled.filling == Filling::waits;
  if (record_of(image).replayed && !table_.is_aside(sources_[image].record))
    table_.quarantine_.leaves(record_of(image), loaded ? Outcome::loaded : Outcome::superseded,
                              table_.context_.round);
}

void TableLoad::OpenRows::append(std::uint32_t image) {
  const Batch::Record record = record_of(image);
  const Filled& filled = plan_.filled[image];
  const bool other_key =
      images_[image].donor != images_[image].key &&
      ((filled.filling == Filling::batch && images_[filled.donor].key != images_[image].key) ||
       (filled.filling == Filling::mirror && held_.rows()[filled.donor].key != *keys_[images_[image].key]));
  const std::vector<Field>& fields = fields_of(image);
  std::vector<Value> values;
  for (std::size_t column = 0; column < fields.size(); ++column) {
    values.push_back(pick(plan_, image, column));
    if (other_key && fields[column].form == Form::unchanged)
      table_.new_fills_.add(name_of(image), table_.mirror_.columns[column].name, values.back());
  }
  Shape* shape = table_.shape_of(*record.schema, record.version);
  const RowHead head{record.version, static_cast<std::uint8_t>(is_removal(record) ? 1 : 0),
                     record.committed_at};
  if (const std::optional<Refusal> refusal = shape->filled.append(head, values))
    table_.refuse(sources_[image].record, judge_value(table_.mirror_, record, *refusal));
}

// The journal has it twice. What waits of it already is in the batch behind it.
bool TableLoad::OpenRows::comes_again(std::uint32_t image) const {
  for (std::uint32_t i = image + 1; i < images_.size() && images_[i].version == images_[image].version; ++i)
    if (images_[i].key == images_[image].key && plan_.filled[i].filling == Filling::waits) return true;
  return false;
}

void TableLoad::OpenRows::begin_waiting(std::uint32_t image) {
  const Batch::Record record = record_of(image);
  if (record.waited || comes_again(image)) return;
  const std::string& key = *keys_[images_[image].key];
  const std::string& donor = *keys_[images_[image].donor];
  Waiting::append_row(table_.waiting_rows_, table_.mirror_, key, donor, record, table_.context_.round, false);
  table_.waiting_.begins(key, donor);
  if (table_.mirror_.keeps()) note_last_resort(image);
}

// What it would take from before the snapshot; later the old key's removal may have replaced that.
void TableLoad::OpenRows::note_last_resort(std::uint32_t image) {
  const std::vector<Field>& fields = fields_of(image);
  std::vector<std::pair<std::size_t, Value>> values;
  for (std::size_t column = 0; column < fields.size(); ++column) {
    if (fields[column].form != Form::unchanged) continue;
    values.emplace_back(column, pick(relaxed_, image, column));
    const Value& value = values.back().second;
    if (!value.held && value.field.form == Form::unchanged) return;  // nothing is known
  }
  for (const auto& [column, value] : values)
    table_.last_resorts_.add(name_of(image), table_.mirror_.columns[column].name, value);
}

void TableLoad::OpenRows::end_waiting(std::uint32_t image) {
  const Batch::Record record = record_of(image);
  if (!record.waited || table_.is_aside(sources_[image].record)) return;
  Waiting::append_row(table_.done_rows_, table_.mirror_, *keys_[images_[image].key],
                      *keys_[images_[image].donor], record, table_.context_.round, true);
  table_.waiting_.ends();
}

KeyId TableLoad::OpenRows::id_of(std::string key) {
  const auto [it, added] = ids_.try_emplace(std::move(key), static_cast<KeyId>(ids_.size()));
  if (added) keys_.push_back(&it->first);
  return it->second;
}

// As the record has them: unchanged where a value must come from elsewhere. A removal sends only its key.
const std::vector<Field>& TableLoad::OpenRows::fields_of(std::uint32_t image) {
  Source& source = sources_[image];
  if (!source.fields.empty()) return source.fields;
  const Batch::Record record = table_.batch_[source.record];
  Block& block = table_.shape_of(*record.schema, record.version)->block;
  const bool removal = is_removal(record);
  const bool keys_only = removal && !sends_last_values(record);
  const std::span<const Field> fields = block.fields(removal ? record.old : record.row);
  source.fields.assign(fields.begin(), fields.end());
  if (keys_only) {
    for (Field& field : source.fields) field.form = field.null() ? Form::unchanged : field.form;
    return source.fields;
  }
  if (removal || record.old.empty()) return source.fields;
  const std::span<const Field> old = block.fields(record.old);
  for (std::size_t column = 0; column < old.size(); ++column)
    if (source.fields[column].form == Form::unchanged &&
        sent_in_old(
            *record.schema,
            *std::ranges::find(record.schema->columns, table_.mirror_.columns[column].name, &Column::name),
            old[column]))
      source.fields[column] = old[column];
  return source.fields;
}

Value TableLoad::OpenRows::pick(const Plan& plan, std::uint32_t image, std::size_t column) {
  const Field& own = fields_of(image)[column];
  if (own.form != Form::unchanged) return {false, own};
  const std::size_t slot = slot_[column];
  const std::uint32_t origin = plan.origins[image * missing_.size() + slot];
  const Field& field = fields_of(origin)[column];
  if (field.form != Form::unchanged) return {false, field};
  const Filled& filled = plan.filled[origin];
  switch (filled.filling) {
    case Filling::mirror: return {true, {Form::binary, held_.value(filled.donor, slot)}};
    case Filling::recorded:
      return (filled.donor == kTaken ? recorded_ : last_resorts_)
          .value(name_of(origin), table_.mirror_.columns[column].name);
    case Filling::batch:
    case Filling::complete:
    case Filling::superseded:
    case Filling::waits:
    case Filling::unseen:
    case Filling::missing: break;
  }
  return {false, field};  // refused by the block as unchanged
}

}  // namespace freshet::load
