#include "line/toast_cases.h"

namespace freshet::test {
namespace {

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

const std::string kNew = "INSERT INTO @t (id, n, doc) VALUES (@2, 1, doc(-@2))";
const std::string kSent = "UPDATE @t SET doc = doc(-@0), n = n + 1 WHERE id = @0";
const std::string kUnsent = "UPDATE @t SET n = n + 1 WHERE id = @0";
const std::string kMoved = "UPDATE @t SET id = @2 WHERE id = @0";
const std::string kMovedAndSent = "UPDATE @t SET id = @2, doc = doc(-@0) WHERE id = @0";
const std::string kUnsentThere = "UPDATE @t SET n = n + 1 WHERE id = @2";
const std::string kBack = "UPDATE @t SET id = @0 WHERE id = @2";
const std::string kDeleted = "DELETE FROM @t WHERE id = @0";
const std::string kDeletedThere = "DELETE FROM @t WHERE id = @2";
const std::string kAnother = "INSERT INTO @t (id, n, doc) VALUES (@0, 1, doc(-@0 - 1))";

}  // namespace

const std::vector<ToastCase>& toast_cases() {
  static const std::vector<ToastCase> cases{
      {"insert", {kNew}},
      {"insert, unsent", {kNew, kUnsentThere}},
      {"insert without one, unsent, and one at last",
       {"INSERT INTO @t (id, n) VALUES (@2, 1)", kUnsentThere, "UPDATE @t SET doc = doc(-@2) WHERE id = @2",
        kUnsentThere}},
      {"insert, unsent, delete", {kNew, kUnsentThere, kDeletedThere}},
      {"sent", {kSent}},
      {"unsent", {kUnsent}},
      {"unsent, sent, unsent", {kUnsent, kSent, kUnsent}},
      {"none, unsent, one again, unsent",
       {"UPDATE @t SET doc = NULL WHERE id = @0", kUnsent, kSent, kUnsent}},
      {"in line, unsent, out of line, unsent",
       {"UPDATE @t SET doc = 'short' WHERE id = @0", kUnsent, kSent, kUnsent}},
      {"sent by a part that is undone",
       {"SAVEPOINT a; UPDATE @t SET doc = doc(-@0) WHERE id = @0; ROLLBACK TO a; " + kUnsent, kUnsent}},
      {"key change", {kMoved}},
      {"key change, sent", {kMovedAndSent}},
      {"unsent, key change, unsent", {kUnsent, kMoved, kUnsentThere}},
      {"sent, key change, unsent", {kSent, kMoved, kUnsentThere}},
      {"key change, back, unsent", {kMoved, kUnsentThere, kBack, kUnsent}},
      {"key change that is undone, unsent",
       {"SAVEPOINT a; UPDATE @t SET id = @2 WHERE id = @0; ROLLBACK TO a; " + kUnsent}},
      {"two keys swapped, unsent",
       {kMoved, "UPDATE @t SET id = @0 WHERE id = @1", "UPDATE @t SET id = @1 WHERE id = @2", kUnsent}},
      {"key change to that of a deleted row, unsent",
       {kDeleted, "UPDATE @t SET id = @0 WHERE id = @1", kUnsent}},
      {"key change, another row in its place, unsent", {kMoved, kAnother, kUnsent, kUnsentThere}},
      {"delete", {kDeleted}},
      {"unsent, delete", {kUnsent, kDeleted}},
      {"sent, delete", {kSent, kDeleted}},
      {"unsent, key change, delete", {kUnsent, kMoved, kDeletedThere}},
      {"delete, insert, unsent", {kDeleted, kAnother, kUnsent}},
      {"delete, insert, unsent, delete", {kDeleted, kAnother, kUnsent, kDeleted}},
      {"delete, a row moved there, moved away",
       {kDeleted, "UPDATE @t SET id = @0 WHERE id = @1", "UPDATE @t SET id = @2 WHERE id = @0"}},
  };
  return cases;
}

std::string on_rows(std::string step, const std::string& table, int id) {
  replace_all(step, "@t", table);
  for (int row = 0; row < 3; ++row) replace_all(step, "@" + std::to_string(row), std::to_string(id + row));
  return step + ";";
}

}  // namespace freshet::test
