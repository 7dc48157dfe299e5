#include "page.h"

#include <fmt/format.h>

#include "measure.h"

namespace freshet::bench {
namespace {

std::vector<double> ratios(const Compared& compared) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < compared.ours.size(); ++i)
    ratios.push_back(compared.ours[i] / compared.theirs[i]);
  return ratios;
}

}  // namespace

void Page::print(std::ostream& to) const {
  if (!compared_.empty()) print_compared(to);
  if (!latencies_.empty()) print_latencies(to);
  if (!columns_.empty()) print_cpu(to);
}

void Page::print_compared(std::ostream& to) const {
  to << "| what | against | it, rows/s | Freshet, rows/s | ratio | of all runs | aim |\n"
        "| --- | --- | ---: | ---: | ---: | --- | ---: |\n";
  for (const Compared& one : compared_) {
    const std::vector<double> all = ratios(one);
    to << fmt::format("| {} | {} | {:.0f} | {:.0f} | **{:.2f}** | {:.2f} to {:.2f} | {:.1f} |\n", one.what,
                      one.against, median(one.theirs), median(one.ours), median(all),
                      *std::ranges::min_element(all), *std::ranges::max_element(all), one.aim);
  }
  to << '\n';
}

void Page::print_latencies(std::ostream& to) const {
  to << "| latency, commit to queryable | rows | p50, ms | p95, ms | p99, ms | aim |\n"
        "| --- | ---: | ---: | ---: | ---: | --- |\n";
  for (const Latency& one : latencies_)
    to << fmt::format(
        "| at {:.0f} changes/s over 25 streams | {} | {:.0f} | {:.0f} | {:.0f} | p99 < 1000 |\n", one.rate,
        one.rows, one.p50_ms, one.p95_ms, one.p99_ms);
  to << '\n';
}

void Page::print_cpu(std::ostream& to) const {
  to << "| CPU seconds per million rows |";
  for (const Column& column : columns_) to << ' ' << column.what << " |";
  to << "\n| --- |";
  for (std::size_t i = 0; i < columns_.size(); ++i) to << " ---: |";
  to << '\n';
  std::vector<double> sums(columns_.size());
  for (const std::string& step : kSteps) {
    to << "| " << step << " |";
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto found = columns_[i].cpu.find(step);
      const double seconds = found == columns_[i].cpu.end() ? 0 : found->second / columns_[i].rows * 1e6;
      sums[i] += seconds;
      to << fmt::format(" {:.2f} |", seconds);
    }
    to << '\n';
  }
  to << "| all |";
  for (const double sum : sums) to << fmt::format(" {:.2f} |", sum);
  to << '\n';
}

}  // namespace freshet::bench
