#include "cases.h"

namespace freshet::test {
namespace {

// 76 nines, the largest Decimal.
const std::string kNines76(76, '9');

std::vector<TypeCase> number_cases() {
  return {
      {"boolean", {"true", "false"}, "random() < 0.5"},
      {"smallint", {"-32768", "0", "32767"}, "(random() * 65535 - 32768)::int2"},
      {"integer", {"-2147483648", "0", "2147483647"}, "(random() * 4294967295 - 2147483648)::int4"},
      {"bigint",
       {"-9223372036854775808", "0", "9223372036854775807", "9007199254740993"},
       "('x' || md5(random()::text))::bit(64)::int8"},
      {.type = "integer", .values = {"-2147483648", "2147483647"}, .clickhouse_type = "Int64"},
      {"real",
       {"'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "0", "1e-45", "3.4028235e38", "1e5", "999999", "1e6",
        "1234567", "0.0001", "0.00001", "16777217"},
       "((random() - 0.5) * 10.0 ^ (random() * 70 - 35)::int)::float4"},
      {"double precision",
       {"'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "0", "5e-324", "1.7976931348623157e308", "1e14", "1e15",
        "123456789012345", "999999999999999.9", "0.0001", "0.00001", "0.1", "2.2250738585072014e-308"},
       "(random() - 0.5) * 10.0::float8 ^ (random() * 600 - 300)::int"},
      {"numeric(14,2)",
       {"999999999999.99", "-999999999999.99", "0", "0.01", "-0.01", "10000", "1e11"},
       "((random() - 0.5) * 10 ^ (random() * 12))::numeric(14,2)",
       {{"'NaN'", "nan"}}},
      {"numeric(9,9)", {"0.999999999", "-0.000000001", "0"}, "random()::numeric(9,9)"},
      {"numeric(18,0)", {"999999999999999999", "-999999999999999999", "10000000"}, "floor(random() * 1e18)"},
      {"numeric(19,3)", {"9999999999999999.999", "-0.001"}, "(random() * 1e15)::numeric(19,3)"},
      {"numeric(38,10)", {"9999999999999999999999999999.9999999999", "-1e27"}, "random()::numeric * 1e20"},
      {"numeric(39,0)", {std::string(39, '9'), "-" + std::string(39, '9')}, "floor(random() * 1e38)"},
      {"numeric(76,6)",
       {std::string(70, '9') + ".999999", "-" + std::string(70, '9') + ".999999", "-0.000001", "1e69"},
       "(random()::numeric * 10::numeric ^ (random() * 69)::int)::numeric(76,6)"},
      {"numeric(76,76)", {"0." + kNines76, "-1e-76"}, "random()::numeric(76,76)"},
      {"numeric(2,5)", {"0.00099", "-0.00001", "0"}, "(random() / 1011)::numeric(2,5)"},
      {"numeric(3,-2)", {"99900", "-99900", "0", "100"}, "(random() * 99900)::numeric(3,-2)"},
      {"numeric",
       {"1.50", "-0.000012", "1e130", "'NaN'", "'Infinity'", "'-Infinity'", "0.000",
        kNines76 + "." + kNines76},
       "random()::numeric * 10::numeric ^ (random() * 100 - 50)::int"},
      {"numeric(1000,500)", {"1", "-" + kNines76 + ".5"}, "random()::numeric"},
      {.type = "numeric",
       .values = {"1.5", "-99999999999999999999999999999999.999999", "2.500000000"},
       .unfit = {{"0.0000001", "fraction"},
                 {"1e32", "out_of_range"},
                 {"'NaN'", "nan"},
                 {"'Infinity'", "infinity"}},
       .clickhouse_type = "Decimal(38,6)"},
  };
}

std::vector<TypeCase> text_cases() {
  const std::string odd = R"(E'tab\t line\n cr\r back\\slash \'quote\' "double" \x7f \u00e9 \U0001F600')";
  return {
      {"text", {"''", "' '", odd, "repeat('long ', 30000)", "'NULL'", "'\\N'"}, "md5(random()::text)"},
      {"character varying(5)", {"''", "'abcde'", "'é'"}, "substr(md5(random()::text), 1, 5)"},
      {"character(5)", {"''", "'ab'", "'abcde'"}, "substr(md5(random()::text), 1, 3)"},
      {"name", {"'n'", "repeat('x', 63)"}},
      {"citext", {"'MiXed'", "''"}},
      {"app.channel", {"'search'", "'Sócial \"x\"'", "''"}, "(enum_range(NULL::app.channel))[1 + g % 3]"},
      {"app.label", {"'short'", "''"}},  // a domain over text
      {"app.price", {"1.50", "-0.01"}},  // a domain over a domain over numeric(10,2)
      {.type = "text", .values = {"'a'", "'a'", "''"}, .clickhouse_type = "LowCardinality(String)"},
      {"uuid",
       {"'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"},
       "gen_random_uuid()"},
      {"json", {R"('{ "a" : 1.0, "a": 1e400, "b":null}')", "'[]'", "'\"\\u00e9\"'", "'null'"}},
      {"jsonb",
       {R"('{"b": 1.00000000000000000000000001, "a": [null, {}]}')", "'[]'", "'null'", "'\"x\"'"},
       "jsonb_build_object('k', random(), 'n', g)"},
      {"bytea",
       {"'\\x'", "'\\x00'", "'\\x00ff0a5c27'", "decode(repeat('ab', 70000), 'hex')"},
       "decode(md5(random()::text), 'hex')"},
  };
}

std::vector<TypeCase> time_cases() {
  const std::string random_micros = "(random() * 12622780800 - 2208988800)";
  return {
      {"date",
       {"'1900-01-01'", "'2299-12-31'", "'1970-01-01'", "'2000-02-29'", "'1969-12-31'"},
       "date '1900-01-01' + (random() * 146096)::int",
       {{"'1899-12-31'", "out_of_range"},
        {"'2300-01-01'", "out_of_range"},
        {"'0044-03-15 BC'", "out_of_range"},
        {"'4713-01-01 BC'", "out_of_range"},
        {"'5874897-12-31'", "out_of_range"},
        {"'infinity'", "infinity"},
        {"'-infinity'", "infinity"}}},
      {"timestamp without time zone",
       {"'1900-01-01 00:00:00'", "'2299-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.999999'",
        "'2024-02-29 12:00:00.1'", "'1900-01-01 00:00:00.000001'"},
       "to_timestamp(" + random_micros + ") at time zone 'UTC'",
       {{"'1899-12-31 23:59:59.999999'", "out_of_range"},
        {"'2300-01-01 00:00:00'", "out_of_range"},
        {"'0001-01-01 00:00:00 BC'", "out_of_range"},
        {"'294276-12-31 23:59:59.999999'", "out_of_range"},
        {"'infinity'", "infinity"},
        {"'-infinity'", "infinity"}}},
      {"timestamp with time zone",
       {"'1900-01-01 00:00:00+00'", "'2299-12-31 23:59:59.999999+00'", "'2024-03-31 02:30:00+02'"},
       "to_timestamp(" + random_micros + ")",
       {{"'1900-01-01 00:00:00+01'", "out_of_range"},
        {"'4714-11-24 00:00:00+00 BC'", "out_of_range"},
        {"'infinity'", "infinity"}}},
      {.type = "date",
       .values = {"'infinity'", "'-infinity'", "'0044-03-15 BC'", "'4713-01-01 BC'", "'5874897-12-31'",
                  "'9999-12-31'", "'10000-01-01'", "'0001-01-01'"},
       .random = "date '4713-01-01 BC' + (random() * 2147483493)::int",
       .clickhouse_type = "String"},
      {.type = "timestamp with time zone",
       .values = {"'infinity'", "'4714-11-24 00:00:00+00 BC'", "'294276-12-31 23:59:59.999999+00'",
                  "'0001-12-31 23:59:59.5+00 BC'"},
       .random = "to_timestamp(random() * 9000000000000 - 200000000000)",
       .clickhouse_type = "String"},
      {"time without time zone",
       {"'00:00:00'", "'24:00:00'", "'23:59:59.999999'", "'12:00:00.5'"},
       "time '00:00' + random() * interval '1 day'"},
      {"time with time zone",
       {"'00:00:00+00'", "'24:00:00-15:59:59'", "'12:34:56.789+05:30'", "'00:00:00+15:59'"},
       "(time '00:00' + random() * interval '1 day')::text::timetz"},
      {"interval",
       {"'0'", "'1 mon'", "'30 days'", "'-1 mon +1 day'", "'-00:00:00.5'",
        "'1 year 2 mons 3 days 04:05:06.789'", "'178000000 years'", "'-178000000 years'", "'2147483647 days'",
        "'2562047788:00:54.775807'", "'-2562047788:00:54.775807'", "'-13 mons 25:00:00'"},
       "make_interval(months => (random() * 1000 - 500)::int, days => (random() * 1000 - 500)::int, secs => "
       "random() * 1e6 - 5e5)"},
  };
}

std::vector<TypeCase> network_cases() {
  const std::string random_ipv6 =
      "(SELECT string_agg(CASE WHEN random() < 0.6 THEN '0' ELSE to_hex((random() * 65535)::int) END, ':') "
      "FROM generate_series(1, 8) WHERE g > 0)";
  return {
      {"inet",
       {"'10.0.0.1'", "'10.0.0.1/8'", "'0.0.0.0/0'", "'255.255.255.255'", "'::'", "'::1'", "'::ffff:1.2.3.4'",
        "'::1.2.3.4'", "'1::'", "'2001:db8::1/64'", "'0:0:1::'", "'1:0:0:2:0:0:0:3'", "'::/0'",
        "'::2:3:4:5:6:7'"},
       random_ipv6 + "::inet"},
      {"cidr", {"'10.0.0.0/8'", "'10.1.1.1/32'", "'::/0'", "'2001:db8::/32'", "'::1/128'"}},
      {"macaddr", {"'08:00:2b:01:02:03'", "'ff:ff:ff:ff:ff:ff'"}},
  };
}

std::vector<TypeCase> array_cases() {
  const std::vector<std::pair<std::string, std::string>> not_plain = {{"'{{1,2},{3,4}}'", "dimensions"},
                                                                      {"'[0:1]={1,2}'", "dimensions"}};
  return {
      {"integer[]",
       {"'{}'", "'{1,NULL,-2147483648}'", "'{NULL}'"},
       "array[g, NULL, (random() * 100)::int]",
       not_plain},
      {"text[]",
       {"'{}'", R"('{a,NULL,"NULL","null","",  b c ,"q\"\\{},"}')",
        R"(array[E'\n\t\r\v\f', ' ', ',', 'é', '''', '[', ';'])"},
       "array[md5(random()::text), chr(1 + (random() * 126)::int), NULL]",
       not_plain},
      {"boolean[]", {"'{t,f,NULL}'"}},
      {"bigint[]", {"'{9223372036854775807,-9223372036854775808}'"}},
      {"double precision[]", {"'{NaN,Infinity,-0,1e15,5e-324}'"}},
      {"real[]", {"'{NaN,-Infinity,-0,1e6,1e-45}'"}},
      {"numeric(5,4)[]", {"'{1.5,-9.9999,NULL}'"}, "array[random()::numeric(5,4)]", {{"'{1,NaN}'", "nan"}}},
      {"numeric[]", {"'{1.50,1e30,NaN}'"}},
      {"uuid[]", {"array[gen_random_uuid(), NULL]"}},
      {"date[]", {"'{1900-01-01,NULL,2299-12-31}'"}, "", {{"'{2024-01-01,infinity}'", "infinity"}}},
      {"timestamp with time zone[]", {"'{\"2024-01-01 00:00:00.5+00\",NULL}'"}},
      {"timestamp without time zone[]", {"'{\"1900-01-01 00:00:00\"}'"}},
      {"interval[]", {"'{\"1 mon\",30 days}'"}},
      {"jsonb[]", {R"(array['{"a": "x,y"}', '[]', NULL]::jsonb[])"}},
      {"inet[]", {"'{10.0.0.1,::1/64}'"}},
      {"bytea[]", {"array['\\x00ff'::bytea, '\\x', NULL]"}},
      {"app.channel[]", {"'{search,\"Sócial \\\"x\\\"\",\"\"}'"}},
      {.type = "text[]",
       .values = {"'{{a,b},{c,NULL}}'", "'[0:1]={x,y}'", "'[-1:0][3:3]={{1},{\"2 3\"}}'", "'{}'",
                  "array_fill(7, array[2,3,2])::text[]"},
       .clickhouse_type = "String"},
      {.type = "timestamp with time zone[]",
       .values = {"'{infinity,\"0044-03-15 12:00:00+00 BC\"}'"},
       .clickhouse_type = "String"},
  };
}

// Their binary form is unknown to the codec: text only.
std::vector<TypeCase> other_cases() {
  return {
      {"int4range", {"'[1,5)'", "'empty'", "'(,3]'"}},
      {"tstzrange", {"'[2024-01-01 00:00+00,infinity)'"}},
      {"int4multirange", {"'{[1,3),[5,7)}'"}},
      {"point", {"'(1.5,-0)'"}},
      {"polygon", {"'((0,0),(1,1),(1,0))'"}},
      {"bit(5)", {"B'10101'"}},
      {"bit varying", {"B''", "B'1'"}},
      {"tsvector", {"'a:1 b:2A'"}},
      {"xml", {"'<a b=\"1\">x</a>'"}},
      {"money", {"'12.34'"}},
      {"pg_lsn", {"'16/B374D848'"}},
      {"regclass", {"'pg_class'"}},
      {"app.pair", {"row(1, 'a \"b\"')::app.pair", "row(NULL, '')::app.pair"}},
      {"app.pair[]", {"array[row(1, 'a,b')::app.pair]"}},
      {"app.pairs", {"array[row(1, 'a')::app.pair]"}},  // a domain over an array
      {"money[]", {"'{12.34,NULL}'", "'{}'"}},
      {"int4range[]", {"'{\"[1,5)\",empty,NULL}'"}},
      {"hstore[]", {"array['a=>1'::hstore, NULL]"}},
      {"box[]", {"'{(1,1),(0,0);(2,2),(1,1)}'"}},
      {"hstore", {"'\"a b\"=>\"1\", c=>NULL'"}},
  };
}

}  // namespace

const std::string kTypesSetup = R"(
  CREATE EXTENSION citext;
  CREATE EXTENSION hstore;
  CREATE SCHEMA app;
  CREATE TYPE app.channel AS ENUM ('search', 'Sócial "x"', '');
  CREATE TYPE app.pair AS (a int, b text);
  CREATE DOMAIN app.pairs AS app.pair[];
  CREATE DOMAIN app.label AS text;
  CREATE DOMAIN app.money AS numeric(10,2);
  CREATE DOMAIN app.price AS app.money;
)";

const std::vector<TypeCase>& type_cases() {
  static const std::vector<TypeCase> cases = [] {
    std::vector<TypeCase> all;
    for (const auto& family :
         {number_cases(), text_cases(), time_cases(), network_cases(), array_cases(), other_cases()})
      all.insert(all.end(), family.begin(), family.end());
    return all;
  }();
  return cases;
}

bool has_binary_form(const TypeCase& type) {
  for (const char* text_only : {"range", "point", "polygon", "bit", "tsvector", "xml", "money", "pg_lsn",
                                "regclass", "box", "app.pair", "app.pairs", "hstore"})
    if (type.type.find(text_only) != std::string::npos) return false;
  return true;
}

}  // namespace freshet::test
