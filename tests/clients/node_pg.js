// node-postgres against tsd: text parameters, named statements, cursors, transactions, errors. argv[2] = port. Prints 'ok' at the end.
const assert = require('assert');
const { Client } = require('pg');
const Cursor = require('pg-cursor');

async function main() {
  const client = new Client({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'tsdbadmin', database: 'tsdb' });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS node_test(time timestamptz, name text, v double precision, n int, big bigint, ok boolean)');
  const when = new Date('2024-05-06T07:08:09.123Z');
  const inserted = await client.query('INSERT INTO node_test VALUES ($1, $2, $3, $4, $5, $6) RETURNING n + 1 AS next', [when, "o'x", 1.5, 41, '9007199254740993', true]);
  assert.strictEqual(inserted.rowCount, 1);
  assert.strictEqual(inserted.rows[0].next, 42);
  const named = { name: 'by-name', text: 'SELECT * FROM node_test WHERE name = $1', values: ["o'x"] };
  for (let i = 0; i < 3; i++) {
    const { rows } = await client.query(named);
    assert.deepStrictEqual(rows, [{ time: when, name: "o'x", v: 1.5, n: 41, big: '9007199254740993', ok: true }]);
  }
  const nulls = await client.query('SELECT $1::int AS a, $2::text AS b', [null, null]);
  assert.deepStrictEqual(nulls.rows, [{ a: null, b: null }]);
  await assert.rejects(client.query('SELECT * FROM nowhere'), (error) => error.code === '42P01' && error.position === '15');
  await assert.rejects(client.query('SELECT 1/$1::int', [0]), (error) => error.code === '22012');
  await client.query('BEGIN');
  await client.query('INSERT INTO node_test(name) VALUES ($1)', ['gone']);
  await client.query('ROLLBACK');
  assert.strictEqual((await client.query("SELECT count(*)::int AS c FROM node_test WHERE name = 'gone'")).rows[0].c, 0);
  const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, 1000) g'));
  let seen = 0;
  for (;;) {
    const rows = await cursor.read(150);
    if (rows.length === 0) break;
    rows.forEach((row) => assert.strictEqual(row.g, ++seen));
  }
  assert.strictEqual(seen, 1000);
  await cursor.close();
  const several = await client.query('SELECT 1 AS a; SELECT 2 AS b');
  assert.deepStrictEqual(several.map((result) => result.rows[0]), [{ a: 1 }, { b: 2 }]);
  await client.query('DROP TABLE node_test');
  await client.end();
  console.log('ok');
}

main().catch((error) => { console.error(error); process.exit(1); });
