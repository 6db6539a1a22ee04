import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { delimiter, join } from 'node:path'

/**
 * A `sky` command without SkyPilot: a script on a PATH of its own that does what the real one does,
 * asks an API server; here the double. Returns the environment to find it in.
 */
export function skyOnPath(folder: string, url: string): Record<string, string | undefined> {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  const calls = join(folder, 'sky-calls.log')
  const file = join(bin, 'sky')
  const settings = JSON.stringify({ url, calls })
  writeFileSync(file, `#!${process.execPath}\n(${script.toString()})(${settings})\n`)
  chmodSync(file, 0o755)
  return { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` }
}

/** The command lines `sky` was called with. */
export function skyCalls(folder: string): string[] {
  const file = join(folder, 'sky-calls.log')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

/** Runs in a process of its own: nothing around it is there. */
async function script({ url, calls }: { url: string; calls: string }): Promise<void> {
  // An `import` would be the test runner's own; and `fetch` takes twice as long to begin.
  const fs = process.getBuiltinModule('node:fs')
  const http = process.getBuiltinModule('node:http')
  const [command, ...words] = process.argv.slice(2)
  fs.appendFileSync(calls, `${process.argv.slice(2).join(' ')}\n`)
  const after = (name: string) => words[words.indexOf(name) + 1] ?? ''
  const write = (text: string | Uint8Array) =>
    new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))
  const ask = (path: string, body?: object) =>
    new Promise<IncomingMessage>((resolve) => {
      const method = body ? 'POST' : 'GET'
      const asked = http.request(url + path, { method, agent: false }, resolve)
      asked.once('error', () => {
        const why = `Could not connect to SkyPilot API server at ${url}.`
        process.stderr.write(`sky.exceptions.ApiServerConnectionError: ${why}\n`)
        process.exit(1)
      })
      asked.end(body && JSON.stringify(body))
    })
  const idOf = ({ headers }: IncomingMessage) => String(headers['x-skypilot-request-id'])
  // biome-ignore lint/suspicious/noExplicitAny: whatever was answered
  const get = async (id: string): Promise<any> => {
    let text = ''
    for await (const chunk of await ask(`/api/get?request_id=${id}`)) text += chunk
    const answer = JSON.parse(text)
    return answer.detail ?? answer
  }
  const done = async (path: string, body: object) => {
    const answer = await ask(path, body)
    answer.resume()
    return get(idOf(answer))
  }
  const copy = async (answer: IncomingMessage) => {
    let line = Buffer.alloc(0)
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      line = Buffer.concat([line, chunk])
      const end = Math.max(line.lastIndexOf(10), line.lastIndexOf(13)) + 1
      // Without a terminal there are no spinners.
      const text = line.subarray(0, end).toString()
      line = line.subarray(end)
      await write(text.replace(/<sky-payload.*<\/sky-payload>\n/g, ''))
    }
    await write(line)
  }

  if (command === 'launch' && words.includes('--dryrun')) {
    const task = fs.readFileSync(words.at(-1) ?? '', 'utf8')
    const answer = await ask('/optimize', { dag: task, request_options: null })
    answer.resume()
    const id = idOf(answer)
    await copy(await ask(`/api/stream?request_id=${id}&format=console&follow=true`))
    const { status, error } = await get(id)
    if (status === 'SUCCEEDED') process.exit(0)
    const { type, message } = JSON.parse(error ?? '{}')
    process.stderr.write(`${type}: ${message}\n`)
    process.exit(1)
  }
  if (command === 'launch') {
    const cluster = after('-c')
    const task = JSON.parse(fs.readFileSync(words[words.indexOf('-c') + 2] ?? '', 'utf8'))
    for (const [at, word] of words.entries()) {
      if (word !== '--secret') continue
      const name = words[at + 1] ?? ''
      if (process.env[name] === undefined) {
        process.stderr.write(`${name} is not set in local environment.\n`)
        process.exit(2)
      }
      task.secrets[name] = process.env[name]
    }
    await write(`YAML to run: task.yaml\nRunning on cluster: ${cluster}\n`)
    const answer = await ask('/launch', { task: JSON.stringify(task), cluster_name: cluster })
    answer.resume()
    const id = idOf(answer)
    await copy(await ask(`/api/stream?request_id=${id}&format=console&follow=true`))
    const { status, error } = await get(id)
    // As where the API server goes away when the job is submitted.
    const trouble = process.env.SKY_DOUBLE_TROUBLE
    if (status === 'SUCCEEDED' && trouble) {
      setTimeout(() => process.stderr.write(trouble, () => process.exit(1)), 300)
      return
    }
    if (status === 'SUCCEEDED') process.exit(0)
    const { type, message } = JSON.parse(error ?? '{}')
    process.stderr.write(`${type}: ${message}\n`)
    process.exit(1)
  }
  if (command === 'logs') {
    const cluster = words[0] ?? ''
    await write(`Tailing logs of the latest job on cluster '${cluster}'...\n`)
    await copy(await ask('/logs', { cluster_name: cluster, job_id: null, follow: true, tail: 0 }))
    const { status, return_value } = await done('/job_status', {
      cluster_name: cluster,
      job_ids: null,
    })
    if (status !== 'SUCCEEDED') process.exit(1)
    const [job] = Object.values(JSON.parse(return_value)) as string[]
    const codes: Record<string, number> = { SUCCEEDED: 0, FAILED: 100, FAILED_SETUP: 100 }
    process.exit(codes[job ?? ''] ?? (job === 'CANCELLED' ? 103 : 101))
  }
  if (command === 'status' && words.includes('--endpoint')) {
    const port = after('--endpoint')
    const cluster = words.at(-1)
    const { status, return_value } = await done('/endpoints', { cluster, port })
    if (status !== 'SUCCEEDED') process.exit(1)
    await write(`\x1b[0m${JSON.parse(return_value)[port]}\n`)
    process.exit(0)
  }
  if (command === 'status') {
    const { return_value } = await done('/status', { cluster_names: [words[0]] })
    const list = return_value
    await write(`\x1b[1mClusters\x1b[0m [x] (1 found)\n${list}\n`)
    process.exit(0)
  }
  if (command === 'cost-report') {
    const { return_value } = await done('/cost_report', { days: Number(after('--days')) })
    await write(`${JSON.stringify(JSON.parse(return_value), null, 2)}\n`)
    process.exit(0)
  }
  if (command === 'api' && words[0] === 'status') {
    let text = ''
    for await (const chunk of await ask('/api/status')) text += chunk
    const own = JSON.parse(text).filter((one: { cluster_name?: string }) => {
      return one.cluster_name === after('-c')
    })
    await write(`${JSON.stringify(own)}\n`)
    process.exit(0)
  }
  if (command === 'api' && words[0] === 'cancel') {
    await done('/api/cancel', { request_ids: words.slice(2) })
    process.exit(0)
  }
  if (command === '--version') {
    await write(`skypilot, version ${process.env.SKY_DOUBLE_VERSION ?? '0.14.1'}\n`)
    process.exit(0)
  }
  if (command === 'cancel') {
    const all = words.includes('-a')
    await done('/cancel', { cluster_name: words.at(-1), job_ids: null, all, all_users: false })
    process.exit(0)
  }
  if (command === 'down') {
    const { status } = await done('/down', { cluster_name: words.at(-1) })
    await write(status === 'SUCCEEDED' ? 'Terminating: done.\n' : 'Cluster(s) not found.\n')
    process.exit(status === 'SUCCEEDED' ? 0 : 1)
  }
  process.exit(2)
}
