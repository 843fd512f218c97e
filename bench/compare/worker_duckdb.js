// DuckDB in process, driven over stdin: one JSON request a line, one JSON answer a line. Times are the engine's own, taken around the call
// that materialises the result.
const readline = require('readline');
const path = require('path');
const { DuckDBInstance } = require(path.join(process.env.PEERS_DIR, 'node_modules', '@duckdb', 'node-api'));

function plain(value) {
  if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value.micros !== undefined) return Number(value.micros) / 1e6;
  return String(value);
}

async function main() {
  let instance = null;
  let connection = null;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer = {};
    try {
      if (request.open) {
        instance = await DuckDBInstance.create(request.open, { threads: String(request.threads) });
        connection = await instance.connect();
      } else if (request.close) {
        connection.closeSync();
        instance.closeSync();
      } else {
        const start = process.hrtime.bigint();
        const result = await connection.run(request.sql);
        answer.ms = Number(process.hrtime.bigint() - start) / 1e6;
        answer.count = Number(result.rowCount);
        if (request.rows) answer.rows = (await result.getRows()).map((row) => row.map(plain));
      }
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
    if (request.close) break;
  }
}

main();
