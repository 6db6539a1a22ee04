import { hostname, networkInterfaces } from 'node:os'
import { serverAsker } from '../../readiness/ask-server.js'
import type { Readiness } from '../../readiness/readiness.js'
import type { ProbeReport } from './report.js'

type Ready = Extract<ProbeReport, { is: 'ready' }>

export interface Reached {
  /** The server's address: one that answers here, or else the node's first. */
  readonly base: string
  /** True where it answers this server there. */
  readonly reachable: boolean
}

/** How many of a node's addresses are tried: some have one for each container. */
const MOST = 8

/** Asks the server at the node's own addresses, all at once. */
export async function reach(
  { port, path, host, addresses, loopback }: Ready,
  { readiness, signal }: { readiness: Readiness; signal: AbortSignal },
): Promise<Reached> {
  const own = ownAddresses()
  const isHere = host === hostname()
  const others = addresses.filter((one) => !LOOPBACK.test(one)).slice(0, MOST)
  const bases = [...others, host].filter((one) => one !== '').map((one) => baseOf(one, port))
  const first = bases[0] ?? baseOf('127.0.0.1', port)
  // An address of this machine is another machine's too, such as that of a bridge for containers.
  const tried = others.filter((one) => isHere || !own.has(one)).map((one) => baseOf(one, port))
  const answers = await Promise.all(
    (loopback ? [] : tried).map(async (base) => {
      const ask = serverAsker({ base, readiness, mark: 'query', signal })
      const status = await ask(path)
      return status !== undefined && status >= 200 && status < 300
    }),
  )
  const found = tried.find((_, i) => answers[i])
  return { base: found ?? first, reachable: found !== undefined }
}

const LOOPBACK = /^(?:127\.|::1$|localhost$)/

function baseOf(address: string, port: number): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return new Set(all.map(({ address }) => address))
}
