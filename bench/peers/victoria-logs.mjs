// VictoriaLogs, a store for logs with an index of their words: the same entries, and the same questions in
// its language. `build-victoria-logs.sh` makes it.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort, start } from '../children.mjs'
import { entryOf, IN_A_REQUEST } from '../entries.mjs'
import { ALL, on } from '../machine.mjs'

const PROGRAM = fileURLToPath(new URL('../.cache/victoria-logs', import.meta.url))

export function hasVictoriaLogs() {
  return existsSync(PROGRAM)
}

/** Starts it in a folder of its own, with so many entries of each of so many nodes. */
export async function startVictoriaLogs({ nodes, each }) {
  const folder = mkdtempSync(join(tmpdir(), 'launchtail-bench-'))
  const port = await freePort()
  const child = start(
    on(ALL, [
      ...[PROGRAM, `-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${folder}`],
      ...['-loggerLevel=ERROR', '-retentionPeriod=7d'],
    ]),
  )
  const url = `http://127.0.0.1:${port}`
  try {
    await listening(url)
    await fill(url, { nodes, each })
    // What was taken in is found only once it has been written out.
    await ask(`${url}/internal/force_flush`)
    await sleep(5000)
    return { size: () => sizeOf(folder), find, close }
  } catch (error) {
    await close()
    throw error
  }

  /** The newest 100 entries that a query finds. Returns their number. */
  async function find(query) {
    const text = await ask(
      `${url}/select/logsql/query?limit=100&query=${encodeURIComponent(query)}`,
    )
    return text.split('\n').length - 1
  }

  async function close() {
    await child.end()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(url, { nodes, each }) {
  const fields = '_stream_fields=node&_time_field=timestamp&_msg_field=message'
  let time = Date.now() - 60_000
  for (let node = 0; node < nodes; node += 1) {
    for (let from = 0; from < each; from += IN_A_REQUEST) {
      const lines = Array.from({ length: Math.min(IN_A_REQUEST, each - from) }, (_, i) =>
        JSON.stringify({
          node: `n${node}`,
          timestamp: new Date(time).toISOString(),
          ...entryOf(node, from + i),
        }),
      )
      time += 20
      await ask(`${url}/insert/jsonline?${fields}`, { method: 'POST', body: lines.join('\n') })
    }
  }
  const last = { node: 'n1', timestamp: new Date(time).toISOString(), level: 'error' }
  const body = JSON.stringify({ ...last, message: 'one zebrafish' })
  await ask(`${url}/insert/jsonline?${fields}`, { method: 'POST', body })
}

async function ask(url, options) {
  const answer = await fetch(url, options)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`VictoriaLogs answered with ${answer.status}: ${text}`)
  return text
}

async function listening(url) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await sleep(50)
  }
  throw new Error('VictoriaLogs did not listen')
}

function sizeOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return files
    .filter((file) => file.isFile())
    .reduce(
      (sum, { parentPath, path, name }) => sum + statSync(join(parentPath ?? path, name)).size,
      0,
    )
}
