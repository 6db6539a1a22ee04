import { connect } from 'node:net'
import { expect } from 'vitest'
import { newNode } from './nodes.js'
import { type RunningServer, startServer, until } from './processes.js'
import { type OpenedStream, openStream } from './stream.js'

/** A server whose event loop is watched from inside, and a node that nothing may happen to. */
export interface ProbedServer extends RunningServer {
  /**
   * Does something to the server. Fails where that holds its loop for longer than `LONGEST_TURN`, or
   * where the other node is not sent to, read and watched as if nothing had happened.
   */
  unharmedBy(act: () => Promise<void>): Promise<void>
  /** The path of the node that things are done to. A new node once in a while. */
  victim(): Promise<string>
}

/** Milliseconds. */
const LONGEST_TURN = 50
/** The first of some tries is compiled on the way, and collects the garbage of those before it. */
const TRIES = 5
/** Entries after which a node or a stream is left for another one. */
const MANY = 400

export async function startProbed(env: Record<string, string>): Promise<ProbedServer> {
  const probe = new URL('turn-probe.mjs', import.meta.url).href
  const server = await startServer({
    env: { NODE_OPTIONS: `--import ${probe}`, LAUNCHTAIL_LOG_LEVEL: 'error', ...env },
  })
  const port = await until('the probe', () => /probe at (\d+);/.exec(server.output())?.[1])
  const bystander = await newNode(server)
  let watching: OpenedStream | undefined
  let victim: { id: string; watched: OpenedStream } | undefined
  let turns = 0
  return { ...server, unharmedBy, victim: victimPath }

  async function unharmedBy(act: () => Promise<void>): Promise<void> {
    let held = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < TRIES && held > LONGEST_TURN; attempt += 1) {
      await longestTurn()
      await act().catch((cause) => {
        throw new Error(`the server said: ${server.output().slice(-3000)}`, { cause })
      })
      held = await longestTurn()
      await othersAreWell()
    }
    expect(held, 'milliseconds for which the loop was held').toBeLessThanOrEqual(LONGEST_TURN)
  }

  async function longestTurn(): Promise<number> {
    return Number(await (await fetch(`http://127.0.0.1:${port}/`)).text())
  }

  async function othersAreWell(): Promise<void> {
    expect(server.child.exitCode, server.output().slice(-2000)).toBe(null)
    turns += 1
    if (turns % MANY === 0) watching?.close()
    if (turns % MANY === 0 || !watching) watching = await open(bystander)
    const message = `well ${turns}`
    const sent = await server.post(`/admin/nodes/${bystander}/logs`, { message })
    expect(sent.status, await sent.text()).toBe(202)
    while (watching.events.at(-1)?.data.message !== message) await watching.more()
    const read = await server.fetch(`/admin/nodes/${bystander}/logs?tail=1`)
    expect(read.status).toBe(200)
    expect(await read.text()).toContain(message)
  }

  async function victimPath(): Promise<string> {
    if (victim && turns % MANY !== 0) return `/admin/nodes/${victim.id}`
    if (victim) {
      victim.watched.close()
      await server.fetch(`/admin/nodes/${victim.id}`, { method: 'DELETE' })
    }
    const id = await newNode(server)
    victim = { id, watched: await open(id) }
    return `/admin/nodes/${id}`
  }

  async function open(id: string): Promise<OpenedStream> {
    const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=0`
    const stream = await openStream(url, { 'X-Admin-Token': server.token })
    // It is closed with the test that opened it.
    void stream.ended.then(() => {
      if (stream === watching) watching = undefined
    })
    return stream
  }
}

/** The status of the answer to these bytes; 0 where the server waits for more of them. */
export function statusOf(server: RunningServer, bytes: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    let received = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk
      const [, status] = /(?:^|\r\n\r\n)HTTP\/1\.1 ([2-5]\d\d) /.exec(received) ?? []
      if (status === undefined) return
      resolve(Number(status))
      socket.destroy()
    })
    socket.on('end', () => socket.destroy())
    // A reset says that it closed while we were still sending.
    socket.on('error', () => {})
    socket.on('close', () => resolve(0))
    socket.end(bytes)
  })
}
