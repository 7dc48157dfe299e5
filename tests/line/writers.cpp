#include "line/writers.h"

#include <fmt/format.h>

#include <random>

#include "adapter/postgres/connection.h"
#include "support/process.h"

namespace freshet::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kArchived = 20'000;

class Hand {
 public:
  Hand(std::uint64_t seed, int number) : random_(seed), number_(number) {}

  std::string transaction() {
    if (below(300) == 0) return large();
    std::string sql = "BEGIN;";
    const int steps = static_cast<int>(below(4)) + 1;
    for (int i = 0; i < steps; ++i) sql += step();
    // Now and then all of it was for nothing.
    return sql + (below(12) == 0 ? "ROLLBACK" : "COMMIT");
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::uint64_t account() { return below(400); }

  // Some megabytes: more than the server decodes in memory, and than capture spools there. A part of it is
  // undone, and the marks tell whether all the rest comes together.
  std::string large() {
    const auto fill = [&](const char* text) {
      return fmt::format(
          "INSERT INTO bank.scratch (v) SELECT repeat('{} ' || i, 20) FROM generate_series(1, {}) i;", text,
          4'000 + below(4'000));
    };
    const std::string mark = new_mark();
    return "BEGIN;" + entries("left", mark) + fill("kept") + "SAVEPOINT a;" + fill("undone") +
           "SAVEPOINT b;" + fill("undone") + "RELEASE b; ROLLBACK TO a;" + fill("kept") +
           entries("right", mark) + "COMMIT";
  }

  std::string step() {
    switch (below(13)) {
      case 0:
      case 1:
      case 2: return entries();
      case 3:
      case 4:
        return fmt::format("UPDATE bank.accounts SET balance = balance + {} WHERE id = {};", below(100),
                           account());
      case 5: return change_key();
      case 6:
        return fmt::format(
            "DELETE FROM bank.accounts WHERE id = {0}; INSERT INTO bank.accounts VALUES ({0}, {1}, "
            "'again', now()) ON CONFLICT DO NOTHING;",
            account(), below(1000));
      case 7: return fmt::format("DELETE FROM bank.accounts WHERE id = {};", account());
      case 8:
        return fmt::format(
            "INSERT INTO bank.accounts SELECT i, {}, 'new', now() FROM generate_series({}, {}) i ON "
            "CONFLICT (id) DO UPDATE SET note = 'kept';",
            below(1000), account(), account());
      case 9: return documents();
      case 10:
        return fmt::format(
            "SAVEPOINT s; UPDATE bank.accounts SET note = 'undone' WHERE id % 7 = {}; ROLLBACK TO s;",
            below(7));
      case 11: return archive();
      default:
        return below(8) == 0
                   ? "TRUNCATE bank.scratch;"
                   : fmt::format(
                         "INSERT INTO bank.scratch (v) SELECT md5(i::text) FROM generate_series(1, {}) i;",
                         below(60));
    }
  }

  // The same number of rows in both tables, told by one transaction's mark.
  std::string entries() {
    const std::string mark = new_mark();
    return entries("left", mark) + entries("right", mark);
  }

  static std::string entries(const char* side, const std::string& mark) {
    return fmt::format("INSERT INTO bank.{}_entries (mark) SELECT '{}' FROM generate_series(1, {});", side,
                       mark, kEntries);
  }

  std::string new_mark() { return fmt::format("{}-{}", number_, random_()); }

  // Of a table that takes long to be read, so that its snapshot is met half-way.
  std::string archive() {
    const std::uint64_t id = below(kArchived);
    switch (below(3)) {
      case 0: return fmt::format("UPDATE bank.archive SET v = 'changed {}' WHERE id = {};", below(1000), id);
      case 1: return fmt::format("DELETE FROM bank.archive WHERE id BETWEEN {0} AND {0} + 5;", id);
      default: return fmt::format("UPDATE bank.rates SET rate = rate + 1 WHERE id = {};", below(10));
    }
  }

  std::string change_key() {
    return fmt::format(
               "UPDATE bank.accounts SET id = {} WHERE id = {} AND NOT EXISTS (SELECT 1 FROM bank.accounts "
               "WHERE id "
               "= {});",
               1000 + account(), account(), 0) +
           fmt::format(
               "UPDATE bank.documents SET id = id + 1000 WHERE id = {0} AND NOT EXISTS (SELECT 1 FROM "
               "bank.documents "
               "WHERE id = {0} + 1000);",
               below(40));
  }

  // Values that don't compress are stored out of line; most updates leave them as they are.
  std::string documents() {
    const std::uint64_t id = below(40);
    if (below(4) == 0) {
      return fmt::format(
          "INSERT INTO bank.documents SELECT {0}, (SELECT string_agg(md5(({1} + g)::text), '') FROM "
          "generate_series(1, {2}) g), 0 ON CONFLICT (id) DO UPDATE SET body = excluded.body;",
          id, random_() % 1'000'000, 100 + below(900));
    }
    if (below(6) == 0) return fmt::format("DELETE FROM bank.documents WHERE id = {};", id);
    return fmt::format("UPDATE bank.documents SET touched = touched + 1 WHERE id = {};", id);
  }

  std::mt19937_64 random_;
  int number_;
};

}  // namespace

const char* const kBankSchema = R"(
CREATE SCHEMA bank;
CREATE TABLE bank.left_entries (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mark text NOT NULL);
CREATE TABLE bank.right_entries (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mark text NOT NULL);
CREATE TABLE bank.accounts (id bigint PRIMARY KEY, balance numeric(14,2) NOT NULL, note text, at timestamptz);
CREATE TABLE bank.documents (id bigint PRIMARY KEY, body text, touched int NOT NULL);
ALTER TABLE bank.documents ALTER body SET STORAGE EXTERNAL;
CREATE TABLE bank.scratch (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
CREATE TABLE bank.archive (id bigint PRIMARY KEY, v text);
CREATE TABLE bank.rates (id bigint PRIMARY KEY, rate int);
INSERT INTO bank.archive SELECT i, md5(i::text) FROM generate_series(0, 19999) i;
INSERT INTO bank.rates SELECT i, i FROM generate_series(0, 9) i;
INSERT INTO bank.accounts SELECT i, i, 'first', now() FROM generate_series(0, 399) i;
INSERT INTO bank.documents SELECT i, (SELECT string_agg(md5((i + g)::text), '') FROM generate_series(1, 200) g), 0
FROM generate_series(0, 39) i;
)";

Writers::Writers(std::string url, int threads, std::uint64_t seed) : url_(std::move(url)) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back(
        [this, seed, i](std::stop_token stop) { work(stop, seed + static_cast<std::uint64_t>(i), i); });
  }
}

void Writers::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Writers::work(std::stop_token stop, std::uint64_t seed, int number) {
  Hand hand(seed, number);
  std::unique_ptr<postgres::Connection> connection;
  while (!stop.stop_requested()) {
    try {
      if (!connection) {
        connection = std::make_unique<postgres::Connection>(
            postgres::ConnectOptions{.url = url_, .purpose = "freshet test writer"});
      }
      connection->run(hand.transaction(), 20s);
      ++transactions_;
    } catch (const postgres::SqlError& error) {
      // A deadlock, a duplicate key or a server that was killed: the transaction didn't happen, or it did;
      // both are fine.
      if (error.sqlstate().empty() || error.sqlstate().starts_with("57") ||
          error.sqlstate().starts_with("08")) {
        connection.reset();
        pause_between_looks();
      } else {
        try {
          connection->run("ROLLBACK", 20s);
        } catch (const Error&) {
          connection.reset();
        }
      }
    } catch (const Error&) {
      connection.reset();
      pause_between_looks();
    }
  }
}

}  // namespace freshet::test
