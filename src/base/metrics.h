// Counters and gauges in Prometheus form. A handle is cheap to copy and to use from any thread; it stays
// valid as long as the program runs. Every metric has a line in docs/metrics.md.
#pragma once

#include <map>
#include <string>

namespace freshet::metrics {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  explicit Counter(void* counter) : counter_(counter) {}
  void add(double amount = 1) const;

 private:
  void* counter_;
};

class Gauge {
 public:
  explicit Gauge(void* gauge) : gauge_(gauge) {}
  void set(double value) const;

 private:
  void* gauge_;
};

class Histogram {
 public:
  explicit Histogram(void* histogram) : histogram_(histogram) {}
  void observe(double seconds) const;

 private:
  void* histogram_;
};

// The same name and labels give the same metric. Histograms have buckets from 1 ms to 300 s.
Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {});

// Everything, in Prometheus' text exposition format 0.0.4.
std::string exposition();

}  // namespace freshet::metrics
