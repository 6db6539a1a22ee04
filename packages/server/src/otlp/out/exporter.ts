import { startRounds } from '../../async/rounds.js'
import type { Registry } from '../../nodes/registry.js'
import { type PostOptions, post } from './post.js'
import type { Receiver, Target } from './receiver.js'
import type { Send } from './send.js'
import { createSendLogs, type SendLogsOptions } from './send-logs.js'
import { createSendTraces, type SendTracesOptions } from './send-traces.js'

export interface ExporterOptions
  extends Pick<PostOptions, 'protocol' | 'compression' | 'timeout' | 'onFault' | 'sleep'>,
    Omit<SendLogsOptions, 'scope' | 'registry'>,
    Pick<SendTracesOptions, 'launchChanges'>,
    Receiver {
  version: string
  registry: Pick<Registry, 'records' | 'watch'>
  /** Called with what was sent, and with what the receiver refused for good. */
  onSent: (signal: 'logs' | 'traces', result: 'sent' | 'refused', count: number) => void
  /** Milliseconds between two looks for something new. */
  every?: number
}

export interface Exporter {
  stop(): Promise<void>
}

/**
 * Sends every entry and every launch that has ended to an OTLP receiver: one request at a time, each from
 * where the one before it has ended. That place is stored after each request, so a crash repeats one of
 * them at most.
 */
export function startExporter(options: ExporterOptions): Exporter {
  const { version, logs, traces, registry, onSent, every = 1000 } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const scope = { name: 'launchtail', version }
  const sendLogs = createSendLogs({ ...options, scope })
  const sendTraces = createSendTraces({ ...options, scope })
  /** A record has changed since logs were sent: so has its list. */
  let hasNews = true
  const unwatch = registry.watch(() => {
    hasNews = true
  })
  const rounds = [
    ...(logs ? [startRounds(logsRound(sender('logs', logs)), { every, onFault })] : []),
    ...(traces
      ? [startRounds(() => sendTraces(sender('traces', traces), signal), { every, onFault })]
      : []),
  ]
  return {
    async stop() {
      unwatch()
      stopping.abort()
      await Promise.all(rounds.map((round) => round.stop()))
    },
  }

  function logsRound(send: Send): () => Promise<void> {
    return async () => {
      if (!hasNews) return
      hasNews = false
      await sendLogs(send, signal).catch((error) => {
        hasNews = true
        throw error
      })
    }
  }

  function sender(what: 'logs' | 'traces', target: Target): Send {
    return async (message, schema, count) => {
      const isTaken = await post(message, { ...options, ...target, schema, signal })
      onSent(what, isTaken ? 'sent' : 'refused', count)
    }
  }

  function onFault(error: unknown): void {
    if (!signal.aborted) options.onFault('sending by OTLP', error)
  }
}
