import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Changes, NO_CHANGES } from '../database/changes.js'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import { type Ticket, ticketStore } from './ticket-store.js'

export type { Ticket } from './ticket-store.js'

export interface StreamTickets {
  /** Returns a new ticket. */
  create(ticket: Pick<Ticket, 'nodeId' | 'origin' | 'caller'>): Promise<string>
  /** The ticket of this text, if it is good for the node now. It counts as redeemed from then on. */
  redeem(text: string, nodeId: string, how?: { embedded: boolean }): Ticket | undefined
  /** Its connection is closed if it is taken back. */
  opened(ticket: Ticket, socket: Socket): void
  /** The stream was sent to its end. */
  over(ticket: Ticket): void
  /** It is not needed any more: its reader knows that the stream has ended. */
  forget(ticket: Ticket): void
  /** The same for all of a node that was deleted. */
  forgetNode(nodeId: string): Promise<void>
  /** Takes back those that fit, closes their streams, and returns how many there were. */
  revoke(fits: { ticket?: string | undefined; nodeId?: string | undefined }): Promise<number>
}

export interface StreamTicketsOptions {
  database: Database
  /** What other servers do with tickets. */
  changes?: Pick<Changes, 'on' | 'onMissed'>
  /** True while the token of that name is accepted. */
  isKnownCaller: (caller: string) => boolean
  now?: () => number
  onFault: (message: string, error: unknown) => void
}

const REDEEM_WITHIN = 60_000
const GOOD_FOR = 24 * 3_600_000
/** Each takes about 500 bytes. */
const MOST = 10_000

/** Tickets are kept in memory, and on disk: a page's stream goes on after a restart of the server. */
export async function openStreamTickets(options: StreamTicketsOptions): Promise<StreamTickets> {
  const { database, changes = NO_CHANGES, isKnownCaller, now = Date.now, onFault } = options
  const stored = ticketStore(database)
  const tickets = new Map((await stored.all()).map((ticket) => [ticket.digest, ticket]))
  const sockets = createSockets()
  const failed = (error: unknown) => onFault('storing stream tickets', error)
  const notRead = (error: unknown) => onFault('reading stream tickets', error)
  const { changed, missed } = followOthers({ stored, tickets, close: sockets.close })
  changes.on('stream_tickets', ({ key }) => void changed(key).catch(notRead))
  changes.onMissed(() => void missed().catch(notRead))
  return {
    create,
    redeem,
    opened: sockets.add,
    over(ticket) {
      if (ticket.over) return
      ticket.over = true
      stored.update(ticket).catch(failed)
    },
    forget: (ticket) => void remove([ticket]),
    forgetNode: (nodeId) => remove(those((ticket) => ticket.nodeId === nodeId)),
    async revoke({ ticket: text, nodeId }) {
      const digest = text === undefined ? undefined : digestOf(text)
      const revoked = those((one) => one.digest === digest || one.nodeId === nodeId)
      await remove(revoked)
      for (const ticket of revoked) sockets.close(ticket)
      return revoked.length
    },
  }

  async function create(given: Pick<Ticket, 'nodeId' | 'origin' | 'caller'>): Promise<string> {
    await remove(those((ticket) => !isGood(ticket)))
    if (tickets.size >= MOST) {
      const headers = { 'Retry-After': '60' }
      throw new HttpError(429, `there are ${MOST} stream tickets already`, { headers })
    }
    const text = randomBytes(24).toString('base64url')
    const fresh = { redeemedAt: undefined, embedded: false, over: false }
    const ticket: Ticket = { ...given, ...fresh, digest: digestOf(text), createdAt: now() }
    await stored.add(ticket)
    tickets.set(ticket.digest, ticket)
    return text
  }

  function redeem(text: string, nodeId: string, { embedded } = { embedded: false }) {
    const ticket = tickets.get(digestOf(text))
    if (ticket?.nodeId !== nodeId || !isGood(ticket)) return undefined
    if (ticket.redeemedAt === undefined || (embedded && !ticket.embedded)) {
      ticket.redeemedAt ??= now()
      ticket.embedded ||= embedded
      // In the background: whoever redeems it does not wait.
      stored.update(ticket).catch(failed)
    }
    return ticket
  }

  function isGood({ createdAt, redeemedAt, caller }: Ticket): boolean {
    if (!isKnownCaller(caller)) return false
    return redeemedAt === undefined
      ? now() - createdAt <= REDEEM_WITHIN
      : now() - redeemedAt <= GOOD_FOR
  }

  function those(fits: (ticket: Ticket) => boolean): Ticket[] {
    return [...tickets.values()].filter(fits)
  }

  async function remove(removed: readonly Ticket[]): Promise<void> {
    if (removed.length === 0) return
    for (const { digest } of removed) tickets.delete(digest)
    await stored.remove(removed).catch(failed)
  }
}

/** Does with the tickets in memory what other servers have done with those that are stored. */
function followOthers({
  stored,
  tickets,
  close,
}: {
  stored: Pick<ReturnType<typeof ticketStore>, 'all' | 'one'>
  tickets: Map<string, Ticket>
  close: (ticket: Ticket) => void
}) {
  return { changed, missed }

  async function changed(digest: string): Promise<void> {
    const ticket = await stored.one(digest)
    if (ticket) keep(ticket)
    else takeBack(digest)
  }

  async function missed(): Promise<void> {
    const before = [...tickets.keys()]
    const all = await stored.all()
    for (const ticket of all) keep(ticket)
    const kept = new Set(all.map(({ digest }) => digest))
    for (const digest of before) if (!kept.has(digest)) takeBack(digest)
  }

  /** The ticket that is there stays: its connections are known by it. */
  function keep(ticket: Ticket): void {
    const known = tickets.get(ticket.digest)
    if (known) Object.assign(known, ticket)
    else tickets.set(ticket.digest, ticket)
  }

  /** It was removed: taken back, not needed any more, or too old. */
  function takeBack(digest: string): void {
    const ticket = tickets.get(digest)
    tickets.delete(digest)
    if (ticket) close(ticket)
  }
}

/** The connections that were opened with each ticket. */
function createSockets() {
  const byTicket = new Map<Ticket, Set<Socket>>()
  return { add, close }

  function add(ticket: Ticket, socket: Socket): void {
    const open = byTicket.get(ticket) ?? new Set()
    byTicket.set(ticket, open)
    if (open.has(socket)) return
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      if (open.size === 0) byTicket.delete(ticket)
    })
  }

  function close(ticket: Ticket): void {
    for (const socket of byTicket.get(ticket) ?? []) socket.destroy()
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
