// The figures of docs/performance.md, in Markdown.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cpu.h"

namespace freshet::bench {

// Several runs of one measure, ours beside what it is compared with.
struct Compared {
  std::string what;
  std::string against;
  double aim = 0;
  std::vector<double> theirs{};  // rows per second, by run
  std::vector<double> ours{};
};

struct Latency {
  double rate = 0;  // changes per second, asked for
  std::uint64_t rows = 0;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
};

class Page {
 public:
  void add(const Compared& compared) { compared_.push_back(compared); }
  void add(const Latency& latency) { latencies_.push_back(latency); }
  // `cpu`: of `rows` rows.
  void add(const std::string& what, const Cpu& cpu, double rows) { columns_.push_back({what, cpu, rows}); }

  void print(std::ostream& to) const;

 private:
  struct Column {
    std::string what;
    Cpu cpu;
    double rows;
  };
  void print_compared(std::ostream& to) const;
  void print_latencies(std::ostream& to) const;
  void print_cpu(std::ostream& to) const;

  std::vector<Compared> compared_;
  std::vector<Latency> latencies_;
  std::vector<Column> columns_;
};

}  // namespace freshet::bench
