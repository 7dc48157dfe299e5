#include "load/fill.h"

#include <algorithm>
#include <unordered_map>

#include "base/check.h"

namespace freshet::load {
namespace {

class Filler {
 public:
  Filler(std::span<const Image> images, std::span<const Held> mirror)
      : images_(images),
        mirror_(mirror),
        filled_(images.size()),
        behind_(images.size()),
        needed_(images.size()) {
    for (std::uint32_t i = 0; i < mirror.size(); ++i) {
      held_[mirror[i].key].push_back(i);
      note_newest(mirror[i].key, mirror[i].version);
    }
    for (std::uint32_t i = 0; i < images.size(); ++i) {
      note_newest(images[i].key, images[i].version);
      if (images[i].shows > Lsn()) by_key_[images[i].key] = i;
    }
  }

  std::vector<Filled> run() {
    for (std::uint32_t i = 0; i < images_.size(); ++i) {
      CHECK(i == 0 || images_[i - 1].version <= images_[i].version);
      if (images_[i].open) find_donor(i);
      earlier_[images_[i].key].push_back(i);
    }
    // From the end, because a later image may need what an earlier one waits for.
    for (auto i = static_cast<std::uint32_t>(images_.size()); i-- > 0;) settle(i);
    return std::move(filled_);
  }

 private:
  void note_newest(KeyId key, Version version) {
    Version& newest = newest_[key];
    newest = std::max(newest, version);
  }

  // Two passes: until settle(), an image without a donor is `waits`.
  void find_donor(std::uint32_t index) {
    const Image& image = images_[index];
    if (image.recorded) {
      filled_[index] = {Filling::recorded, *image.recorded};
      return;
    }
    take_best(index, image.donor);
    // A snapshot may have read the row under its new key already.
    if (filled_[index].filling == Filling::waits && image.donor != image.key) take_best(index, image.key);
    if (filled_[index].filling == Filling::waits && image.unseen_ok) filled_[index].filling = Filling::unseen;
  }

  void take_best(std::uint32_t index, KeyId from) {
    const Image& image = images_[index];
    const bool own = from == image.key;
    const auto eligible = [&](Version version) {
      return version >= image.donors_from && (own ? version <= image.version : version < image.version);
    };
    filled_[index] = {Filling::waits, 0};
    const std::optional<std::uint32_t> row = best_held(from, eligible);
    const std::optional<std::uint32_t> earlier = latest_image(from, eligible);
    // Its old key is another row's by now, and a running snapshot may have read that one.
    const bool in_doubt =
        !own && image.donors_from > kAnyVersion && !image.after_reading && newest_[from] > image.version;
    // What a row takes from another key is recorded before that key's next state is sent. Where the mirror is
    // ahead without a record, the right state may have been merged away.
    const bool unrecorded =
        !own && image.donors_from == Version() && !image.unseen_ok && newest_held(from) >= image.version;
    if (earlier && (!row || images_[*earlier].version >= mirror_[*row].version)) {
      const bool sent = !images_[*earlier].open && images_[*earlier].version > image.donors_from;
      if (sent || !in_doubt) take_from_batch(index, *earlier);
    } else if (row && !mirror_[*row].blank && !in_doubt && !unrecorded) {
      filled_[index] = {Filling::mirror, *row};
    }
  }

  void take_from_batch(std::uint32_t index, std::uint32_t earlier) {
    switch (filled_[earlier].filling) {
      case Filling::waits: behind_[index] = earlier; return;
      case Filling::unseen:
        // That key is gone; the row that left it may live under another.
        if (images_[earlier].key == images_[index].key || images_[index].unseen_ok)
          filled_[index].filling = Filling::unseen;
        return;
      case Filling::complete:
      case Filling::batch:
      case Filling::mirror:
      case Filling::recorded:
        if (!images_[earlier].blank) filled_[index] = {Filling::batch, earlier};
        return;
      case Filling::superseded:
      case Filling::missing: CHECK(false);  // only settle() says so
    }
  }

  Version newest_held(KeyId key) const {
    const auto any = [](Version) { return true; };
    const std::optional<std::uint32_t> newest = best_held(key, any);
    return newest ? mirror_[*newest].version : Version();
  }

  template <class Eligible>
  std::optional<std::uint32_t> best_held(KeyId key, const Eligible& eligible) const {
    std::optional<std::uint32_t> best;
    const auto rows = held_.find(key);
    if (rows == held_.end()) return best;
    for (const std::uint32_t row : rows->second)
      if (eligible(mirror_[row].version) && (!best || mirror_[*best].version < mirror_[row].version))
        best = row;
    return best;
  }

  template <class Eligible>
  std::optional<std::uint32_t> latest_image(KeyId key, const Eligible& eligible) const {
    const auto earlier = earlier_.find(key);
    if (earlier == earlier_.end()) return std::nullopt;
    for (auto i = earlier->second.rbegin(); i != earlier->second.rend(); ++i)
      if (eligible(images_[*i].version)) return *i;
    return std::nullopt;
  }

  void settle(std::uint32_t index) {
    const Image& image = images_[index];
    Filled& filled = filled_[index];
    if (filled.filling == Filling::waits && !needed_[index]) {
      if (superseded(index))
        filled.filling = Filling::superseded;
      else if (const auto row = row_read_after(image))
        filled = {Filling::batch, *row};
      else if (image.donors_from == Version())
        filled.filling = Filling::missing;
    }
    if (filled.filling == Filling::waits && behind_[index]) needed_[*behind_[index]] = true;
    const bool stands = filled.filling <= Filling::recorded;
    if (stands) highest_[image.key] = std::max(highest_[image.key], image.version);
  }

  // The newest state of a key is what a row shows that was read by the key since.
  std::optional<std::uint32_t> row_read_after(const Image& image) const {
    const auto row = by_key_.find(image.key);
    if (row == by_key_.end() || newest_.at(image.key) != image.version) return std::nullopt;
    if (image.version.commit() >= images_[row->second].shows) return std::nullopt;
    return row->second;
  }

  bool superseded(std::uint32_t index) const {
    const Image& image = images_[index];
    const auto higher = highest_.find(image.key);
    if (higher != highest_.end() && higher->second > image.version) return true;
    const auto rows = held_.find(image.key);
    return rows != held_.end() &&
           std::any_of(rows->second.begin(), rows->second.end(),
                       [&](std::uint32_t row) { return mirror_[row].version > image.version; });
  }

  std::span<const Image> images_;
  std::span<const Held> mirror_;
  std::vector<Filled> filled_;
  std::vector<std::optional<std::uint32_t>> behind_;  // the waiting image whose values this one needs
  std::vector<bool> needed_;                          // by an image that waits
  std::unordered_map<KeyId, std::vector<std::uint32_t>> held_;
  std::unordered_map<KeyId, std::vector<std::uint32_t>> earlier_;  // images of a key, so far
  std::unordered_map<KeyId, Version> highest_;                     // that stands, of a key, from the end
  std::unordered_map<KeyId, Version> newest_;                      // that is known of a key
  std::unordered_map<KeyId, std::uint32_t> by_key_;                // images
};

}  // namespace

std::vector<Filled> fill(std::span<const Image> images, std::span<const Held> mirror) {
  return Filler(images, mirror).run();
}

}  // namespace freshet::load
