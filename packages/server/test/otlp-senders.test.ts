import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer } from './support/processes.js'

afterAll(endAll)

/** What a sender puts on the wire, in fixtures/otlp. They name the node NODE. */
interface Recorded {
  requests: {
    what: string
    headers: Record<string, string>
    bodies: string[]
    /** A line of each entry's details. */
    details?: string
  }[]
}

async function recorded(name: string): Promise<Recorded> {
  const file = new URL(`fixtures/otlp/${name}.json`, import.meta.url)
  return JSON.parse(await readFile(file, 'utf8'))
}

/** What the node has in its log after these requests, and the answers to them. */
async function sent(
  server: RunningServer,
  { headers, bodies }: Recorded['requests'][number],
  pack: 'gzip' | 'identity',
) {
  await server.post('/admin/nodes', { node_id: 'NODE' })
  const answers: string[] = []
  for (const body of bodies) {
    const plain = Buffer.from(body, 'base64')
    const answer = await server.fetch('/v1/logs', {
      method: 'POST',
      headers: { ...headers, 'Content-Encoding': pack },
      body: new Uint8Array(pack === 'gzip' ? gzipSync(plain) : plain),
    })
    answers.push(`${answer.status} ${await answer.text()}`)
  }
  const { logs } = (await (await server.fetch('/admin/nodes/NODE/logs')).json()) as {
    logs: { timestamp: string; message: string; level: string; details?: string }[]
  }
  await server.post('/admin/nodes/NODE/status', { status: 'terminated' })
  await server.fetch('/admin/nodes/NODE', { method: 'DELETE' })
  return { answers, logs }
}

describe.each(['fluent-bit', 'vector'])('records as %s encodes them', (name) => {
  it.each(['gzip', 'identity'] as const)(
    'land on the node that they name, with nine digits of their time (%s)',
    async (pack) => {
      const server = await startServer()
      const { requests } = await recorded(name)
      expect(requests.length).toBeGreaterThan(1)
      for (const request of requests) {
        const { answers, logs } = await sent(server, request, pack)
        const isJson = request.headers['Content-Type'] === 'application/json'
        const taken = isJson ? '200 {}' : '200 '
        expect([request.what, answers]).toEqual([request.what, answers.map(() => taken)])
        expect(logs).toMatchObject([
          {
            timestamp: '2023-11-14T22:13:20.123456789Z',
            message: 'Waiting for a machine',
            level: 'info',
          },
          {
            timestamp: '2023-11-14T22:13:20.123456790Z',
            message: 'Loading weights took 3.2 seconds',
            level: 'info',
          },
        ])
        for (const { details = '' } of logs) {
          expect(details.split('\n')).toContain(request.details ?? details.split('\n')[0])
        }
      }
    },
  )
})
