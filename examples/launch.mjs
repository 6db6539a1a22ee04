// Launches a node from a task and follows it until it is active, or says why it failed.
//
//   node examples/launch.mjs [task.yaml]
//
// Takes the example node's task where none is named. LAUNCHTAIL_URL tells where the server is,
// LAUNCHTAIL_ADMIN_TOKEN the token; without one, that of the data folder here is read.
import { readFile } from 'node:fs/promises'

const baseUrl = process.env.LAUNCHTAIL_URL ?? 'http://127.0.0.1:8080'
const taskFile = process.argv[2] ?? new URL('local-node.yaml', import.meta.url)

try {
  const headers = { 'X-Admin-Token': process.env.LAUNCHTAIL_ADMIN_TOKEN ?? (await keptToken()) }
  const node = await launch(headers)
  console.log(`Launching ${node.cluster_name} (${node.node_id})\n`)
  process.exitCode = (await follow(node.node_id, headers)) === 'active' ? 0 : 2
} catch (error) {
  console.error(
    `launch: ${error.cause?.code === 'ECONNREFUSED' ? `no server at ${baseUrl}; run npm start` : error.message}`,
  )
  process.exitCode = 1
}

async function keptToken() {
  const file = new URL('../data/admin-token', import.meta.url)
  const token = await readFile(file, 'utf8').catch(() => '')
  if (!token) throw new Error('set LAUNCHTAIL_ADMIN_TOKEN to the token of the server')
  return token.trim()
}

async function launch(headers) {
  const response = await fetch(`${baseUrl}/admin/nodes/launch`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ provider: 'local', task: await readFile(taskFile, 'utf8') }),
  })
  return checked(response)
}

/** Prints the log as it comes; gives what became of the launch. */
async function follow(nodeId, headers) {
  const accept = { ...headers, Accept: 'application/x-ndjson' }
  const url = `${baseUrl}/admin/nodes/${nodeId}/logs/stream?tail=all`
  const response = await fetch(url, { headers: accept })
  if (!response.ok) await checked(response)
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()
    for (const line of lines) {
      const { event, data } = JSON.parse(line)
      if (event === 'log') show(data)
      if (event !== 'done') continue
      console.log(`\n${data.status}: ${data.message}`)
      if (data.endpoint) console.log(`Ask it something:\n  ${question(data.endpoint)}`)
      return data.status
    }
  }
  throw new Error('the stream ended before the launch did')
}

function show({ timestamp, phase, progress, level, message }) {
  const percent = progress === undefined ? '    ' : `${String(Math.round(progress)).padStart(3)}%`
  const mark = level === 'info' ? '' : `${level}: `
  console.log(`${timestamp.slice(11, 19)} ${phase.padEnd(14)} ${percent} ${mark}${message}`)
}

function question(endpoint) {
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'Tell me a story' }] })
  return `curl -s ${endpoint}/v1/chat/completions -H 'Content-Type: application/json' -d '${body}'`
}

async function checked(response) {
  const body = await response.json()
  if (!response.ok) throw new Error(`${response.status}: ${body.error.message}`)
  return body
}
