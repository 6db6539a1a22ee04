import {
  type Level,
  type LogEntry,
  NOT_LAUNCHED,
  type Phase,
  phaseOrder,
} from '@launchtail/client/protocol'
import { detailsOf, wasPeeled } from './details.js'
import { createReader } from './interpret/index.js'
import { voiceOf } from './interpret/voices.js'
import { type Peeled, peel } from './peel.js'

/**
 * Writes entries as lines of output: the reverse of reading. What stood around the words is gone, so
 * each line gets whatever head is read as the same place, logger, time and level again. An entry of
 * several lines becomes several.
 */
export function transcriptOf(entries: readonly LogEntry[]): string[][] {
  let lines = entries.map((entry) => writtenAs(entry, false))
  // A line's level may come from the lines around it, so only reading all of them tells which need
  // one of their own. That changes what is around others.
  for (let round = 0; round < ROUNDS; round += 1) {
    const wrong = misread(entries, lines)
    if (wrong.size === 0) break
    lines = lines.map((line, i) => (wrong.has(i) ? writtenAs(entries[i] as LogEntry, true) : line))
  }
  return lines
}

const ROUNDS = 3

/** The entries that are read at another level from these lines. */
function misread(entries: readonly LogEntry[], lines: readonly string[][]): Set<number> {
  const reader = createReader()
  const wrong = new Set<number>()
  let state = NOT_LAUNCHED
  for (const [i, texts] of lines.entries()) {
    const levels = texts.map((text) => {
      const read = reader.read(state, { text })
      state = read?.state ?? state
      return read?.draft.level
    })
    if (levels.some((level) => level !== undefined && level !== entries[i]?.level)) wrong.add(i)
  }
  return wrong
}

function writtenAs(entry: LogEntry, withLevel: boolean): string[] {
  return entry.message.split(/\r?\n/).map((message) => lineFor({ ...entry, message }, withLevel))
}

/** The first form from which the same is read again; where there is none, the words alone. */
function lineFor(entry: LogEntry, withLevel: boolean): string {
  const { message, level, phase, details } = entry
  const told = toldBy(entry)
  const forms = withLevel ? levelled(told, entry) : formsFor(told, level)
  const expected = wasPeeled(details) ? details : undefined
  let next: string | undefined
  for (const front of envelopesFor(told, entry)) {
    for (const form of forms) {
      const line = front + form
      const read = peel(line)
      if (read.message !== message || !fits(read.level, level, withLevel)) continue
      if (isTooEarly(read, phase)) continue
      if (detailsOf(read) === expected) return line
      next ??= line
    }
  }
  return next ?? message
}

function fits(read: Level | undefined, level: Level, mustSay: boolean): boolean {
  return read === level || (read === undefined && !mustSay)
}

/** A server's own form would take the launch to a phase that it had not come to. */
function isTooEarly(peeled: Peeled, phase: Phase): boolean {
  const voice = voiceOf(peeled)
  return voice !== undefined && phaseOrder(voice.phase) > phaseOrder(phase)
}

/** What was read out of a line. */
interface Told {
  readonly place: Readonly<Record<string, string | undefined>>
  readonly logger: string | undefined
  readonly at: string | undefined
  /** The fields of a structured line. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly message: string
}

function toldBy({ details = '', message }: LogEntry): Told {
  const pairs = (wasPeeled(details) ? details.split('\n') : []).map((line) => {
    const end = line.indexOf(': ')
    return [line.slice(0, end), line.slice(end + 2)] as const
  })
  const take = (name: string) => pairs.find(([one]) => one === name)?.[1]
  const place = (take('place') ?? '').split(' ').map((part) => part.split('=', 2))
  return {
    place: Object.fromEntries(place.filter(([, value]) => value !== undefined)),
    logger: take('logger'),
    at: take('said_at'),
    fields: pairs.filter(([name]) => !['place', 'logger', 'said_at', ''].includes(name)),
    message,
  }
}

/** What may have stood before the line, by the place that it told. */
function envelopesFor({ place, logger }: Told, { phase }: LogEntry): string[] {
  const { rank, node, replica, container, pid } = place
  const pod =
    container === undefined
      ? ['']
      : [`[pod/${replica ?? ''}/${container}] `, `${container}  | `].slice(
          replica === undefined ? 1 : 0,
        )
  const ip = node === undefined ? '' : `, ip=${node}`
  const number = rank === undefined ? '' : ` rank=${rank}`
  const process =
    pid === undefined
      ? [...(rank === undefined ? [''] : [`[rank${rank}]: `])]
      : [
          ...(phase === 'installing' ? [`(setup pid=${pid}${ip}) `] : []),
          `(${logger ?? ''} pid=${pid}${ip}) `,
          `(${logger ?? ''}${number} pid=${pid}${ip}) `,
          `(pid=${pid}${ip}) `,
          `(${node ?? ''}, rank=${rank ?? ''}, pid=${pid}) `,
          `(EngineCore_DP${replica ?? '0'} pid=${pid}${ip}) `,
          `(ServeReplica:${replica ?? ''} pid=${pid}${ip}) `,
          `(VllmWorker${number} pid=${pid}${ip}) `,
          `(Worker_${rank ?? ''} pid=${pid}${ip}) `,
        ]
  return [...pod.flatMap((front) => process.map((one) => front + one)), '']
}

const NAMES: Record<Level, string> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
}

/** The line in the forms of tools that tell as much as was read out of it. */
function formsFor(told: Told, level: Level): string[] {
  const { logger, at, fields, message } = told
  const name = NAMES[level]
  const letter = name[0] as string
  const short = level === 'warn' ? 'WARN' : name
  return [
    ...(fields.length > 0 ? [jsonOf(told, level)] : []),
    ...(at === undefined || logger === undefined
      ? []
      : [
          `${name} ${at} [${logger}] `,
          `${letter} ${at} ${logger}] `,
          `${letter}${at} ${logger}] `,
          `${at}  ${short} ${logger}: `,
          `${at} - ${logger} - ${name} - `,
          `${at} | ${name} | ${logger} - `,
          `${at} ${name} ${logger} -- `,
          `[${at}] [${name}] [${logger}] `,
          `${at} ${logger}: ${short} `,
          `${at} ${logger}: `,
        ]),
    ...(logger === undefined ? [] : [`${name}:${logger}:`]),
    ...(at === undefined
      ? []
      : [
          `${at} ${letter} `,
          `${at}  ${short} `,
          `[${at}] [TRT-LLM] [${letter}] `,
          `[${at}] `,
          `${at} `,
        ]),
    '',
  ].map((head) => (head.startsWith('{') ? head : head + message))
}

function jsonOf({ logger, at, fields, message }: Told, level: Level): string {
  return JSON.stringify({
    ...(at !== undefined && { time: at }),
    level: NAMES[level],
    ...(logger !== undefined && { logger }),
    ...Object.fromEntries(fields),
    msg: message,
  })
}

/** The forms in which a line names its level that told none, and is read at another without it. */
function levelled(told: Told, { level, message, timestamp }: LogEntry): string[] {
  const name = level === 'warn' ? 'WARN' : NAMES[level]
  return [
    ...formsFor(told, level),
    `${timestamp}  ${name} ${message}`,
    `[${timestamp}] [${name}] ${message}`,
    `${name}: ${message}`,
  ]
}
