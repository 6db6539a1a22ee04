// Follows a node's launch, and lists its log: the two calls a program in TypeScript makes.
//
//   LAUNCHTAIL_URL=http://127.0.0.1:8080 LAUNCHTAIL_ADMIN_TOKEN=… npx tsx examples/seed/watch.ts NODE
//
// EventSource takes no headers; the `eventsource` package takes a `fetch` that adds them.
import { EventSource } from 'eventsource'

interface LogEntry {
  timestamp: string
  level: 'info' | 'warn' | 'error' | 'debug'
  message: string
  phase: string
  progress?: number
  details?: string
}

const baseUrl = process.env.LAUNCHTAIL_URL ?? 'http://127.0.0.1:8080'

function streamNodeLogs(nodeId: string, adminToken: string): EventSource {
  const url = `${baseUrl}/admin/nodes/${nodeId}/logs/stream?follow=true`
  const eventSource = new EventSource(url, {
    fetch: (input, init) =>
      fetch(input, { ...init, headers: { ...init.headers, 'X-Admin-Token': adminToken } }),
  })

  eventSource.addEventListener('log', (event) => {
    const log: LogEntry = JSON.parse(event.data)
    console.log(`[${log.level.toUpperCase()}] ${log.message}`)
  })

  eventSource.addEventListener('status', (event) => {
    const status = JSON.parse(event.data)
    console.log(`Status: ${status.phase} - ${status.progress}%`)
  })

  // The server's `error` events have data; a broken connection has none, and is opened again.
  eventSource.addEventListener('error', (event) => {
    if (!('data' in event)) return
    const error = JSON.parse(String(event.data))
    console.error(`Error in ${error.phase}: ${error.error}`)
  })

  eventSource.addEventListener('done', (event) => {
    const done = JSON.parse(event.data)
    console.log(`Launch complete: ${done.status}`)
    eventSource.close()
    if (done.status === 'active') console.log(`Node ready at ${done.endpoint}`)
  })

  return eventSource
}

async function getNodeLogs(nodeId: string, adminToken: string, tail = 100): Promise<LogEntry[]> {
  const response = await fetch(`${baseUrl}/admin/nodes/${nodeId}/logs?tail=${tail}`, {
    headers: { 'X-Admin-Token': adminToken },
  })
  if (!response.ok) throw new Error(`Failed to fetch logs: ${response.statusText}`)
  const data = (await response.json()) as { logs: LogEntry[] }
  return data.logs
}

const [nodeId = ''] = process.argv.slice(2)
const adminToken = process.env.LAUNCHTAIL_ADMIN_TOKEN ?? ''
for (const log of await getNodeLogs(nodeId, adminToken)) {
  console.log(`[${log.timestamp}] ${log.message}`)
}
streamNodeLogs(nodeId, adminToken)
