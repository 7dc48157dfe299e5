"""clickhouse-connect against freshet-store: query, insert, stream, cut off. Usage: clickhouse_connect_test.py PORT"""
import datetime
import decimal
import multiprocessing
import sys
import threading
import time
import unittest

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

PORT = int(sys.argv[1]) if __name__ == "__main__" else None
ENDLESS = "SELECT number, toString(number) FROM numbers(3000000000)"
BREAKS = "SELECT number, throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_block_size = 65536, max_threads = 1"


def connect(**options):
    return clickhouse_connect.get_client(host="127.0.0.1", port=PORT, **options)


# The client itself would read an abandoned result to its end before it lets go.
def read_endlessly(port, has_begun):
    client = clickhouse_connect.get_client(host="127.0.0.1", port=port)
    with client.query_row_block_stream(ENDLESS) as stream:
        for _ in stream:
            has_begun.set()


# The rest of the rows never comes.
def insert_endlessly(port, has_begun):
    def rows():
        yield b"1\n" * 50_000
        has_begun.set()
        threading.Event().wait()

    clickhouse_connect.get_client(host="127.0.0.1", port=port).raw_insert(
        "connect_py.t", column_names=["id"], insert_block=rows(), fmt="CSV", compression=None)


class ClickHouseConnect(unittest.TestCase):
    def setUp(self):
        self.client = connect()
        self.addCleanup(self.client.close)
        self.client.command("CREATE DATABASE IF NOT EXISTS connect_py")
        self.client.command("DROP TABLE IF EXISTS connect_py.t SYNC")
        self.client.command(
            "CREATE TABLE connect_py.t (id UInt64, name Nullable(String), price Decimal(18, 4), at DateTime64(3, 'UTC'),"
            " tags Array(String)) ENGINE = MergeTree ORDER BY id")

    def test_values_come_back_as_they_were_inserted(self):
        at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000)  # the client gives UTC without a zone
        rows = [[1, "ä\n'\\", decimal.Decimal("12.3456"), at, ["a", ""]], [2, None, decimal.Decimal("-1"), at, []]]
        for compress in (False, "lz4", "zstd", "gzip"):
            with self.subTest(compress=compress):
                client = connect(compress=compress)
                client.command("TRUNCATE TABLE connect_py.t")
                summary = client.insert("t", rows, database="connect_py", column_names=["id", "name", "price", "at", "tags"])
                self.assertEqual(summary.written_rows, 2)
                found = client.query("SELECT * FROM connect_py.t ORDER BY id").result_rows
                self.assertEqual([[*found[0]], [*found[1]]], rows)

    def test_a_large_insert_streams(self):
        column = list(range(300_000))
        self.client.insert("connect_py.t", [column, [None] * len(column)], column_names=["id", "name"], column_oriented=True)
        self.assertEqual(self.client.query("SELECT count(), sum(id) FROM connect_py.t").first_row, (300_000, sum(column)))

    def test_a_large_result_streams(self):
        total = 0
        with self.client.query_row_block_stream("SELECT number FROM numbers(2000000)") as stream:
            for block in stream:
                total += len(block)
        self.assertEqual(total, 2_000_000)

    def test_parameters_are_bound_by_the_server(self):
        result = self.client.query("SELECT {a:String}, {b:Array(UInt8)}", parameters={"a": "it's\ta\\b\n", "b": [1, 2]})
        self.assertEqual(result.first_row, ("it's\ta\\b\n", [1, 2]))

    def test_settings_count_for_their_query_and_the_session_stays(self):
        threads = "SELECT getSetting('max_threads')"
        before = self.client.query(threads).first_row
        self.assertEqual(self.client.query(threads, settings={"max_threads": 3}).first_row, (3,))
        self.assertEqual(self.client.query(threads).first_row, before)
        self.client.command("CREATE TEMPORARY TABLE mine (a UInt8)")
        self.client.command("INSERT INTO mine VALUES (1)")
        self.assertEqual(self.client.command("SELECT count() FROM mine"), 1)
        self.client.command("SET max_block_size = 777")
        self.assertEqual(self.client.command("SELECT getSetting('max_block_size')"), 777)

    def test_an_error_has_its_code_and_the_session_goes_on(self):
        with self.assertRaisesRegex(DatabaseError, "UNKNOWN_TABLE"):
            self.client.query("SELECT * FROM connect_py.nothing")
        with self.assertRaisesRegex(DatabaseError, "SYNTAX_ERROR"):
            self.client.command("CREATE TABEL x")
        self.assertEqual(self.client.query("SELECT 42").first_row, (42,))

    def test_an_error_in_mid_stream_is_seen(self):
        with self.assertRaisesRegex(ClickHouseError, "(?s)throwIf|FUNCTION_THROW_IF"):
            with self.client.query_row_block_stream(BREAKS) as stream:
                for _ in stream:
                    pass
        self.assertEqual(self.client.query("SELECT 42").first_row, (42,), "no row of the broken result is left")

    def test_a_client_killed_in_mid_stream_ends_its_query(self):
        reader = multiprocessing.get_context("spawn")
        has_begun = reader.Event()
        process = reader.Process(target=read_endlessly, args=(PORT, has_begun))
        process.start()
        self.assertTrue(has_begun.wait(60))
        process.kill()
        process.join()
        running = "SELECT count() FROM system.processes WHERE query LIKE '%3000000000%' AND query NOT LIKE '%processes%'"
        deadline = time.monotonic() + 20
        while self.client.query(running).first_row != (0,):
            self.assertLess(time.monotonic(), deadline, "the query still runs")

    def test_a_client_killed_amid_an_insert_leaves_nothing_of_it(self):
        inserter = multiprocessing.get_context("spawn")
        has_begun = inserter.Event()
        process = inserter.Process(target=insert_endlessly, args=(PORT, has_begun))
        process.start()
        self.assertTrue(has_begun.wait(60))
        running = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO%connect_py.t%'"
        deadline = time.monotonic() + 20
        while self.client.query(running).first_row == (0,):
            self.assertLess(time.monotonic(), deadline, "the insert hasn't begun")
        process.kill()
        process.join()
        while self.client.query(running).first_row != (0,):
            self.assertLess(time.monotonic(), deadline + 20, "the insert still runs")
        self.assertEqual(self.client.command("SELECT count() FROM connect_py.t"), 0)

    def test_dataset_formats(self):
        self.assertEqual(self.client.raw_query("SELECT 1 AS a", fmt="JSONEachRow"), b'{"a":1}\n')
        self.assertEqual(self.client.raw_query("SELECT 1 AS a", fmt="Parquet")[:4], b"PAR1")
        self.client.raw_insert("connect_py.t", column_names=["id"], insert_block=b"1\n2\n", fmt="CSV", compression=None)
        self.assertEqual(self.client.command("SELECT sum(id) FROM connect_py.t"), 3)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
