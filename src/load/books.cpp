#include "load/books.h"

#include <fmt/format.h>

#include "load/row_binary.h"

namespace freshet::load {

Books Books::read(Session& session) {
  std::string asked;
  for (const char* book : {"snapshots", "waiting", "quarantine", "floors"})
    asked += fmt::format("{}SELECT DISTINCT '{}' AS book, table FROM freshet.{}",
                         asked.empty() ? "" : " UNION ALL ", book, book);
  const std::string answer =
      session.select(fmt::format("SELECT book, table FROM ({}) FORMAT RowBinary", asked));
  Books books;
  for (ByteReader from(answer); !from.at_end();) {
    std::string book(read_text(from));
    books.mentioned_.emplace(std::move(book), read_text(from));
  }
  return books;
}

}  // namespace freshet::load
