import type { Draft, LaunchState, LogEntry, Phase } from '@launchtail/client/protocol'
import { createMutex } from '../async/mutex.js'
import { nodeNotFound, StorageUnavailable } from '../errors.js'
import { answerAt, appendReply, readReply } from './append-reply.js'
import { complete } from './complete.js'
import { writeEntry } from './entry-text.js'
import { inSlices } from './in-slices.js'
import { createListStates, type ListStatesOptions } from './list-states.js'
import { type RedactAfter, withoutRest } from './rest-of-secret.js'
import type { AppendHow } from './store.js'

export interface AppenderOptions extends ListStatesOptions {
  /** True if the node exists. Nothing is appended to one that was deleted. */
  isKnown?: (nodeId: string) => Promise<boolean>
  /** The most entries a node's list takes in full. */
  maxEntries: number
  /** Takes secrets out of a text, with those of the node's own launch. */
  redact: (nodeId: string, text: string) => string
  redactAfter?: RedactAfter
  /** Called with each append, in the order of the list. */
  onAppended: (nodeId: string, index: number, entries: readonly LogEntry[]) => void
  /** Called with the number of entries that were not kept because the list is full. */
  onLeftOut?: (nodeId: string, count: number) => void
  now?: () => Date
}

export interface AppendOptions {
  offset?: AppendHow['offset']
  fence?: AppendHow['fence']
  once?: { key: string; digest: string }
  /** The texts hold no secrets any more. `alone` says it of each by itself: it may be the rest of one. */
  redacted?: boolean | 'alone'
}

export type AppendAnswer =
  | { readonly outcome: 'stored'; readonly accepted: number; readonly cursor: string }
  | { readonly outcome: 'replayed'; readonly digest: string; accepted: number; cursor: string }
  | { readonly outcome: 'elsewhere'; readonly position: number }

/** Nothing was stored, because another owner has taken over from the one that appends. */
export class Fenced extends Error {}

export interface Appender {
  /**
   * Completes the drafts with their defaults and stores all of them or none. Throws Fenced where
   * there was a later owner, and 404 where the node was deleted.
   */
  append(nodeId: string, drafts: readonly Draft[], options?: AppendOptions): Promise<AppendAnswer>
  /**
   * The same, unless the node's newest launch has left this phase: then it stores nothing and returns
   * false. What is said of an active node must not follow its end.
   */
  appendWhile(
    phase: Phase,
    nodeId: string,
    drafts: readonly Draft[],
    options?: AppendOptions,
  ): Promise<boolean>
  /** Where the node's newest launch is. */
  state(nodeId: string): Promise<LaunchState>
  /** Forgets what is known of the list, which is then read anew. */
  forget(nodeId: string): void
  /** Runs what removes the node and its list, while nothing is appended to it. */
  remove(nodeId: string, act: () => Promise<void>): Promise<void>
}

/** Attempts that name the list they continue. After these we append whatever others have added. */
const ATTEMPTS = 5

/**
 * The one way in for entries of ours: fills in defaults, keeps progress from going back within a
 * launch, keeps the list within its bound. Appends of one node are made one after the other, and
 * each names the list it continues. Where another program has appended meanwhile, the appender
 * reads the list again.
 */
export function createAppender(options: AppenderOptions): Appender {
  const { store, maxEntries, redact, onAppended, onLeftOut = () => {} } = options
  const { redactAfter = (text) => text } = options
  const { now = () => new Date(), isKnown = async () => true } = options
  const states = createListStates(options)
  const locked = createMutex()
  return {
    append: async (nodeId, drafts, how = {}) =>
      // Without a phase to be in, there is an answer.
      (await appendInTurn(nodeId, drafts, how)) as AppendAnswer,
    appendWhile: async (phase, nodeId, drafts, how = {}) =>
      (await appendInTurn(nodeId, drafts, how, phase)) !== undefined,
    state: states.of,
    forget: states.forget,
    remove: (nodeId, act) =>
      locked(nodeId, async () => {
        try {
          await act()
        } finally {
          states.forget(nodeId)
        }
      }),
  }

  function appendInTurn(
    nodeId: string,
    drafts: readonly Draft[],
    how: AppendOptions,
    phase?: Phase,
  ): Promise<AppendAnswer | undefined> {
    return locked(nodeId, async (fault) => {
      // An append that waited behind one that the storage did not answer fails with it. If each
      // tried once more, each would take longer than the one before.
      if (fault instanceof StorageUnavailable) throw fault
      if (!(await isKnown(nodeId))) throw nodeNotFound()
      const clean = how.redacted ? drafts : await inSlices(drafts, withoutSecretsOf(nodeId))
      return append(nodeId, clean, how, phase)
    })
  }

  async function append(
    nodeId: string,
    drafts: readonly Draft[],
    { offset, fence, once, redacted }: AppendOptions,
    phase: Phase | undefined,
  ): Promise<AppendAnswer | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const state = await states.of(nodeId)
      if (phase !== undefined && state.phase !== phase) return undefined
      const timestamp = now().toISOString()
      const clean = redacted === true ? drafts : withoutRest(drafts, state.last, redactAfter)
      const { entries, launch, leftOut } = complete(clean, state, { maxEntries, timestamp })
      const texts = await inSlices(entries, writeEntry)
      const reply = appendReply(drafts.length, entries, texts, state.last)
      const named = attempt <= ATTEMPTS
      // Whatever goes wrong from here on, it is no longer known what the list looks like.
      states.forget(nodeId)
      const appended = await store.append(nodeId, texts, {
        unlessRemoved: true,
        ...(named && { precondition: { length: state.length, last: state.last } }),
        ...(offset && { offset }),
        ...(fence && { fence }),
        ...(once && { once: { ...once, answer: JSON.stringify(reply) } }),
      })
      if (appended.outcome === 'moved') continue
      if (appended.outcome === 'elsewhere') return appended
      if (appended.outcome === 'removed') throw nodeNotFound()
      if (appended.outcome === 'fenced') throw new Fenced('another owner has taken over')
      if (appended.outcome === 'replayed') {
        const { answer, index, digest } = appended
        return {
          ...answerAt(index, readReply(answer)),
          outcome: 'replayed',
          digest,
        }
      }
      const { index } = appended
      if (named) {
        const last = texts.at(-1) ?? state.last
        states.remember(nodeId, { ...launch, last, length: index + texts.length })
      }
      if (leftOut > 0) onLeftOut(nodeId, leftOut)
      if (entries.length > 0) onAppended(nodeId, index, entries)
      return { ...answerAt(index, reply), outcome: 'stored' }
    }
  }

  function withoutSecretsOf(nodeId: string): (draft: Draft) => Draft {
    return (draft) => {
      const message = redact(nodeId, draft.message)
      const details = draft.details === undefined ? undefined : redact(nodeId, draft.details)
      // Most drafts hold no secret, and are not copied.
      if (message === draft.message && details === draft.details) return draft
      return { ...draft, message, ...(details !== undefined && { details }) }
    }
  }
}
