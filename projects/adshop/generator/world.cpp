#include "world.h"

#include <fmt/format.h>

#include "world_parts.h"

namespace freshet::adshop {

World build_world(Random& random, Rows& rows, Ids& ids, Instant start) {
  World world;
  build_shops(world, random, rows, ids, start);
  build_ads(world, random, rows, ids, start);
  return world;
}

std::string slug_of(std::string_view name) {
  std::string slug;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      slug += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  return slug;
}

std::string external_id(Random& random) {
  return std::to_string(random.between(100'000'000'000'000'000, 999'999'999'999'999'999));
}

Instant long_before(Instant start, Random& random) {
  const std::chrono::days days(random.between(30, 700));
  return start - days - std::chrono::minutes(random.between(0, 1439));
}

std::string large_document(Random& random, std::size_t bytes) {
  std::string text = R"({"version": 3, "audiences": [)";
  while (text.size() < bytes) {
    if (text.back() == '}') text += ", ";
    text += fmt::format(R"({{"id": "{}", "hash": "{}", "weight": {}}})",
                        random.between(1'000'000'000, 9'999'999'999), random.letters(40),
                        random.between(1, 1000));
  }
  return text += "]}";
}

}  // namespace freshet::adshop
