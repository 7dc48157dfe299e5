// @clickhouse/client against freshet-store: query, insert, stream, cut off. Usage: clickhouse_client_test.mjs FOLDER PORT
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';

const [folder, port] = process.argv.slice(2);
const { createClient } = createRequire(`${folder}/`)('@clickhouse/client');
const connect = (options = {}) => createClient({ url: `http://127.0.0.1:${port}`, ...options });
const client = connect();

const rowsOf = async (query, options = {}) => (await client.query({ query, format: 'JSONEachRow', ...options })).json();

const tests = {
  async 'answers ping'() {
    assert.equal((await client.ping()).success, true);
    assert.equal((await client.ping({ select: true })).success, true);
  },

  async 'values come back as they were inserted, packed or not'() {
    const rows = [{ id: '1', name: "ä\n'\\" }, { id: '2', name: null }];
    for (const request of [false, true]) {
      const packed = connect({ compression: { request, response: true } });
      await packed.command({ query: 'TRUNCATE TABLE connect_js.t' });
      const { summary } = await packed.insert({ table: 'connect_js.t', values: rows, format: 'JSONEachRow' });
      assert.equal(summary.written_rows, '2');
      const found = await packed.query({ query: 'SELECT * FROM connect_js.t ORDER BY id', format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 1 } });
      assert.deepEqual(await found.json(), rows);
      await packed.close();
    }
  },

  async 'a stream of rows is inserted'() {
    const rows = function* () {
      for (let id = 0; id < 50_000; ++id) yield { id, name: `n${id}` };
    };
    await client.command({ query: 'TRUNCATE TABLE connect_js.t' });
    await client.insert({ table: 'connect_js.t', values: Readable.from(rows()), format: 'JSONEachRow' });
    assert.deepEqual(await rowsOf('SELECT toUInt32(count()) AS n, toFloat64(sum(id)) AS s FROM connect_js.t'),
      [{ n: 50_000, s: 1249975000 }]);
  },

  async 'a large result streams'() {
    const result = await client.query({ query: 'SELECT number FROM numbers(500000)', format: 'JSONCompactEachRow' });
    let count = 0;
    for await (const rows of result.stream()) count += rows.length;
    assert.equal(count, 500_000);
  },

  async 'parameters, settings and sessions'() {
    assert.deepEqual(await rowsOf('SELECT {a:String} AS a', { query_params: { a: "it's\ta\\b" } }), [{ a: "it's\ta\\b" }]);
    const threads = "SELECT toUInt32(getSetting('max_threads')) AS n";
    assert.deepEqual(await rowsOf(threads, { clickhouse_settings: { max_threads: 3 } }), [{ n: 3 }]);
    const session = connect({ session_id: `js-${process.pid}` });
    await session.command({ query: 'CREATE TEMPORARY TABLE mine (a UInt8)' });
    assert.deepEqual(await (await session.query({ query: 'SELECT * FROM mine', format: 'JSONEachRow' })).json(), []);
    await session.close();
  },

  async 'a role narrows the owner'() {
    const reader = connect({ role: 'reader' });
    await assert.rejects(reader.command({ query: 'DROP TABLE connect_js.t' }), { code: '497' });
    await reader.close();
  },

  async 'errors have code and type'() {
    await assert.rejects(rowsOf('SELECT * FROM connect_js.nothing'), { code: '60', type: 'UNKNOWN_TABLE' });
    await assert.rejects(connect({ username: 'nobody' }).query({ query: 'SELECT 1' }), { code: '516' });
  },

  async 'an error in mid-stream is seen'() {
    const query = 'SELECT number, throwIf(number = 3000000) FROM numbers(4000000) SETTINGS max_block_size = 65536, max_threads = 1';
    const result = await client.query({ query, format: 'JSONEachRow' });
    await assert.rejects(async () => { for await (const _ of result.stream()); }, /throwIf/);
  },

  async 'an insert that is broken off leaves nothing'() {
    await client.command({ query: 'TRUNCATE TABLE connect_js.t' });
    const abort = new AbortController();
    const rows = async function* () {
      for (let id = 0; ; ++id) {
        yield { id };
        if (id === 20_000) await new Promise(() => {}); // the rest never comes
      }
    };
    const insert = client.insert({ table: 'connect_js.t', values: Readable.from(rows()), format: 'JSONEachRow', abort_signal: abort.signal });
    const running = "SELECT 1 FROM system.processes WHERE query LIKE 'INSERT INTO%connect_js.t%'";
    while ((await rowsOf(running)).length === 0);
    abort.abort();
    await assert.rejects(insert);
    const deadline = Date.now() + 20_000;
    while ((await rowsOf(running)).length > 0) assert.ok(Date.now() < deadline, 'the insert still runs');
    assert.deepEqual(await rowsOf('SELECT toUInt32(count()) AS n FROM connect_js.t'), [{ n: 0 }]);
  },

  async 'an abandoned result ends on the server'() {
    const abort = new AbortController();
    const query = 'SELECT sum(sipHash64(number)) FROM numbers(200000000000)';
    const answer = client.query({ query, format: 'JSONEachRow', abort_signal: abort.signal });
    const running = "SELECT 1 FROM system.processes WHERE query LIKE '%200000000000%' AND query NOT LIKE '%processes%'";
    while ((await rowsOf(running)).length === 0);
    abort.abort();
    await assert.rejects(answer);
    const deadline = Date.now() + 20_000;
    while ((await rowsOf(running)).length > 0) assert.ok(Date.now() < deadline, 'the query still runs');
  },
};

await client.command({ query: 'CREATE DATABASE IF NOT EXISTS connect_js' });
await client.command({ query: 'CREATE OR REPLACE TABLE connect_js.t (id UInt64, name Nullable(String)) ENGINE = MergeTree ORDER BY id' });
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok ${name}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}
await client.close();
process.exit(failed === 0 ? 0 : 1);
