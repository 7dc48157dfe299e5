// The part of libchdb's C interface that Freshet uses: the npm package ships the library without a header.
// Everything returned is owned by the caller and freed by the matching destroy; engine.h wraps it.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct chdb_result;
struct chdb_insert_stream;
struct chdb_connection;

enum chdb_state { CHDB_SUCCESS = 0, CHDB_ERROR = 1 };

// What a statement does to what outlives it; a batch has the highest class of its members.
enum chdb_query_class {
  CHDB_QUERY_READ_ONLY = 0,
  CHDB_QUERY_MUTATING = 1,
  CHDB_QUERY_MUTATING_GLOBAL = 2,  // functions, named collections, access rights, the system database
  CHDB_QUERY_CONTROL = 3,  // SET, USE, KILL, SYSTEM, ATTACH, temporary tables, and writing outside the engine
  CHDB_QUERY_UNKNOWN = 4,  // didn't parse
};

struct chdb_query_analysis_v1 {
  std::uint32_t struct_size;  // set by the caller
  std::uint32_t statement_count;
  std::uint32_t flags;
  std::uint32_t query_class;
};

void chdb_set_signal_handlers_enabled(int enabled);

// "--path=…" and server options count for the connection that opens the engine, "--setting=value" for this
// one. Null on failure; the reason went to standard error.
chdb_connection** chdb_connect(int argc, char** argv);
void chdb_close_conn(chdb_connection** connection);

chdb_result* chdb_query_with_params_n(chdb_connection* connection, const char* query, std::size_t query_size,
                                      const char* format, std::size_t format_size, const char* const* names,
                                      const std::size_t* name_sizes, const char* const* values,
                                      const std::size_t* value_sizes, std::size_t parameters);
void chdb_destroy_query_result(chdb_result* result);

char* chdb_result_buffer(chdb_result* result);
std::size_t chdb_result_length(chdb_result* result);
const char* chdb_result_error(chdb_result* result);         // null: none
double chdb_result_elapsed(chdb_result* result);            // seconds
std::uint64_t chdb_result_rows_read(chdb_result* result);   // rows of the result
std::uint64_t chdb_result_bytes_read(chdb_result* result);  // bytes of the result, in memory
std::uint64_t chdb_result_storage_rows_read(chdb_result* result);
std::uint64_t chdb_result_storage_bytes_read(chdb_result* result);
std::uint64_t chdb_result_rows_written(chdb_result* result);
std::uint64_t chdb_result_bytes_written(chdb_result* result);

// `query` is the INSERT without FORMAT and data. Never null: ask chdb_stream_insert_error().
chdb_insert_stream* chdb_stream_insert_with_params_n(chdb_connection* connection, const char* query,
                                                     std::size_t query_size, const char* format,
                                                     std::size_t format_size, const char* const* names,
                                                     const std::size_t* name_sizes, const char* const* values,
                                                     const std::size_t* value_sizes, std::size_t parameters);
chdb_state chdb_stream_append(chdb_insert_stream* stream, const void* data, std::size_t size);
chdb_result* chdb_stream_done(chdb_insert_stream* stream);
void chdb_stream_cancel_insert(chdb_insert_stream* stream);
const char* chdb_stream_insert_error(chdb_insert_stream* stream);
void chdb_destroy_insert_stream(chdb_insert_stream* stream);  // cancels what wasn't done

int chdb_classify_query_n(chdb_connection* connection, const char* query, std::size_t query_size,
                          const char* database, std::size_t database_size, chdb_query_analysis_v1* analysis);

}  // extern "C"
