// The words of which the generator makes names, addresses and titles.
#pragma once

#include <array>
#include <string_view>

namespace freshet::adshop::words {

using Words = std::string_view;

inline constexpr std::array<Words, 24> kFirstNames = {
    "Anna",  "Ben",  "Chiara", "David", "Elif",  "Finn", "Grace", "Hugo", "Inés", "Jonas",  "Kenji", "Lena",
    "Mateo", "Noor", "Olga",   "Pavel", "Quinn", "Rosa", "Sofía", "Tom",  "Uma",  "Victor", "Yuki",  "Zoë"};
inline constexpr std::array<Words, 24> kLastNames = {
    "Adams", "Berg",   "Costa",    "Dubois", "Eriksen", "Fischer", "García",  "Hansen",
    "Ito",   "Jansen", "Kowalski", "Lang",   "Moreau",  "Nguyen",  "O'Brien", "Petrov",
    "Quist", "Rossi",  "Sato",     "Turner", "Ueda",    "Vogel",   "Weber",   "Yılmaz"};
inline constexpr std::array<Words, 16> kStyles = {
    "Everyday", "Alpine", "Coastal", "Heritage", "Linen",  "Merino",  "Nordic", "Organic",
    "Studio",   "Summer", "Terrain", "Urban",    "Velvet", "Weekend", "Winter", "Zephyr"};
inline constexpr std::array<Words, 16> kThings = {
    "Backpack", "Beanie", "Blanket", "Boots", "Candle",   "Cardigan", "Dress",   "Hoodie",
    "Jacket",   "Lamp",   "Mug",     "Scarf", "Sneakers", "Sweater",  "T-Shirt", "Trousers"};
inline constexpr std::array<Words, 8> kVariants = {"XS", "S", "M", "L", "XL", "Black", "Sand", "Forest"};
inline constexpr std::array<Words, 8> kObjectives = {"prospecting", "retargeting", "launch",   "clearance",
                                                     "brand",       "lookalike",   "seasonal", "bestsellers"};
inline constexpr std::array<Words, 6> kBrowsers = {"Chrome",  "Safari", "Mobile Safari",
                                                   "Firefox", "Edge",   "Samsung Internet"};
inline constexpr std::array<Words, 4> kDevices = {"mobile", "desktop", "tablet", "other"};
inline constexpr std::array<Words, 5> kPlacements = {"feed", "stories", "search_top", "reels",
                                                     "audience_network"};
inline constexpr std::array<Words, 6> kReasons = {"too small",    "damaged",      "not as described",
                                                  "arrived late", "changed mind", "wrong item"};
inline constexpr std::array<Words, 8> kSearches = {"gift", "black dress", "wool", "size guide",
                                                   "sale", "boots",       "mug",  "größe 42"};
inline constexpr std::array<Words, 5> kCodes = {"WELCOME10", "SUMMER15", "VIP20", "FRIENDS10", "BACK15"};
inline constexpr std::array<Words, 6> kCountries = {"US", "DE", "GB", "FR", "JP", "AU"};

}  // namespace freshet::adshop::words
