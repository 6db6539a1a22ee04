import { setTimeout as pause } from 'node:timers/promises'
import type { Client, NodeRecord } from '@launchtail/client'
import { childSignal } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'
import { type Probe, startProbe } from '../../launch/probe.js'
import { askedAt, askedBelow } from '../../launch/probe-url.js'
import { createAddressReader } from './addresses.js'
import { insist } from './insist.js'

export interface Wanted {
  /** Asked until it answers 2xx. */
  readyUrl?: string | undefined
  /** Where the server is; `true` if the output says so. */
  endpoint?: string | true | undefined
}

export interface ReadinessOptions extends Wanted {
  client: Client
  nodeId: string
  note: (text: string) => void
}

/** Asks a launch's server whether it is ready, and makes the node active when it is. */
export interface Readiness {
  /** Looks for the server's address in a piece of output. */
  read(output: Buffer): void
  /** The node once its launch is over, whoever ended it; undefined after so many milliseconds. */
  wait(timeout: number): Promise<NodeRecord | undefined>
  /** Why the server is not ready. */
  reason(): string
  /** Asks no more. Returns when nothing more is said of the node. */
  stop(): Promise<void>
}

const INTERVAL = 2000
/** How often the server of the log is asked whether somebody else has ended the launch. */
const LOOK_EVERY = 5000
/** For how long a server of the log that is away is told again that the node is active, in milliseconds. */
const PATIENCE = 600_000
/** For how long a request that is under way is waited for at the end, in milliseconds. */
const LAST_WORD = 5000
/** The most addresses that are taken from the output. */
const MOST = 8

export function startReadiness(options: ReadinessOptions): Readiness {
  const { client, nodeId, readyUrl, endpoint, note } = options
  const work = childSignal()
  const probes = new Map<string, Probe>()
  const inOutput: string[] = []
  const addressesIn = createAddressReader()
  let told: Promise<NodeRecord> | undefined
  let timer: NodeJS.Timeout | undefined = setInterval(look, 200)
  if (readyUrl !== undefined) probe(readyUrl, askedAt(readyUrl))
  else if (typeof endpoint === 'string') probe(endpoint, askedBelow(endpoint, { isSure: true }))
  return { read, wait, reason, stop }

  function probe(name: string, asked: ReturnType<typeof askedAt>): void {
    const { signal } = work
    probes.set(name, startProbe({ ...asked, mark: 'query', interval: INTERVAL, signal }))
  }

  function read(output: Buffer): void {
    if (endpoint !== true) return
    for (const address of addressesIn(output.toString())) {
      if (inOutput.includes(address) || inOutput.length === MOST) continue
      inOutput.push(address)
      if (readyUrl === undefined) probe(address, askedBelow(address, { isSure: false }))
    }
  }

  function look(): void {
    for (const [name, { ready }] of probes) {
      if (!ready) continue
      clearInterval(timer)
      timer = undefined
      told = tell(endpointOf(name))
      // `wait` throws it. Until then the command runs on.
      told.catch(() => {})
      return
    }
  }

  function endpointOf(name: string): string {
    if (typeof endpoint === 'string') return endpoint
    if (readyUrl === undefined) return name
    return inOutput.at(-1) ?? new URL(readyUrl).origin
  }

  async function tell(address: string): Promise<NodeRecord> {
    const change = { status: 'active', endpoint: address } as const
    const node = await insist(
      (signal) => client.setNodeStatus(nodeId, change, { signal }),
      PATIENCE,
    )
    note(`the node is active at ${address}`)
    return node
  }

  async function wait(timeout: number): Promise<NodeRecord | undefined> {
    const since = performance.now()
    for (let looked = Number.NEGATIVE_INFINITY; ; ) {
      if (told) return told
      if (performance.now() - looked > LOOK_EVERY) {
        looked = performance.now()
        const node = await insist((signal) => client.getNode(nodeId, { signal }))
        if (node.status !== 'launching') return node
      }
      if (performance.now() - since > timeout) return undefined
      await pause(100)
    }
  }

  function reason(): string {
    const complaint = [...probes.values()].find((one) => one.complaint)?.complaint
    if (complaint !== undefined) return complaint.replace(/; \w+ readiness\.path$/, '')
    if (probes.size === 0) return 'the output names no address of a server'
    return `no server answers at ${[...probes.keys()].join(' or ')}`
  }

  async function stop(): Promise<void> {
    clearInterval(timer)
    work.abort()
    // It has failed, or it says so in `wait`.
    await Promise.race([told?.catch(() => {}), pause(LAST_WORD, undefined, { ref: false })])
  }
}

/** Why a launch has failed whose server was not ready in time. */
export function notReady(timeout: number, reason: string): string {
  return `not ready within ${formatDuration(timeout)}: ${reason}`
}
