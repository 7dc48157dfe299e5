// What parity found. Never a row's values, but for the keys of rows that differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "change/lsn.h"

namespace freshet::parity {

// In the order of how bad they are.
enum class Verdict { equal, undecided, different };

enum class Side {
  only_in_source,
  only_in_mirror,
  values,
  rows,  // the source has the key more than once
};

struct Difference {
  std::string key;
  Side side = Side::values;
  bool waits = false;  // with a change in quarantine
};

// What `freshet parity --repair` did about the keys that differed.
struct Repaired {
  std::uint64_t missing = 0;      // keys asked of the source: the mirror had none of them,
  std::uint64_t extra = 0;        // or the source hadn't,
  std::uint64_t values = 0;       // or both had other values
  std::uint64_t mended = 0;       // of all these: equal when they were compared once more
  std::vector<std::string> left;  // what was left alone, and why

  std::uint64_t asked() const { return missing + extra + values; }
};

struct TableReport {
  std::string table;   // of the source: "app.orders"
  std::string mirror;  // "raw.orders"
  Verdict verdict = Verdict::equal;
  std::uint64_t source_rows = 0;
  std::uint64_t mirror_rows = 0;
  std::uint64_t windows = 0;
  std::uint64_t rechecked = 0;    // keys that moved while they were compared, each time
  std::uint64_t different = 0;    // keys; `differences` lists the first of them
  std::uint64_t explained = 0;    // those of them with a change in quarantine
  std::uint64_t undecided = 0;    // keys of which neither can be said, or that a limit left out
  std::uint64_t quarantined = 0;  // changes that wait in quarantine: what they would mend differs
  bool stream_waits = false;      // not only keys of it: its shape breaks the contract
  std::uint64_t unswept = 0;      // rows that the source had lost, and that nobody has let go
  std::vector<Difference> differences;
  std::optional<Repaired> repaired;  // nothing where no repair was asked for, or nothing differed
  Lsn cut;                           // the mirror was read at or above it
  std::string reason;                // why it is undecided, or can't be judged

  // `keys`: how many, where that is known. What was found before still counts.
  void leave_undecided(std::uint64_t keys, const std::string& why);
  void differs(Side side, std::string key, bool waits);
  // Whether its rows were counted at all.
  bool counted() const { return windows > 0 || verdict != Verdict::undecided; }
};

struct Report {
  std::vector<TableReport> tables;

  Verdict verdict() const;
  // 0: everything is equal, 1: something differs, 2: something couldn't be decided.
  int exit_status() const;
};

std::string to_text(const Report& report);
std::string to_json(const Report& report);
std::string_view to_string(Verdict verdict);

}  // namespace freshet::parity
