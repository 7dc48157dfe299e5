#include "mix.h"

namespace freshet::adshop {
namespace {

struct Kind {
  double share;
  double least;  // changes of one go: a kind waits until it is owed as many
  void (*add)(Scene&, std::int64_t);
};

constexpr Kind kMix[] = {
    {0.55, 1, see_pages},  {0.22, 1, show_ads},     {0.09, 1, keep_sessions}, {0.04, 1, click_ads},
    {0.04, 1, fill_carts}, {0.03, 1, report_spend}, {0.02, 6, place_orders},  {0.01, 1, do_the_rest},
};

}  // namespace

void Mix::add(Scene& scene, std::int64_t changes) {
  static_assert(std::size(kMix) == kKinds);
  for (std::size_t i = 0; i < kKinds; ++i) {
    owed_[i] += static_cast<double>(changes) * kMix[i].share;
    if (owed_[i] < kMix[i].least) continue;
    const std::int64_t before = scene.batch.changes();
    kMix[i].add(scene, static_cast<std::int64_t>(owed_[i]));
    scene.batch.commit();
    owed_[i] -= static_cast<double>(scene.batch.changes() - before);
  }
}

}  // namespace freshet::adshop
