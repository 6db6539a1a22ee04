import type { Level } from '@launchtail/client/protocol'
import { type Envelope, open, type Place, type Said, type Writer } from './envelopes/index.js'
import { levelOf } from './formats/format.js'
import { parse, type Record } from './formats/index.js'

/** A line without what stands around its words, and what that said. */
export interface Peeled {
  readonly message: string
  readonly writer: Writer
  readonly place: Place
  readonly process: string | undefined
  readonly level: Level | undefined
  /** The level that whoever passed the line on gave it. */
  readonly passedAs: Level | undefined
  readonly format: string | undefined
  readonly logger: string | undefined
  readonly at: string | undefined
  readonly fields: ReadonlyMap<string, string> | undefined
  readonly decoded: boolean
}

/** How many layers are taken off. More are nobody's. */
const MOST = 8

/** Takes envelopes and heads off, the outermost first, as long as there are any. */
export function peel(line: string): Peeled {
  const layers: Layers = {
    message: line,
    writer: 'anybody',
    place: NOWHERE,
    process: undefined,
    level: undefined,
    passedAs: undefined,
    format: undefined,
    logger: undefined,
    at: undefined,
    fields: undefined,
    decoded: false,
  }
  for (let count = 0; count < MOST; count += 1) if (!takeOne(layers)) break
  return layers
}

type Layers = { -readonly [name in keyof Peeled]: Peeled[name] }

const NOWHERE: Place = {}

/** False where nothing stands around the words any more. */
function takeOne(layers: Layers): boolean {
  const { message, format } = layers
  // Within a record another may be indented.
  const record = parse(format === undefined ? message : message.trimStart())
  // The innermost record tells the level, and only one that has a level stands within another.
  if (record && (format === undefined || record.level !== undefined)) {
    takeRecord(layers, record)
    return true
  }
  const opened = open(message)
  if (!opened || (format !== undefined && !isStrong(opened.envelope))) return false
  takeEnvelope(layers, opened)
  layers.message = opened.text
  return true
}

function takeRecord(layers: Layers, record: Record): void {
  layers.message = record.message
  layers.format = record.format
  layers.level = record.level ?? layers.level
  layers.logger = record.logger ?? layers.logger
  layers.at = record.at ?? layers.at
  layers.fields = record.fields ?? layers.fields
  if (record.decoded) layers.decoded = true
  addPlace(layers, record)
}

function takeEnvelope(layers: Layers, said: Said): void {
  // The outermost process tells the writer: what stands within can be any program's output.
  if (layers.writer === 'anybody' && said.writer) layers.writer = said.writer
  if (said.process !== undefined) layers.process = said.process
  if (layers.format === undefined) layers.at = said.at ?? layers.at
  if (said.level !== undefined) layers.passedAs = levelOf(said.level)
  addPlace(layers, said)
}

/** The innermost process is the one that wrote; outer ones tell the node. */
function addPlace(layers: Layers, { rank, node, replica, container, pid }: Place): void {
  if ((rank ?? node ?? replica ?? container ?? pid) === undefined) return
  const { place } = layers
  layers.place = {
    rank: rank ?? place.rank,
    node: place.node ?? node,
    replica: replica ?? place.replica,
    container: place.container ?? container,
    pid: pid ?? place.pid,
  }
}

/** Behind a head only a named process is one: a number and a colon are the message's own there. */
function isStrong({ first }: Envelope): boolean {
  return first === '('
}
