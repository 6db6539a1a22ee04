import { once } from 'node:events'
import { createServer, connect as dial, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Proxy {
  readonly port: number
  /** Each connection made from now on is cut when so many bytes have gone back to the client. */
  cutAfter(bytes: number): void
  /**
   * From now on the n-th piece of what the upstream says is lost, and its connection with it: the
   * upstream has done what it was asked, and nobody is told. A small reply is one piece.
   */
  loseReply(n: number): void
  /** How many replies were lost so far. */
  lost(): number
  /** The connections stay open and nothing goes through, until `thaw`. */
  freeze(): void
  thaw(): void
  /** What is connected now stays frozen for ever; what connects later gets through. */
  abandon(): void
  /** What goes to the client is dropped on the connections it has sent this word on. */
  deafen(word: string): void
  /** What connects from now on reaches another port. */
  redirect(port: number): void
  /** Cuts what is connected now; what connects later is let through. */
  cutAll(): void
  connections(): number
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  /** All that the client has sent. */
  sent: string
  deaf: boolean
}

/** A wire that can be harmed, between a client and what listens on a port of this machine. */
export async function startProxy(upstreamPort: number): Promise<Proxy> {
  const pairs = new Set<Pair>()
  let limit = Number.POSITIVE_INFINITY
  let repliesUntilLoss = Number.POSITIVE_INFINITY
  let lost = 0
  let frozen = false
  let target = upstreamPort
  const server = createServer(accept).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    cutAll()
  })
  const { port } = server.address() as { port: number }
  return {
    port,
    cutAfter(bytes) {
      limit = bytes
    },
    loseReply(n) {
      repliesUntilLoss = n
    },
    lost: () => lost,
    freeze() {
      frozen = true
      for (const { client, upstream } of pairs) {
        client.pause()
        upstream.pause()
      }
    },
    thaw() {
      frozen = false
      for (const { client, upstream } of pairs) {
        client.resume()
        upstream.resume()
      }
    },
    abandon() {
      frozen = false
    },
    deafen(word) {
      for (const pair of pairs) if (pair.sent.includes(word)) pair.deaf = true
    },
    redirect(port) {
      target = port
    },
    cutAll,
    connections: () => pairs.size,
  }

  function accept(client: Socket): void {
    const upstream = dial(target, '127.0.0.1')
    const pair: Pair = { client, upstream, sent: '', deaf: false }
    pairs.add(pair)
    client.setNoDelay()
    upstream.setNoDelay()
    let left = limit
    if (frozen) client.pause()
    client.on('data', (bytes) => {
      pair.sent += bytes.toString('latin1')
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (pair.deaf) return
      repliesUntilLoss -= 1
      if (repliesUntilLoss === 0) {
        lost += 1
        return cut(pair)
      }
      const through = bytes.subarray(0, left)
      left -= through.length
      if (left > 0) client.write(through)
      // What is let through is delivered before the end; what the upstream says later is not.
      else {
        client.end(through)
        upstream.destroy()
      }
    })
    client.on('end', () => upstream.end())
    upstream.on('end', () => client.end())
    // A fault of one side is the end of the other, and the tests look at what comes of it.
    client.on('error', () => cut(pair))
    upstream.on('error', () => cut(pair))
    client.on('close', () => gone(pair))
    upstream.on('close', () => gone(pair))
  }

  function gone(pair: Pair): void {
    if (pair.client.destroyed && pair.upstream.destroyed) pairs.delete(pair)
    // The other side is on its way out by itself where it has something left to deliver.
    else if (pair.client.destroyed) pair.upstream.destroy()
  }

  function cut({ client, upstream }: Pair): void {
    client.destroy()
    upstream.destroy()
  }

  function cutAll(): void {
    for (const pair of pairs) cut(pair)
  }
}
